#include "collectors/dashflow/renaming.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace tocsin::collectors::dashflow {
namespace {

constexpr std::string_view kErrors = "dashflow_errors_total";

/// Source: DashFlow's crates dashflow-langserve (metrics.rs) and dashflow (observability), and the
/// names of its production guide.
constexpr std::array kRenamings = {
    Renaming{{"dashflow_requests_total",
              MetricType::kCounter,
              "Requests finished, by endpoint and outcome (success or error).",
              {"endpoint", "status", "pod"}},
             {"dashflow_requests_total", "langserve_requests_total"}},
    Renaming{{"dashflow_request_duration_seconds",
              MetricType::kHistogram,
              "Latency of successful requests; those that fail are not observed.",
              {"pod"}},
             {"dashflow_request_duration_seconds", "langserve_request_duration_seconds"}},
    Renaming{{"dashflow_batch_size", MetricType::kHistogram, "Inputs per batch call.", {"pod"}},
             {"dashflow_batch_size", "langserve_batch_size"}},
    Renaming{
        {"dashflow_stream_chunks", MetricType::kHistogram, "Chunks per finished stream.", {"pod"}},
        {"dashflow_stream_chunks", "dashflow_stream_chunks_total",
         "langserve_stream_chunks_total"}},
    Renaming{{kErrors,
              MetricType::kCounter,
              "Failed requests by kind, which both labels type and error_type tell.",
              {"type", "error_type", "endpoint", "pod"}},
             {kErrors, "langserve_errors_total"}},
    Renaming{{"dashflow_llm_duration_seconds",
              MetricType::kHistogram,
              "Time of model calls.",
              {"provider", "model", "pod"}},
             {"dashflow_llm_duration_seconds", "dashflow_llm_request_duration_seconds",
              "llm_request_duration_seconds"}},
    Renaming{{"dashflow_llm_requests_total",
              MetricType::kCounter,
              "Model calls by outcome.",
              {"provider", "model", "status", "pod"}},
             {"dashflow_llm_requests_total", "llm_requests_total"}},
    Renaming{{"dashflow_llm_tokens_total",
              MetricType::kCounter,
              "Tokens of model calls by kind.",
              {"provider", "model", "token_type", "pod"}},
             {"dashflow_llm_tokens_total", "llm_tokens_total"}},
    Renaming{{"dashflow_graph_active_executions",
              MetricType::kGauge,
              "Graph executions that run now.",
              {"graph_name", "pod"}},
             {"dashflow_graph_active_executions", "graph_active_executions"}},
    Renaming{{"dashflow_queue_depth",
              MetricType::kGauge,
              "Tasks that wait in a queue.",
              {"queue_name", "pod"}},
             {"dashflow_queue_depth", "queue_depth"}},
    Renaming{{"dashflow_active_tasks", MetricType::kGauge, "Tasks that run now.", {"pod"}},
             {"dashflow_active_tasks", "active_tasks"}},
};

/// The first of `pages` that has `name`, or null.
const PageFamily* FindIn(std::span<const Page> pages, std::string_view name) {
  for (const Page& page : pages) {
    if (const PageFamily* const family = page.Find(name)) return family;
  }
  return nullptr;
}

/// A page need not say of what type a counter or gauge is. Of a histogram it must: its samples
/// belong together by that alone.
bool MayBe(MetricType type, MetricType wanted) {
  return type == wanted || (type == MetricType::kUnknown && wanted != MetricType::kHistogram);
}

/// Gives each sample both labels with the same value.
void SpellBothWays(PageFamily& family) {
  for (PageSample& sample : family.samples) {
    std::string type(sample.Label("type"));
    std::string error_type(sample.Label("error_type"));
    if (type.empty() && !error_type.empty()) {
      sample.labels.emplace_back("type", std::move(error_type));
    } else if (error_type.empty() && !type.empty()) {
      sample.labels.emplace_back("error_type", std::move(type));
    }
  }
}

}  // namespace

std::span<const Renaming> Renamings() {
  return kRenamings;
}

Result<std::optional<Choice>> Choose(const Renaming& renaming, std::span<const Page> pages) {
  const PageFamily* chosen = nullptr;
  bool collision = false;
  for (const std::string_view source : renaming.sources) {
    const PageFamily* const family = source.empty() ? nullptr : FindIn(pages, source);
    if (family == nullptr) continue;
    if (chosen == nullptr) {
      chosen = family;
    } else {
      collision = true;
    }
  }
  if (chosen == nullptr) return std::optional<Choice>();
  if (!MayBe(chosen->type, renaming.metric.type)) {
    return Error{ErrorCode::kCorrupt, fmt::format("{} is a {}, expected a {}", chosen->name,
                                                  Name(chosen->type), Name(renaming.metric.type))};
  }
  Choice choice{*chosen, collision};
  if (renaming.metric.name == kErrors) SpellBothWays(choice.family);
  return std::optional(std::move(choice));
}

}  // namespace tocsin::collectors::dashflow

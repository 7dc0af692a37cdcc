#include "collectors/kailash/page_facts.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>

#include "base/number.h"

namespace tocsin::collectors::kailash {
namespace {

/// Beyond this, doubles do not hold every whole number.
constexpr double kMostCount = 9'007'199'254'740'992.0;

bool IsAmount(double value) {
  return std::isfinite(value) && value >= 0;
}

const std::vector<PageSample>& SamplesOf(const Page& page, std::string_view name) {
  static const std::vector<PageSample> kNone;
  const PageFamily* const family = page.Find(name);
  return family == nullptr ? kNone : family->samples;
}

/// The cumulative buckets of one label value while they are added up, and what belongs to them.
struct Buckets {
  std::map<double, double> by_bound;  // With +Inf.
  std::optional<double> count;
  double sum = 0;
  bool is_good = true;

  void Add(std::string_view part, const PageSample& sample);
  std::optional<PageHistogram::Series> Counts() const;
};

void Buckets::Add(std::string_view part, const PageSample& sample) {
  if (part == "_sum") {
    sum += sample.value;
    return;
  }
  is_good = is_good && IsAmount(sample.value) && sample.value < kMostCount;
  if (part == "_count") count = count.value_or(0) + sample.value;
  if (part != "_bucket") return;
  const std::optional<double> bound = ParseNumber(sample.Label("le"));
  is_good = is_good && bound && *bound > -std::numeric_limits<double>::infinity();
  if (is_good) by_bound[*bound] += sample.value;
}

/// Per bucket instead of cumulative; nothing if it is no histogram.
std::optional<PageHistogram::Series> Buckets::Counts() const {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const auto last = by_bound.find(kInfinity);
  if (!is_good || !std::isfinite(sum) || (last == by_bound.end() && !count)) return std::nullopt;
  const double total = last == by_bound.end() ? *count : last->second;
  PageHistogram::Series series{{}, sum};
  double below = 0;
  for (const auto& [bound, cumulative] : by_bound) {
    if (cumulative < below || cumulative > total) return std::nullopt;
    if (bound != kInfinity) series.counts.push_back(static_cast<std::uint64_t>(cumulative - below));
    below = bound == kInfinity ? below : cumulative;
  }
  series.counts.push_back(static_cast<std::uint64_t>(total - below));
  return series;
}

std::vector<double> FiniteBounds(const Buckets& buckets) {
  std::vector<double> bounds;
  for (const auto& [bound, cumulative] : buckets.by_bound) {
    if (std::isfinite(bound)) bounds.push_back(bound);
  }
  return bounds;
}

void ReadWorkflows(const Page& page, PageFacts& facts) {
  for (const PageSample& sample : SamplesOf(page, "kailash_workflow_executions_total")) {
    const std::string workflow(sample.Label("workflow_name"));
    const std::string_view success = sample.Label("success");
    if (workflow.empty() || !IsAmount(sample.value)) continue;
    if (success != "true" && success != "false") continue;
    WorkflowCounts& counts = facts.workflows[workflow];
    (success == "true" ? counts.succeeded : counts.failed) += sample.value;
  }
}

/// Kailash's own word for a node that did not fail is "ok".
bool IsNodeFailure(std::string_view status) {
  return !status.empty() && status != "ok" && status != "success";
}

void ReadNodeErrors(const Page& page, PageFacts& facts) {
  for (const PageSample& sample : SamplesOf(page, "kailash_node_execution_duration_seconds")) {
    const std::string node(sample.Label("node_id"));
    if (!sample.name.ends_with("_count") || node.empty() || !IsAmount(sample.value)) continue;
    double& errors = facts.node_errors[node];  // A node that never failed has 0.
    if (IsNodeFailure(sample.Label("status"))) errors += sample.value;
  }
}

void ReadConnectionTimeouts(const Page& page, PageFacts& facts) {
  for (const PageSample& sample : SamplesOf(page, "asyncsql_lock_acquisitions_total")) {
    if (!IsAmount(sample.value)) continue;
    double& timeouts = facts.connection_timeouts.emplace(facts.connection_timeouts.value_or(0));
    if (sample.Label("status") == "timeout") timeouts += sample.value;
  }
}

/// Takes one member of the pools' reports from a family. The largest of a pool's values is taken:
/// those of its two spellings are the same figure, read at two moments.
void ReadPools(const std::vector<PageSample>& samples, std::optional<double> PoolReport::*member,
               PoolReports& pools) {
  for (const PageSample& sample : samples) {
    const std::string pool = PoolLabel(sample.Label("pool"));
    if (pool.empty() || !IsAmount(sample.value)) continue;
    std::optional<double>& value = pools[pool].*member;
    value = std::max(value.value_or(0), sample.value);
  }
}

/// The waits of a pool are written by one producer, but with its name as it is.
PageHistogram WithPoolLabels(PageHistogram histogram) {
  std::map<std::string, PageHistogram::Series> renamed;
  for (auto& [pool, series] : histogram.series) {
    renamed.emplace(PoolLabel(pool), std::move(series));
  }
  histogram.series = std::move(renamed);
  return histogram;
}

PageHistogram FindHistogram(const Page& page, std::string_view name, std::string_view label) {
  const PageFamily* const family = page.Find(name);
  return family == nullptr ? PageHistogram() : ReadHistogram(*family, label);
}

}  // namespace

PageHistogram ReadHistogram(const PageFamily& family, std::string_view label) {
  std::map<std::string, Buckets> by_label;
  for (const PageSample& sample : family.samples) {
    const std::string value(sample.Label(label));
    if (value.empty() || !sample.name.starts_with(family.name)) continue;
    by_label[value].Add(std::string_view(sample.name).substr(family.name.size()), sample);
  }
  PageHistogram histogram;
  for (const auto& [value, buckets] : by_label) {
    std::optional<PageHistogram::Series> series = buckets.Counts();
    if (!series) continue;
    const std::vector<double> bounds = FiniteBounds(buckets);
    if (histogram.series.empty()) histogram.bounds = bounds;
    if (bounds == histogram.bounds) histogram.series.emplace(value, std::move(*series));
  }
  return histogram;
}

PageFacts FactsOf(const Page& page) {
  PageFacts facts;
  ReadWorkflows(page, facts);
  ReadNodeErrors(page, facts);
  ReadConnectionTimeouts(page, facts);
  ReadPools(SamplesOf(page, "kailash_connection_active_connections"), &PoolReport::active,
            facts.pools);
  ReadPools(SamplesOf(page, "kailash_pool_connections_idle"), &PoolReport::idle, facts.pools);
  ReadPools(SamplesOf(page, "kailash_pool_exhaustion_events_total"), &PoolReport::exhaustions,
            facts.pools);
  facts.durations = FindHistogram(page, "kailash_workflow_duration_seconds", "workflow_name");
  facts.pool_waits =
      WithPoolLabels(FindHistogram(page, "kailash_pool_acquire_wait_seconds", "pool"));
  return facts;
}

}  // namespace tocsin::collectors::kailash

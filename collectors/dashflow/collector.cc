#include "collectors/dashflow/collector.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "collectors/http/round.h"

namespace tocsin::collectors::dashflow {
namespace {

constexpr MetricDesc kUp = {"dashflow_up",
                            MetricType::kGauge,
                            "1 if a page of metrics of the pod was read, else 0.",
                            {"pod"}};
constexpr MetricDesc kReady = {"dashflow_ready",
                               MetricType::kGauge,
                               "1 if the pod answers its readiness probe with status 200, else 0.",
                               {"pod"}};
constexpr MetricDesc kHealthy = {"dashflow_healthy",
                                 MetricType::kGauge,
                                 "1 if the pod answers its liveness probe with status 200, else 0.",
                                 {"pod"}};
constexpr MetricDesc kProbeDuration = {"dashflow_probe_duration_seconds",
                                       MetricType::kGauge,
                                       "How long the last probe took.",
                                       {"pod", "probe"}};
constexpr MetricDesc kMaxConcurrent = {
    "dashflow_max_concurrent_requests", MetricType::kGauge,
    "Requests that a pod may serve at a time, as configured in tocsin."};
constexpr MetricDesc kCollisions = {
    "dashflow_series_collisions_total",
    MetricType::kCounter,
    "How often a pod had a metric under several of its source's names; the dashflow_ name counts.",
    {"name"}};

constexpr std::array kOwn = {kUp, kReady, kHealthy, kProbeDuration, kMaxConcurrent, kCollisions};

/// As the deployment's own probes. Source: DashFlow's production guide.
constexpr std::chrono::seconds kProbeTimeout{3};

constexpr std::array kOwnOptions = {
    OptionDesc{"max_concurrent_requests", "integer", "1000",
               "MAX_CONCURRENT_REQUESTS of the deployment, which it does not export itself."},
};

}  // namespace

std::span<const MetricDesc> Metrics() {
  static const std::vector<MetricDesc> kAll = [] {
    std::vector<MetricDesc> all(kOwn.begin(), kOwn.end());
    for (const Renaming& renaming : Renamings()) all.push_back(renaming.metric);
    return all;
  }();
  return kAll;
}

std::span<const OptionDesc> Options() {
  static const std::vector<OptionDesc> kAll = WithPodOptions(kOwnOptions);
  return kAll;
}

MakeCollector Configure(YamlMap& options) {
  Settings settings;
  settings.pods = ReadPodOptions(options);
  settings.max_concurrent_requests =
      static_cast<double>(options.IntegerOr("max_concurrent_requests", 1000, 1, 1'000'000));
  return [settings](const Environment& environment) {
    return std::make_unique<DashflowCollector>(settings, environment);
  };
}

DashflowCollector::DashflowCollector(Settings settings, const Environment& environment)
    : settings_(std::move(settings)), finder_(settings_.pods, environment), passed_(kOwn) {
  // The first collision must be seen as an increase.
  for (const Renaming& renaming : Renamings()) collisions_[renaming.metric.name] = 0;
}

Status DashflowCollector::Collect(const Attempt& attempt, Collection& collection) {
  Result<std::vector<Pod>> pods = finder_.Find(attempt, collection);
  if (!pods) return pods.error();
  const Duration left = TimeForRequests(attempt);
  HttpRound round;
  std::vector<PodQuestions> asked;
  asked.reserve(pods->size());
  for (Pod& pod : *pods) {
    asked.emplace_back(std::move(pod), settings_.pods->http,
                       PodQuestions::Timeouts{left, std::min<Duration>(kProbeTimeout, left)},
                       round);
  }
  round.Send(client_, attempt.stop);
  if (attempt.stop.stop_requested()) return Error{ErrorCode::kUnavailable, "stopped"};
  for (const PodQuestions& pod : asked) Take(pod, collection);
  passed_.Finish(collection.points);
  collection.points.Add(kMaxConcurrent, {}, settings_.max_concurrent_requests);
  for (const auto& [name, count] : collisions_) {
    collection.points.Add(kCollisions, {name}, static_cast<double>(count));
  }
  return {};
}

void DashflowCollector::Take(const PodQuestions& asked, Collection& collection) {
  const std::string& pod = asked.pod().name;
  MetricSink& points = collection.points;
  points.Add(kReady, {pod}, IsGood(asked.ready()) ? 1 : 0);
  points.Add(kHealthy, {pod}, IsGood(asked.health()) ? 1 : 0);
  points.Add(kProbeDuration, {pod, "ready"}, SecondsOf(asked.ready()));
  points.Add(kProbeDuration, {pod, "health"}, SecondsOf(asked.health()));
  TakePages(asked, collection);
}

/// One page is enough for a pod to be up: which of its ports serves metrics depends on the program.
void DashflowCollector::TakePages(const PodQuestions& asked, Collection& collection) {
  const std::string& pod = asked.pod().name;
  const auto report = [&](const std::string& what, Status status, bool is_fault = true) {
    if (status) return;
    collection.parts.push_back(
        {.source = what + " of " + pod, .status = std::move(status), .is_fault = is_fault});
  };
  // What kUp tells is no fault of ours.
  std::vector<Page> pages;
  for (std::size_t i = 0; i < asked.page_count(); ++i) {
    const std::string name = fmt::format("page {}", i + 1);
    const Result<std::string> text = TakePage(asked.page(i));
    if (!text) {
      report(name, text.error(), false);
      continue;
    }
    Result<Page> page = ParsePage(*text);
    if (!page) {
      report(name, page.error(), false);
      continue;
    }
    report(name, CheckFaults(page->faults));
    pages.push_back(std::move(*page));
  }
  collection.points.Add(kUp, {pod}, pages.empty() ? 0 : 1);
  for (const Renaming& renaming : Renamings()) {
    const Result<std::optional<Choice>> choice = Choose(renaming, pages);
    if (!choice) report(std::string(renaming.metric.name), choice.error());
    if (!choice || !*choice) continue;
    if ((*choice)->collision) ++collisions_[renaming.metric.name];
    passed_.Add((*choice)->family, {.name = renaming.metric.name,
                                    .type = (*choice)->family.type == MetricType::kHistogram
                                                ? std::nullopt
                                                : std::optional(renaming.metric.type),
                                    .help = renaming.metric.help,
                                    .labels = {{"pod", pod}}});
  }
}

}  // namespace tocsin::collectors::dashflow

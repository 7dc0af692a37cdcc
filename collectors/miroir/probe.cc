#include "collectors/miroir/probe.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>

namespace tocsin::collectors::miroir {
namespace {

/// Finer around 0.1 s, above which the production guide calls the store slow.
constexpr std::array kBounds = {.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1.0, 2.5};
constexpr MetricDesc kLatency = {
    "miroir_task_store_latency_seconds",
    MetricType::kHistogram,
    "Time of an operation on the task store as seen from here, the network included. One that is "
    "not answered in time counts with the time allowed.",
    {"operation", "backend"},
    kBounds};
constexpr MetricDesc kUp = {"miroir_task_store_up",
                            MetricType::kGauge,
                            "1 if the task store answers, 0 if it does not.",
                            {"backend"}};

}  // namespace

Status Probe::Run(TaskStore& store, const Attempt& attempt) {
  const auto now = std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
  const Duration allowed = std::clamp(attempt.deadline - now, Duration(0), timeout_);
  Status measured = Measure(store, {now + allowed, attempt.stop}, allowed);
  is_up_ = bool{measured};
  return measured;
}

Status Probe::Measure(TaskStore& store, const Attempt& attempt, Duration allowed) {
  const std::span<const std::string_view> operations = store.operations();
  // Connecting is no operation, so it has its own step.
  Status status = store.MakeReady(attempt);
  for (const std::string_view operation : operations) {
    const auto began = std::chrono::steady_clock::now();
    if (status) status = store.Probe(operation, attempt);
    const auto ended = std::chrono::steady_clock::now();
    const std::chrono::duration<double> took = ended - began;
    // The end of tocsin, not of the store. At the deadline a stop is requested as well.
    if (attempt.stop.stop_requested() && ended < attempt.deadline) return status;
    const bool is_late = !status && status.error().code == ErrorCode::kTimeout;
    if (!status && !is_late) return status;
    HistogramOf(operation).Observe(is_late ? Seconds(allowed) : took.count());
  }
  return status;
}

KeptHistogram& Probe::HistogramOf(std::string_view operation) {
  return histograms_.try_emplace(std::string(operation), kBounds).first->second;
}

void Probe::Publish(const TaskStore& store, MetricSink& points) const {
  points.Add(kUp, {store.backend()}, is_up_ ? 1 : 0);
  if (!is_restored_) return;
  for (const auto& [operation, histogram] : histograms_) {
    points.AddHistogram(kLatency, {operation, store.backend()}, histogram.point());
  }
}

boost::json::object Probe::Save() const {
  boost::json::object state;
  for (const auto& [operation, histogram] : histograms_) state[operation] = histogram.Save();
  return state;
}

void Probe::Restore(const boost::json::value& saved) {
  is_restored_ = true;
  if (!saved.is_object()) return;
  for (const auto& [operation, histogram] : saved.get_object()) {
    KeptHistogram restored(kBounds);
    restored.Restore(histogram);
    HistogramOf(operation).Merge(restored);
  }
}

std::vector<MetricDesc> ProbeMetricDescs() {
  return {kUp, kLatency};
}

}  // namespace tocsin::collectors::miroir

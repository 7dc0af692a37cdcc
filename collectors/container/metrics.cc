#include "collectors/container/metrics.h"

#include <array>

namespace tocsin::collectors::container {
namespace {

constexpr MetricType kGauge = MetricType::kGauge;
constexpr MetricType kCounter = MetricType::kCounter;

constexpr LabelNames kLabels = {"container", "id", "image", "name", "namespace", "pod"};
/// The kubelet has a label for the processor, which only ever says that it is all of them.
constexpr LabelNames kCpuLabels = {"container", "cpu", "id", "image", "name", "namespace", "pod"};
constexpr std::string_view kAllCpus = "total";

/// A metric, and its value.
struct UsageMetric {
  MetricDesc metric;
  std::optional<double> Usage::*value;
};

constexpr std::array kUsageMetrics = {
    UsageMetric{
        {"container_memory_usage_bytes", kGauge,
         "Memory in use, with the cache of files, which is given back when it is needed.", kLabels},
        &Usage::memory_bytes},
    UsageMetric{
        {"container_memory_working_set_bytes", kGauge,
         "Memory in use without the cache that was not used lately: what counts when memory "
         "runs out.",
         kLabels},
        &Usage::working_set_bytes},
    UsageMetric{{"container_memory_rss", kGauge,
                 "Bytes of memory that no file is behind, without shared memory.", kLabels},
                &Usage::rss_bytes},
    UsageMetric{{"container_memory_cache", kGauge,
                 "Bytes of memory that files are behind, shared memory included.", kLabels},
                &Usage::cache_bytes},
    UsageMetric{{"container_spec_memory_limit_bytes", kGauge,
                 "Most memory that it may use; 0 if there is no limit.", kLabels},
                &Usage::memory_limit_bytes},
    UsageMetric{{"container_oom_events_total", kCounter,
                 "Processes that were killed because its memory had run out.", kLabels},
                &Usage::oom_events},
    UsageMetric{{"container_cpu_usage_seconds_total", kCounter, "Processor time used.", kCpuLabels},
                &Usage::cpu_seconds},
    UsageMetric{{"container_cpu_user_seconds_total", kCounter,
                 "Processor time used by its programs themselves.", kLabels},
                &Usage::cpu_user_seconds},
    UsageMetric{{"container_cpu_system_seconds_total", kCounter,
                 "Processor time used by the kernel for its programs.", kLabels},
                &Usage::cpu_system_seconds},
    UsageMetric{{"container_spec_cpu_quota", kGauge,
                 "Microseconds of processor time that it may use in each period; absent if there "
                 "is no limit.",
                 kLabels},
                &Usage::cpu_quota},
    UsageMetric{{"container_spec_cpu_period", kGauge,
                 "Microseconds of a period of the limit on processor time.", kLabels},
                &Usage::cpu_period},
    UsageMetric{{"container_cpu_cfs_periods_total", kCounter,
                 "Periods of the limit on processor time in which it ran.", kLabels},
                &Usage::cfs_periods},
    UsageMetric{{"container_cpu_cfs_throttled_periods_total", kCounter,
                 "Periods in which it used up its processor time and had to wait.", kLabels},
                &Usage::cfs_throttled_periods},
    UsageMetric{{"container_cpu_cfs_throttled_seconds_total", kCounter,
                 "Time that it had to wait for the next period.", kLabels},
                &Usage::cfs_throttled_seconds},
    UsageMetric{{"container_processes", kGauge, "Processes in it.", kLabels}, &Usage::processes},
    UsageMetric{{"container_threads", kGauge, "Threads in it.", kLabels}, &Usage::threads},
    UsageMetric{{"container_start_time_seconds", kGauge,
                 "Unix time at which the oldest of its processes was started.", kLabels},
                &Usage::start_time},
    UsageMetric{{"container_last_seen", kGauge, "Unix time at which it was last read.", kLabels},
                &Usage::last_seen},
};

constexpr std::array kMetrics = [] {
  std::array<MetricDesc, kUsageMetrics.size()> metrics{};
  for (std::size_t i = 0; i < metrics.size(); ++i) metrics[i] = kUsageMetrics[i].metric;
  return metrics;
}();

}  // namespace

std::span<const MetricDesc> Metrics() {
  return kMetrics;
}

void Publish(const Identity& identity, const MetricDesc& metric, double value, MetricSink& points) {
  const auto& [container, id, image, name, kube_namespace, pod] = identity;
  if (metric.labels.size() == kCpuLabels.size()) {
    points.Add(metric, {container, kAllCpus, id, image, name, kube_namespace, pod}, value);
  } else {
    points.Add(metric, {container, id, image, name, kube_namespace, pod}, value);
  }
}

void Publish(const Identity& identity, const Usage& usage, MetricSink& points) {
  for (std::size_t i = 0; i < kUsageMetrics.size(); ++i) {
    const std::optional<double> value = usage.*kUsageMetrics[i].value;
    if (value) Publish(identity, kMetrics[i], *value, points);
  }
}

}  // namespace tocsin::collectors::container

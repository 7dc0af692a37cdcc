// The metrics of containers, under cAdvisor's names.

#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/metric.h"
#include "base/metric_sink.h"

namespace tocsin::collectors::container {

/// What tells one container from the others, as cAdvisor's labels do. What is not known is empty.
struct Identity {
  std::string container = {};  ///< Its name; in Kubernetes, that in the pod's specification.
  std::string id = {};         ///< The path of its control group: "/docker/4bd1...".
  std::string image = {};
  std::string name = {};  ///< The runtime's id of it, 64 hexadecimal digits.
  std::string kube_namespace = {};
  std::string pod = {};  ///< The pod's name, or its uid where the name is not known.
};

/// What a container uses and may use. Totals are since it was started; what a kernel does not say
/// is not set.
struct Usage {
  std::optional<double> memory_bytes = {};
  std::optional<double> working_set_bytes = {};
  std::optional<double> rss_bytes = {};
  std::optional<double> cache_bytes = {};
  std::optional<double> memory_limit_bytes = {};  ///< 0 for none.
  std::optional<double> oom_events = {};

  std::optional<double> cpu_seconds = {};
  std::optional<double> cpu_user_seconds = {};
  std::optional<double> cpu_system_seconds = {};
  std::optional<double> cpu_quota = {};   ///< Microseconds in each period; not set without a limit.
  std::optional<double> cpu_period = {};  ///< Microseconds; not set without a limit.
  std::optional<double> cfs_periods = {};
  std::optional<double> cfs_throttled_periods = {};
  std::optional<double> cfs_throttled_seconds = {};

  std::optional<double> processes = {};
  std::optional<double> threads = {};
  std::optional<double> start_time = {};  ///< In Unix seconds.
  std::optional<double> last_seen = {};   ///< In Unix seconds.
};

/// All metrics.
std::span<const MetricDesc> Metrics();

/// Adds a point for each value that is set.
void Publish(const Identity& identity, const Usage& usage, MetricSink& points);

/// Adds one point, of a metric of Metrics().
void Publish(const Identity& identity, const MetricDesc& metric, double value, MetricSink& points);

}  // namespace tocsin::collectors::container

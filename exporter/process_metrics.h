// The process_* metrics: what tocsin itself costs.

#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "base/clock.h"
#include "base/metric.h"
#include "base/metric_sink.h"

namespace tocsin {

/// The fields of /proc/self/stat that are exported.
struct ProcessStat {
  double threads;
  double virtual_bytes;
  double resident_pages;
};

/// Parses /proc/PID/stat, whose format is in proc(5). The command name in it may hold anything.
std::optional<ProcessStat> ParseProcessStat(std::string_view text);

/// Reads the process's own figures, by the names that every Prometheus client library uses. One
/// thread at a time.
class ProcessMetrics {
 public:
  /// `now` is the process's start as it is exported: when this was made.
  explicit ProcessMetrics(TimePoint now) : start_(now) {}

  /// Adds what can be read now. A figure that the kernel does not tell has no series.
  void AddTo(MetricSink& points) const;

  static std::span<const MetricDesc> Descriptions();

 private:
  const TimePoint start_;
};

}  // namespace tocsin

// The metrics of nginx' logs.

#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/metric.h"
#include "base/result.h"
#include "collectors/atlas/nginx_logs.h"
#include "collectors/collector.h"
#include "collectors/counter_state.h"

namespace tocsin::collectors::atlas {

struct NginxSettings {
  std::filesystem::path access_log = {};  ///< Empty: not read.
  std::filesystem::path error_log = {};
  std::vector<std::string> zones = {"api", "optimize"};  ///< Counted from 0 on.
};

/// Counts are on disk before anybody sees them, so they never fall; while what was kept cannot be
/// read, there are none. One thread at a time.
class Nginx {
 public:
  Nginx(NginxSettings settings, const Environment& environment);

  /// Reads what is new and adds the counts. Reports "nginx_access_log" and "nginx_error_log".
  void Collect(const Attempt& attempt, Collection& collection);

 private:
  bool TakeUpState(Collection& collection);
  void ReadLog(std::string_view name, std::optional<LogCounts>& log, const Attempt& attempt,
               Collection& collection);
  static void Publish(const MetricDesc& metric, const std::optional<LogCounts>& log,
                      Collection& collection);

  const NginxSettings settings_;
  CounterState state_;
  bool has_state_ = false;
  std::optional<LogCounts> access_;
  std::optional<LogCounts> error_;
};

}  // namespace tocsin::collectors::atlas

// What a task store of Miroir's says, whichever kind of store it is.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "collectors/collector.h"

namespace tocsin::collectors::miroir {

/// Who holds the lease of a scope.
struct Leader {
  std::string holder = {};  ///< Empty: nobody.
  std::optional<double> ttl_seconds = std::nullopt;
};

struct CanaryRun {
  std::string canary;
  double ran_at = 0;  ///< Unix time, in seconds.
  bool passed = false;
};

/// What waits to be delivered to a sink of changes.
struct Overflow {
  std::string sink;
  std::optional<double> events = std::nullopt;
  std::optional<double> bytes = std::nullopt;
};

struct Cursor {
  std::string sink;
  std::string index;
  double updated_at = 0;  ///< Unix time, in seconds.
};

/// A long operation that is running or paused.
struct Operation {
  std::string scope;
  double phase_age = 0;  ///< In seconds.
};

/// A look at some of the jobs in the queue.
struct QueueSample {
  std::map<std::string, double> depth_by_type = {};  ///< Estimated from the sample.
  std::optional<double> stale_ratio = std::nullopt;  ///< Of those that do not wait any more.
  std::optional<double> oldest_at = std::nullopt;    ///< Unix time, in seconds.
};

/// The health of a store that is a Redis.
struct RedisHealth {
  std::optional<double> memory_used_bytes = std::nullopt;
  std::optional<double> memory_max_bytes = std::nullopt;
  std::optional<double> evicted_keys = std::nullopt;
  std::optional<double> connected_clients = std::nullopt;
  std::optional<double> last_save_at = std::nullopt;
  std::optional<double> uptime_seconds = std::nullopt;
};

/// A time that the server itself has measured.
struct CommandLatency {
  std::string command;
  std::string percentile;
  std::string quantile;
  double seconds = 0;
};

/// All that was read at once. What the store does not have, or what could not be read, is missing.
struct Reading {
  double now = 0;  ///< The store's time, as Unix time in seconds.
  std::optional<double> clock_skew_seconds = std::nullopt;
  std::optional<double> queue_depth = std::nullopt;
  std::optional<QueueSample> sample = std::nullopt;
  std::optional<double> jobs_known = std::nullopt;
  std::optional<double> tasks_known = std::nullopt;
  std::optional<double> schema_version = std::nullopt;
  std::map<std::string, Leader> leaders = {};  ///< By scope; a scope that could not be read lacks.
  std::vector<CanaryRun> canaries = {};
  std::vector<Overflow> overflows = {};
  std::vector<Cursor> cursors = {};
  std::vector<Operation> operations = {};
  RedisHealth redis = {};
  std::vector<CommandLatency> latencies = {};
  std::vector<SourceReport> parts = {};  ///< What could not be read although the store answered.
};

}  // namespace tocsin::collectors::miroir

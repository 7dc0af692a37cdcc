// The plug-in contract: what a source of metrics must do, and what it may expect.

#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "base/metric_sink.h"
#include "base/result.h"
#include "base/yaml.h"

namespace tocsin::collectors {

/// How long one collection may take.
struct Attempt {
  SteadyPoint deadline;
  std::stop_token stop;  ///< Requested at the deadline and at shutdown; register I/O to cancel.
};

/// Whether its deadline has passed or a stop was requested.
bool IsOver(const Attempt& attempt);

/// What became of one of the sources that a collector reads (a database, one of its files, an
/// endpoint), or of one part of it (a table that an older version lacks).
struct SourceReport {
  std::string source;  ///< From a small closed set: it becomes a label.
  Status status;
  /// The source's clock minus ours, if it was asked.
  std::optional<double> clock_skew_seconds = std::nullopt;
  /// Of a part that failed: whether something is amiss. It is not where an older version of the
  /// source has no such part, and where metrics of its own say so, as a target's `up` does.
  bool is_fault = true;
  /// Of a part that failed: the metrics that are missing with it, if it can tell.
  std::vector<std::string> metrics = {};
};

/// The names of `descriptions`, for SourceReport::metrics.
std::vector<std::string> NamesOf(std::span<const MetricDesc> descriptions);

/// What a collector makes in one collection.
struct Collection {
  MetricSink& points;
  /// Collectors with several sources report each of them, and keep the points of those that
  /// answered. A collector with one source need not report it.
  std::vector<SourceReport> sources = {};
  /// The clock skew of a collector with one source.
  std::optional<double> clock_skew_seconds = std::nullopt;
  /// Parts that could not be read though their source answered, such as a missing table. Each
  /// costs its own metrics only. The runner counts and logs a part when its state changes.
  std::vector<SourceReport> parts = {};
};

/// What looking at the source tells about a collector's configuration.
struct Finding {
  enum class Kind {
    kMistake,  ///< Something cannot be collected.
    kWarning,  ///< It can, but should not be like this.
  };
  Kind kind = Kind::kMistake;
  std::string message;
  /// Where in the configuration, if one place is at fault.
  std::optional<YamlPlace> place = std::nullopt;
};

/// One source of metrics.
///
/// A collector may keep state between collections, such as a connection. It is never run by
/// two threads at once, so that state needs no lock. It has no threads, timers or globals.
class Collector {
 public:
  Collector() = default;
  virtual ~Collector() = default;
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

  /// Reads the source once and adds its points to `collection`.
  ///
  /// Success with no points means "the source answered: there is nothing", which is not the
  /// same as a failure. On failure the points already added are dropped, and the runner
  /// exports tocsin_collector_up 0 and counts the error's code as the reason. Must return within a
  /// second of `attempt.stop` being requested.
  virtual Status Collect(const Attempt& attempt, Collection& collection) = 0;

  /// Connects, and tells what is wrong with the configuration as the source sees it: for `tocsin
  /// check config --connect`, on a collector that collects nothing else and keeps no state. By
  /// default that is what a collection complains of.
  virtual std::vector<Finding> Check(const Attempt& attempt);
};

/// The outside world as a collector sees it. What it refers to outlives the collector.
struct Environment {
  const Clock& clock;
  const Log& log;
  /// Where this instance may keep state over restarts: a file of its own, whose folder exists.
  /// Empty when nothing is to be kept (storage.path ":memory:").
  std::filesystem::path state_file;
};

/// Makes one collector from options that were read and found good. Does no I/O itself.
using MakeCollector = std::function<std::unique_ptr<Collector>(const Environment&)>;

/// An error's `reason` label: connect, timeout, auth, parse, schema, truncated or other.
std::string_view ReasonOf(ErrorCode code);

}  // namespace tocsin::collectors

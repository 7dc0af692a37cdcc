// A part of the Dagster collector: one topic, with its metrics, its statements and its points.
//
// To add a metric, touch the file of its topic and that file's test: give it a MetricDesc constant
// and a place in the topic's list, read what it needs in Read(), add its points in Publish().

#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/clock.h"
#include "base/metric.h"
#include "base/metric_sink.h"
#include "base/result.h"
#include "collectors/dagster/session.h"

namespace tocsin::collectors::dagster {

/// The options of a Dagster collector, apart from where its database is.
struct Settings {
  /// The daemons that this installation must run.
  std::vector<std::string> required_daemons = {"SENSOR", "BACKFILL", "SCHEDULER",
                                               "QUEUED_RUN_COORDINATOR"};
  /// Whether to export the metrics that are Exported::kForCompatibility.
  bool compatibility_names = false;
  /// The assets with series of their own, as "group/name".
  std::vector<std::string> assets;
  /// Most jobs with series of their own; later ones are summed up under kOtherJobs. The default is
  /// what the default of max_series has room for.
  std::size_t max_jobs = 165;
  /// With more unfinished runs than this, they are no longer counted per job.
  std::int64_t max_active_runs = 10'000;
  /// How far back each scan for finished runs begins, for late commits and slow clocks.
  Duration watermark_overlap = std::chrono::minutes(5);
};

/// Where parts put their points.
class Points {
 public:
  Points(MetricSink& sink, const Settings& settings) : sink_(sink), settings_(settings) {}

  void Add(const MetricDesc& metric, std::initializer_list<std::string_view> label_values,
           double value);
  void AddHistogram(const MetricDesc& metric, std::initializer_list<std::string_view> label_values,
                    const HistogramPoint& point);

 private:
  bool IsWanted(const MetricDesc& metric) const;

  MetricSink& sink_;
  const Settings& settings_;
};

/// One topic of one collector. It keeps what it read, so that Publish() can give the last values
/// again while Read() is not due. One thread at a time.
class Part {
 public:
  Part() = default;
  virtual ~Part() = default;
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;

  /// The least time between two reads; 0 reads in each collection.
  virtual Duration every() const { return Duration(0); }

  /// Whether a database of this kind has what the part reads.
  virtual bool CanRead(Dialect /*dialect*/) const { return true; }

  /// Reads what has to be read. No statement's cost may grow with the history. On failure the part
  /// is as it was, or further by whole steps. kNotFound says that this version of Dagster lacks a
  /// table or a column.
  virtual Status Read(Session& session) = 0;

  /// Adds the points for what was last read. Called only after a successful Read().
  virtual void Publish(Points& points) const = 0;

  /// Whether it counts on from what was saved. If so it is left out while the saved state cannot be
  /// read: totals that began at 0 meanwhile would fall first and then rise by all that was saved.
  virtual bool HasTotals() const { return false; }

  /// What must survive a restart, such as counters. Restore() is called once, before the first
  /// Read(), with what Save() gave, or with null if it gave nothing; but not while what was saved
  /// cannot be read. It ignores what it does not understand.
  virtual void Save(boost::json::object& /*state*/) const {}
  virtual void Restore(const boost::json::value& /*saved*/) {}
};

/// All that is known about a kind of part.
struct PartKind {
  std::string_view name;  ///< Says what is missing when its table is, and names its state.
  Store store;            ///< The storage that it reads.
  std::span<const MetricDesc> metrics;
  std::unique_ptr<Part> (*make)(const Settings& settings);
  /// Whether every Dagster 1.x has what it reads: else it is no fault if that was never there.
  bool is_in_all_versions = false;
};

/// The label values that stand for what is not known, and for what is beyond a limit.
inline constexpr std::string_view kUnknownLocation = "__unknown__";
inline constexpr std::string_view kOtherJobs = "__other__";

/// The code location in a ".dagster/repository" tag, "repository@location".
std::string_view LocationOf(std::string_view repository_tag);

}  // namespace tocsin::collectors::dagster

// Where a collector puts its points.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/metric.h"
#include "base/snapshot.h"

namespace tocsin {

/// Why a point was not kept; the `reason` label of tocsin_samples_dropped_total.
enum class DropReason {
  kDuplicate,   ///< The series was already given a value in this collection: the first stays.
  kUtf8,        ///< A label value is not valid UTF-8.
  kOverflow,    ///< The family has `max_series` series already.
  kName,        ///< Invalid, reserved or repeated names; labels that do not fit the family.
  kStaleOrder,  ///< Older than what the store has.
  kType,        ///< Another collector has the family with another type: only /metrics lacks it.
};
inline constexpr std::size_t kDropReasons = 6;

/// "duplicate", "utf8", "overflow", "name", "stale_order", "type".
std::string_view Name(DropReason reason);

/// How many points were dropped, by DropReason.
using DropCounts = std::array<std::uint64_t, kDropReasons>;

/// The state of one histogram series. `counts` are per bucket, not cumulative: one for each bound
/// and a last one for everything above.
struct HistogramPoint {
  std::span<const std::uint64_t> counts;
  double sum = 0;
};

/// Collects the points of one collection and makes a Snapshot of them.
///
/// A point that cannot be served is dropped and counted, and the rest goes on. Points of several
/// families may come interleaved; within a family, series keep the order in which they came.
/// A collection that adds the same series in the same order as the one before it costs one
/// comparison per point and shares the shapes of that snapshot.
///
/// One thread at a time.
class MetricSink {
 public:
  struct Settings {
    std::size_t max_series = 1000;  ///< Most series per family.
    ConstantLabels constant_labels;
  };

  /// `previous` is the last snapshot of the same source, or null.
  MetricSink(Settings settings, std::shared_ptr<const Snapshot> previous);
  ~MetricSink();
  MetricSink(const MetricSink&) = delete;
  MetricSink& operator=(const MetricSink&) = delete;

  /// Adds a point of a metric that is not a histogram. `label_values` go with `metric.labels`, one
  /// for one. `metric` must stay where it is until Finish(): a family is recognised by its address
  /// first, then by its name.
  void Add(const MetricDesc& metric, std::span<const std::string_view> label_values, double value);
  void Add(const MetricDesc& metric, std::initializer_list<std::string_view> label_values,
           double value) {
    Add(metric, std::span(label_values.begin(), label_values.size()), value);
  }

  /// Adds a histogram. `point.counts` must have metric.bounds.size() + 1 entries.
  void AddHistogram(const MetricDesc& metric, std::span<const std::string_view> label_values,
                    const HistogramPoint& point);
  void AddHistogram(const MetricDesc& metric, std::initializer_list<std::string_view> label_values,
                    const HistogramPoint& point) {
    AddHistogram(metric, std::span(label_values.begin(), label_values.size()), point);
  }

  /// Adds a family in the flat form, finished, whose names and values have been checked. Sharing
  /// its shape with the one that was passed before is up to the caller. Unless it brings its
  /// target's labels, a family with the name of one that has points of its own here is dropped
  /// (kName).
  void Pass(FamilyPoints family) { passed_.push_back(std::move(family)); }

  /// Counts points that the collector itself has dropped.
  void CountDropped(DropReason reason, std::uint64_t points) {
    dropped_[static_cast<std::size_t>(reason)] += points;
  }

  const Settings& settings() const { return settings_; }
  /// Complete after Finish().
  const DropCounts& dropped() const { return dropped_; }

  /// What was added, as collected at `at`. The sink is empty afterwards.
  std::shared_ptr<const Snapshot> Finish(TimePoint at);

 private:
  class Family;

  Family* FamilyOf(const MetricDesc& metric);
  Family& FamilyNamed(const MetricDesc& metric);
  Family* Admit(const MetricDesc& metric, std::span<const std::string_view> label_values);
  bool HasPointsNamed(std::string_view name) const;

  const Settings settings_;
  const std::shared_ptr<const Snapshot> previous_;
  std::vector<std::unique_ptr<Family>> families_;
  std::unordered_map<const MetricDesc*, Family*>
      by_address_;  ///< Null if its points cannot be kept.
  std::unordered_map<std::string_view, Family*> by_name_;
  const MetricDesc* last_metric_ = nullptr;
  Family* last_family_ = nullptr;
  std::vector<FamilyPoints> passed_;
  DropCounts dropped_{};
};

}  // namespace tocsin

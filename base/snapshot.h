// What one collection found: families of points, immutable once made.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/metric.h"

namespace tocsin {

/// Label names with values that every series of a collector carries, from its configuration.
using ConstantLabels = std::vector<std::pair<std::string, std::string>>;

/// All of a family that stays the same while only values change: its name and its series, in
/// order. Immutable, and shared between the snapshots in which it is the same, so whoever derives
/// something expensive from it (rendered text, series references in a store) may key that by
/// its address, as long as it holds on to the pointer.
struct FamilyShape {
  /// Ends each label value in `label_values`. Never part of UTF-8 text.
  static constexpr char kDelimiter = '\xff';

  std::string name;
  MetricType type = MetricType::kUnknown;
  std::string help;
  std::vector<std::string> label_names;
  ConstantLabels constant_labels;
  std::vector<double> bounds;  ///< Histograms only: upper bounds without +Inf.

  /// The label values of all series, one after another, each value ended by kDelimiter.
  std::string label_values;
  /// Where in `label_values` each series ends; its size is the number of series.
  std::vector<std::uint32_t> series_ends;

  std::size_t series_count() const { return series_ends.size(); }

  /// How many values each series has: 1, or for histograms a cumulative count per bound, the
  /// count (which is the +Inf bucket), and the sum.
  std::size_t values_per_series() const {
    return type == MetricType::kHistogram ? bounds.size() + 2 : 1;
  }

  /// The encoded label values of a series, as they stand in `label_values`.
  std::string_view series(std::size_t index) const {
    const std::uint32_t begin = index == 0 ? 0 : series_ends[index - 1];
    return std::string_view(label_values).substr(begin, series_ends[index] - begin);
  }

  friend bool operator==(const FamilyShape&, const FamilyShape&) = default;
};

/// A family with its values: values_per_series() of them for each series, in order.
struct FamilyPoints {
  std::shared_ptr<const FamilyShape> shape;
  std::vector<double> values;
};

/// What one collection found. Families are in the order in which they were first added.
struct Snapshot {
  TimePoint collected_at;
  std::vector<FamilyPoints> families;

  /// How many samples these are as Prometheus counts them: a histogram series is one for each
  /// bucket, its sum and its count.
  std::size_t SampleCount() const;
};

}  // namespace tocsin

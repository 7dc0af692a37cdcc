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

/// How the series of a family are written down.
enum class SeriesForm {
  /// All have the family's label names. A histogram's series is its buckets, its count and its sum.
  kDeclared,
  /// Each is one sample as it was read from another program's page, with a name and labels of its
  /// own: a histogram's bucket is a series with a label `le`, a summary's quantile one with
  /// `quantile`.
  kFlat,
};

/// Whose target a family's samples belong to, which is where their `job` and `instance` come from.
enum class TargetLabels {
  kTocsin,   ///< tocsin: the store adds its labels, as a Prometheus does that scrapes it.
  kIncluded  ///< Another program: they are among the labels, and nothing is added.
};

/// Who is to see a family.
enum class Audience {
  kEverybody,  ///< The store and whoever reads /metrics.
  kStore,      ///< The store only.
};

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
  std::vector<double> bounds;  ///< Declared histograms only: upper bounds without +Inf.
  SeriesForm form = SeriesForm::kDeclared;
  TargetLabels target_labels = TargetLabels::kTocsin;
  Audience audience = Audience::kEverybody;

  /// The label values of all series, one after another, each value ended by kDelimiter. In the flat
  /// form, where `label_names` and `bounds` are empty, a series is the name of its sample and then
  /// each label's name and value, all ended by kDelimiter.
  std::string label_values;
  /// Where in `label_values` each series ends; its size is the number of series.
  std::vector<std::uint32_t> series_ends;

  std::size_t series_count() const { return series_ends.size(); }

  /// Whether a series is a whole histogram.
  bool has_histograms() const {
    return type == MetricType::kHistogram && form == SeriesForm::kDeclared;
  }

  /// How many values each series has: 1, or for whole histograms a cumulative count per bound, the
  /// count (which is the +Inf bucket), and the sum.
  std::size_t values_per_series() const { return has_histograms() ? bounds.size() + 2 : 1; }

  /// The encoded label values of a series, as they stand in `label_values`.
  std::string_view series(std::size_t index) const {
    const std::uint32_t begin = index == 0 ? 0 : series_ends[index - 1];
    return std::string_view(label_values).substr(begin, series_ends[index] - begin);
  }

  friend bool operator==(const FamilyShape&, const FamilyShape&) = default;
};

/// The encoded parts of a series, taken off one after another.
class SeriesParts {
 public:
  /// `encoded`: as FamilyShape::series() gives it.
  explicit SeriesParts(std::string_view encoded) : rest_(encoded) {}

  bool empty() const { return rest_.empty(); }
  /// The next part; there must be one.
  std::string_view Take() {
    const std::size_t end = rest_.find(FamilyShape::kDelimiter);
    const std::string_view part = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return part;
  }

 private:
  std::string_view rest_;
};

/// A family with its values: values_per_series() of them for each series, in order.
struct FamilyPoints {
  std::shared_ptr<const FamilyShape> shape;
  std::vector<double> values;
  /// When each value was measured, if their source says so. kNoTime, or nothing at all, is the time
  /// of the collection. Only in the flat form.
  std::vector<TimePoint> times = {};
  static constexpr TimePoint kNoTime = TimePoint::min();
};

/// What one collection found. Families are in the order in which they were first added; those that
/// were passed on from other programs come last, and several of them may have one name.
struct Snapshot {
  TimePoint collected_at;
  std::vector<FamilyPoints> families;

  /// How many samples these are as Prometheus counts them: a histogram series is one for each
  /// bucket, its sum and its count.
  std::size_t SampleCount() const;
};

}  // namespace tocsin

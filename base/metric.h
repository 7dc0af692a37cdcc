// What a metric is, as a constant fact; see base/metric_sink.h for its values.

#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string_view>

namespace tocsin {

/// tocsin makes no summaries of its own: they are passed on from other programs' pages.
enum class MetricType { kCounter, kGauge, kHistogram, kSummary, kUnknown };

/// "counter", "gauge", "histogram", "summary", "unknown": OpenMetrics' words.
std::string_view Name(MetricType type);

/// The label names of a metric, in the order its values are given. A literal type, so that
/// catalogues can be constant tables.
class LabelNames {
 public:
  static constexpr std::size_t kMost = 12;

  constexpr LabelNames() = default;
  constexpr LabelNames(std::initializer_list<std::string_view> names) : size_(names.size()) {
    std::size_t i = 0;
    for (const std::string_view name : names) names_[i++] = name;  // Too many does not compile.
  }

  /// At most kMost names.
  constexpr explicit LabelNames(std::span<const std::string_view> names) : size_(names.size()) {
    assert(size_ <= kMost);
    for (std::size_t i = 0; i < size_; ++i) names_[i] = names[i];
  }

  constexpr std::size_t size() const { return size_; }
  constexpr const std::string_view* begin() const { return names_.data(); }
  constexpr const std::string_view* end() const { return names_.data() + size_; }
  constexpr std::string_view operator[](std::size_t i) const { return names_[i]; }

 private:
  std::array<std::string_view, kMost> names_{};
  std::size_t size_ = 0;
};

/// Whether a metric is exported always, or only with `compatibility_names: true`: names that
/// `promtool check metrics` refuses, and aliases kept for other people's dashboards.
enum class Exported { kAlways, kForCompatibility };

/// All that is constant about a metric. Rows of a collector's catalogue; must outlive its use.
/// The help text must not be empty, and names must be valid Prometheus names of the ASCII kind.
struct MetricDesc {
  std::string_view name;
  MetricType type = MetricType::kGauge;
  std::string_view help;
  LabelNames labels = {};
  std::span<const double> bounds = {};  ///< Histograms: upper bounds, ascending, without +Inf.
  Exported exported = Exported::kAlways;
};

/// Whether `name` is [a-zA-Z_:][a-zA-Z0-9_:]*, Prometheus' metric names before UTF-8.
bool IsMetricName(std::string_view name);

/// Whether `name` is [a-zA-Z_][a-zA-Z0-9_]* and does not start with "__".
bool IsLabelName(std::string_view name);

}  // namespace tocsin

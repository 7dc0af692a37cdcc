#include "collectors/prometheus/target_reports.h"

#include <cassert>
#include <cstdint>
#include <string>
#include <utility>

#include "collectors/prometheus/flat_series.h"

namespace tocsin::collectors {
namespace {

FamilyShape MakeShape(const MetricDesc& metric, const std::vector<Labels>& targets) {
  FamilyShape shape;
  shape.name = metric.name;
  shape.type = metric.type;
  shape.help = metric.help;
  shape.form = SeriesForm::kFlat;
  shape.target_labels = TargetLabels::kIncluded;
  shape.audience = Audience::kStore;
  for (const Labels& target : targets) {
    const Labels series = LabelsBuilder(target).Set(kMetricNameLabel, metric.name).Build();
    AppendFlatSeries(series, shape.label_values);
    shape.series_ends.push_back(static_cast<std::uint32_t>(shape.label_values.size()));
  }
  return shape;
}

/// By kTargetMetrics.
std::array<double, kTargetMetrics.size()> ValuesOf(const TargetReport& report) {
  return {report.up ? 1.0 : 0.0, report.duration_seconds, static_cast<double>(report.scraped),
          static_cast<double>(report.kept), static_cast<double>(report.added)};
}

}  // namespace

void TargetReports::SetTargets(const std::vector<Labels>& targets) {
  if (targets == targets_) return;
  targets_ = targets;
  for (std::size_t i = 0; i < shapes_.size(); ++i) {
    shapes_[i] = std::make_shared<const FamilyShape>(MakeShape(kTargetMetrics[i], targets));
  }
}

void TargetReports::Pass(std::span<const TargetReport> reports, MetricSink& points) const {
  assert(reports.size() == targets_.size());
  if (reports.empty()) return;
  std::array<std::vector<double>, kTargetMetrics.size()> columns;
  for (const TargetReport& report : reports) {
    const auto values = ValuesOf(report);
    for (std::size_t i = 0; i < values.size(); ++i) columns[i].push_back(values[i]);
  }
  for (std::size_t i = 0; i < columns.size(); ++i) {
    points.Pass({.shape = shapes_[i], .values = std::move(columns[i])});
  }
}

}  // namespace tocsin::collectors

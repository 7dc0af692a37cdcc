#include "collectors/dagster/part.h"

namespace tocsin::collectors::dagster {

bool Points::IsWanted(const MetricDesc& metric) const {
  return metric.exported == Exported::kAlways || settings_.compatibility_names;
}

void Points::Add(const MetricDesc& metric, std::initializer_list<std::string_view> label_values,
                 double value) {
  if (IsWanted(metric)) sink_.Add(metric, label_values, value);
}

void Points::AddHistogram(const MetricDesc& metric,
                          std::initializer_list<std::string_view> label_values,
                          const HistogramPoint& point) {
  if (IsWanted(metric)) sink_.AddHistogram(metric, label_values, point);
}

std::string_view LocationOf(std::string_view repository_tag) {
  const std::size_t at = repository_tag.find('@');
  if (at == std::string_view::npos || at + 1 == repository_tag.size()) return kUnknownLocation;
  return repository_tag.substr(at + 1);
}

}  // namespace tocsin::collectors::dagster

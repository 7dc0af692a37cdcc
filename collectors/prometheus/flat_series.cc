#include "collectors/prometheus/flat_series.h"

#include <string_view>

#include "base/snapshot.h"

namespace tocsin::collectors {

void AppendFlatSeries(const Labels& series, std::string& out) {
  const auto append = [&](std::string_view part) {
    out.append(part).append(1, FamilyShape::kDelimiter);
  };
  append(series.metric_name());
  for (const Label& label : series) {
    if (label.name.text() == kMetricNameLabel) continue;
    append(label.name.text());
    append(label.value.text());
  }
}

}  // namespace tocsin::collectors

#include <cmath>
#include <limits>

#include "collectors/kubernetes/object.h"
#include "collectors/kubernetes/resource_kind.h"

namespace tocsin::collectors::kubernetes {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

struct Fields {
  std::string name_space;
  std::string name;
  std::vector<double> values;  ///< One for each row; NaN where there is none.
};

double ValueOf(const boost::json::value& object, const FieldMetric& field) {
  switch (field.kind) {
    case FieldKind::kCount: return NumberAt(object, field.path).value_or(0);
    case FieldKind::kNumber: return NumberAt(object, field.path).value_or(kNone);
    case FieldKind::kMoment: return MomentAt(object, field.path).value_or(kNone);
    case FieldKind::kLength: return static_cast<double>(CountAt(object, field.path));
    case FieldKind::kFlag: return FlagAt(object, field.path).value_or(false) ? 1 : 0;
  }
  return kNone;
}

}  // namespace

std::unique_ptr<ResourceTable> MakeFieldTable(std::size_t most_objects,
                                              std::span<const FieldMetric> fields) {
  const auto keep = [fields](const boost::json::value& object) {
    Fields kept{TextAt(object, "metadata.namespace"), TextAt(object, "metadata.name"), {}};
    kept.values.reserve(fields.size());
    for (const FieldMetric& field : fields) kept.values.push_back(ValueOf(object, field));
    return kept;
  };
  const auto publish = [fields](const Fields& kept, MetricSink& points, double /*server_now*/) {
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (std::isnan(kept.values[i])) continue;
      points.Add(fields[i].metric, {kept.name_space, kept.name}, kept.values[i]);
    }
  };
  return std::make_unique<TableOf<Fields>>(most_objects, keep, publish);
}

std::vector<MetricDesc> MetricsOf(std::span<const FieldMetric> fields) {
  std::vector<MetricDesc> metrics;
  metrics.reserve(fields.size());
  for (const FieldMetric& field : fields) metrics.push_back(field.metric);
  return metrics;
}

}  // namespace tocsin::collectors::kubernetes

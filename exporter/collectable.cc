#include "exporter/collectable.h"

#include <map>
#include <string>
#include <utility>

#include "base/snapshot.h"
#include "collectors/registry.h"
#include "exporter/metric_family.h"

namespace tocsin {
namespace {

using prometheus::MetricFamily;

/// Families in the order in which their names are first met, each name once.
class JoinedFamilies {
 public:
  void Add(MetricFamily family) {
    const auto [known, is_new] = index_.try_emplace(family.name, families_.size());
    if (is_new) {
      families_.push_back(std::move(family));
      return;
    }
    MetricFamily& joined = families_[known->second];
    if (joined.type != family.type) return;
    for (prometheus::ClientMetric& metric : family.metric) {
      joined.metric.push_back(std::move(metric));
    }
  }

  std::vector<MetricFamily> Take() { return std::move(families_); }

 private:
  std::vector<MetricFamily> families_;
  std::map<std::string, std::size_t> index_;
};

MetricFamily UpOf(const collectors::InstanceView& view) {
  prometheus::ClientMetric metric;
  metric.label = {{"collector", std::string(view.config->kind->name)}, {"name", view.config->name}};
  metric.gauge.value = view.up ? 1 : 0;
  return {"tocsin_collector_up",
          "1 if the last collection succeeded, else 0; 0 before the first.",
          prometheus::MetricType::Gauge,
          {metric}};
}

}  // namespace

CollectorsCollectable::CollectorsCollectable(GetViews views) : views_(std::move(views)) {}

std::vector<MetricFamily> CollectorsCollectable::Collect() const {
  JoinedFamilies families;
  for (const auto& view : views_()) {
    families.Add(UpOf(*view));
    if (!view->snapshot) continue;
    for (const FamilyPoints& family : view->snapshot->families) {
      if (family.shape->audience == Audience::kStore) continue;
      families.Add(ToMetricFamily(family));
    }
  }
  return families.Take();
}

}  // namespace tocsin

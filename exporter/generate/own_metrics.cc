#include "exporter/generate/own_metrics.h"

#include "exporter/alert_store_metrics.h"
#include "exporter/notifier_metrics.h"
#include "exporter/notify_metrics.h"
#include "exporter/rule_metrics.h"
#include "exporter/self_metrics.h"
#include "exporter/store_metrics.h"

namespace tocsin::generate {

std::vector<MetricDesc> OwnMetrics() {
  std::vector<MetricDesc> all;
  for (const std::vector<MetricDesc>& some :
       {SelfMetrics::Descriptions(), StoreMetrics::Descriptions(), HistoryMetrics::Descriptions(),
        RuleMetrics::Descriptions(), AlertStoreMetrics::Descriptions(),
        NotifierMetrics::Descriptions(), NotifyMetrics::Descriptions()}) {
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

}  // namespace tocsin::generate

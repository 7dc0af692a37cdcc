#include "exporter/alert_store_metrics.h"

#include <string>

namespace tocsin {
namespace {

constexpr MetricDesc kFailing = {
    "tocsin_alert_state_failing", MetricType::kGauge,
    "1 while alerts cannot be written to disk, so that a restart would forget changes; else 0."};

struct CounterOf {
  MetricDesc metric;
  std::uint64_t AlertStore::Stats::*value;
};
constexpr std::array<CounterOf, 4> kCountersOf = {{
    {{"tocsin_alert_state_writes_total", MetricType::kCounter,
      "Transactions that have written alerts and their changes."},
     &AlertStore::Stats::writes},
    {{"tocsin_alert_state_errors_total", MetricType::kCounter,
      "Transactions that failed; they are tried again."},
     &AlertStore::Stats::errors},
    {{"tocsin_alert_state_events_total", MetricType::kCounter, "Changes of alerts written."},
     &AlertStore::Stats::events},
    {{"tocsin_alert_state_events_lost_total", MetricType::kCounter,
      "Changes of alerts lost because the disk took nothing for too long."},
     &AlertStore::Stats::lost_events},
}};

}  // namespace

AlertStoreMetrics::AlertStoreMetrics(prometheus::Registry& registry)
    : failing_(&prometheus::BuildGauge()
                    .Name(std::string(kFailing.name))
                    .Help(std::string(kFailing.help))
                    .Register(registry)
                    .Add({})) {
  for (std::size_t i = 0; i < kCounters; ++i) {
    counters_[i] = &prometheus::BuildCounter()
                        .Name(std::string(kCountersOf[i].metric.name))
                        .Help(std::string(kCountersOf[i].metric.help))
                        .Register(registry)
                        .Add({});
  }
}

void AlertStoreMetrics::Update(const AlertStore::Stats& stats) {
  const MutexLock lock(mutex_);
  failing_->Set(stats.is_failing ? 1 : 0);
  for (std::size_t i = 0; i < kCounters; ++i) {
    const auto value = kCountersOf[i].value;
    if (stats.*value < before_.*value) continue;  // Another has come with newer numbers.
    counters_[i]->Increment(static_cast<double>(stats.*value - before_.*value));
    before_.*value = stats.*value;
  }
}

std::vector<MetricDesc> AlertStoreMetrics::Descriptions() {
  std::vector<MetricDesc> metrics = {kFailing};
  for (const CounterOf& counter : kCountersOf) metrics.push_back(counter.metric);
  return metrics;
}

}  // namespace tocsin

// What the store of alerts says of itself on /metrics.

#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include "base/metric.h"
#include "base/mutex.h"
#include "rules/alert_store.h"

namespace tocsin {

/// The tocsin_alert_state_* families. Safe for concurrent use.
class AlertStoreMetrics {
 public:
  /// `registry` outlives this.
  explicit AlertStoreMetrics(prometheus::Registry& registry);

  /// Brings the families up to date.
  void Update(const AlertStore::Stats& stats);

  /// What this exports, for the documentation.
  static std::vector<MetricDesc> Descriptions();

 private:
  static constexpr std::size_t kCounters = 4;

  prometheus::Gauge* failing_;
  std::array<prometheus::Counter*, kCounters> counters_{};
  Mutex mutex_;
  AlertStore::Stats before_ TOCSIN_GUARDED_BY(mutex_);
};

}  // namespace tocsin

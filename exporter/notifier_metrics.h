// What the built-in notifier says of itself on /metrics, destinations apart.

#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include "base/metric.h"
#include "base/mutex.h"
#include "exporter/deadman.h"
#include "notify/notifier.h"
#include "notify/notify_store.h"

namespace tocsin {

/// The families tocsin_notifier_*, tocsin_notifications_suppressed_total, tocsin_silences,
/// tocsin_outbox_* (without those of single destinations) and tocsin_deadman_*.
/// Safe for concurrent use.
class NotifierMetrics {
 public:
  /// `registry` outlives this.
  explicit NotifierMetrics(prometheus::Registry& registry);

  /// Brings the families up to date.
  void Update(const notify::Notifier::Stats& notifier, const notify::NotifyStore::Stats& store,
              const Deadman::Stats& deadman);

  /// What this exports, for the documentation.
  static std::vector<MetricDesc> Descriptions();

 private:
  static constexpr std::size_t kGauges = 6;
  static constexpr std::size_t kCounters = 8;

  std::array<prometheus::Gauge*, kGauges> gauges_{};
  std::array<prometheus::Counter*, kCounters> counters_{};
  Mutex mutex_;
  std::array<std::uint64_t, kCounters> counted_ TOCSIN_GUARDED_BY(mutex_){};
};

}  // namespace tocsin

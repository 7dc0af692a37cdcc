// What those who hear of alerts were sent, on /metrics.

#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <prometheus/registry.h>

#include "base/clock.h"
#include "base/metric.h"
#include "base/mutex.h"
#include "notify/delivery_stats.h"

namespace tocsin {

/// The families tocsin_notifications_*, tocsin_notification_{latency,delay}_seconds and
/// tocsin_outbox_{pending,oldest_age_seconds}, with the labels `receiver` and `target`:
/// Alertmanagers
/// ("alertmanager" and a URL) in alerts, the entries of receivers ("slack[0]") in deliveries. Safe
/// for concurrent use.
class NotifyMetrics {
 public:
  /// `registry` outlives this.
  explicit NotifyMetrics(prometheus::Registry& registry);
  ~NotifyMetrics();
  NotifyMetrics(const NotifyMetrics&) = delete;
  NotifyMetrics& operator=(const NotifyMetrics&) = delete;

  /// Brings the families up to date with the stats of all destinations, each of them once. The
  /// series of those that are gone go.
  void Update(const std::vector<notify::DeliveryStats>& destinations, TimePoint now);

  /// What this exports, for the documentation.
  static std::vector<MetricDesc> Descriptions();

 private:
  struct Families;
  class TargetSeries;

  const std::unique_ptr<const Families> families_;
  Mutex mutex_;
  /// By receiver and target.
  std::map<std::pair<std::string, std::string>, std::unique_ptr<TargetSeries>> targets_
      TOCSIN_GUARDED_BY(mutex_);
};

}  // namespace tocsin

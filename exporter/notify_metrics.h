// What the senders of alerts say of themselves on /metrics.

#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <prometheus/registry.h>

#include "base/metric.h"
#include "base/mutex.h"
#include "notify/delivery_stats.h"

namespace tocsin {

/// The families tocsin_notifications_* and tocsin_notification_latency_seconds. Safe for concurrent
/// use.
class NotifyMetrics {
 public:
  /// `registry` outlives this.
  explicit NotifyMetrics(prometheus::Registry& registry);
  ~NotifyMetrics();
  NotifyMetrics(const NotifyMetrics&) = delete;
  NotifyMetrics& operator=(const NotifyMetrics&) = delete;

  /// Brings the families up to date with the stats of all Alertmanagers, each of them once. The
  /// series of those that are gone go.
  void Update(const std::vector<notify::DeliveryStats>& alertmanagers);

  /// What this exports, for the documentation.
  static std::vector<MetricDesc> Descriptions();

 private:
  struct Families;
  class TargetSeries;

  const std::unique_ptr<const Families> families_;
  Mutex mutex_;
  /// By target.
  std::map<std::string, std::unique_ptr<TargetSeries>> targets_ TOCSIN_GUARDED_BY(mutex_);
};

}  // namespace tocsin

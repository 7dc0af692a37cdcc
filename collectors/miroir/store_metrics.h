// The metrics of the task store.

#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/metric.h"
#include "base/metric_sink.h"
#include "collectors/miroir/reading.h"
#include "collectors/redis/lease.h"

namespace tocsin::collectors::miroir {

/// Publishes readings of one store, and counts how often leases change hands. One thread at a time.
class StoreMetrics {
 public:
  /// `compatibility_names`: also those that are Exported::kForCompatibility.
  explicit StoreMetrics(bool compatibility_names) : compatibility_names_(compatibility_names) {}

  void Publish(const Reading& reading, MetricSink& points);

  /// The leases' holders and changes, to survive restarts. Changes are published once Restore() was
  /// called.
  boost::json::object Save() const;
  void Restore(const boost::json::value& saved);

 private:
  void PublishLeases(const Reading& reading, MetricSink& points);
  RedisLease& LeaseOf(const std::string& scope);

  const bool compatibility_names_;
  std::map<std::string, RedisLease> leases_;  // By scope.
  boost::json::value saved_;                  // Of scopes that have not been seen yet.
  bool is_restored_ = false;
};

/// Its metrics, for the catalogue.
std::vector<MetricDesc> StoreMetricDescs();

}  // namespace tocsin::collectors::miroir

// What the sample store says of itself on /metrics.

#pragma once

#include <vector>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include "base/metric.h"
#include "base/mutex.h"
#include "rules/storage/sample_store.h"

namespace tocsin {

/// The tocsin_storage_* families. Safe for concurrent use.
class StoreMetrics {
 public:
  /// `store` and `registry` outlive this.
  StoreMetrics(const SampleStore& store, prometheus::Registry& registry);

  /// Brings the families up to date.
  void Update();

  /// What this exports, for the documentation.
  static std::vector<MetricDesc> Descriptions();

 private:
  struct Refused {
    std::uint64_t AppendCounts::*count;
    prometheus::Counter* counter;
  };

  const SampleStore& store_;
  Mutex mutex_;
  AppendCounts before_ TOCSIN_GUARDED_BY(mutex_);
  prometheus::Gauge* series_;
  prometheus::Gauge* samples_;
  prometheus::Gauge* chunks_;
  prometheus::Gauge* bytes_;
  prometheus::Counter* appended_;
  std::vector<Refused> refused_;
};

}  // namespace tocsin

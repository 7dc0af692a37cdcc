// What the sample store and its history say of themselves on /metrics.

#pragma once

#include <vector>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include "base/metric.h"
#include "base/mutex.h"
#include "rules/storage/history.h"
#include "rules/storage/sample_store.h"

namespace tocsin {

/// The tocsin_storage_* families, without the history's. Safe for concurrent use.
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

/// The tocsin_storage_history_* families. Safe for concurrent use.
class HistoryMetrics {
 public:
  /// `history` and `registry` outlive this.
  HistoryMetrics(const History& history, prometheus::Registry& registry);

  /// Brings the families up to date.
  void Update();

  /// What this exports, for the documentation.
  static std::vector<MetricDesc> Descriptions();

 private:
  using Value = double (*)(const History::Stats&);
  struct Family {
    Value value;
    prometheus::Gauge* gauge;      ///< Null for a counter.
    prometheus::Counter* counter;  ///< Null for a gauge.
  };

  const History& history_;
  Mutex mutex_;
  std::vector<Family> families_ TOCSIN_GUARDED_BY(mutex_);
};

}  // namespace tocsin

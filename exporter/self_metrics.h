// tocsin's metrics about itself.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <prometheus/registry.h>

#include "base/clock.h"
#include "base/metric.h"
#include "base/mutex.h"
#include "base/snapshot.h"
#include "collectors/instance.h"
#include "exporter/process_metrics.h"

namespace tocsin {

/// Counts by prometheus-cpp what tocsin does: the series that docs list under "tocsin's own". Safe
/// for concurrent use.
class SelfMetrics {
 public:
  /// `clock` outlives this. The moment of construction is exported as the process's start.
  explicit SelfMetrics(const Clock& clock);
  ~SelfMetrics();
  SelfMetrics(const SelfMetrics&) = delete;
  SelfMetrics& operator=(const SelfMetrics&) = delete;

  /// What this exports by itself, process_* included: for the documentation.
  static std::vector<MetricDesc> Descriptions();

  /// For parts that count things of their own: counters, gauges and histograms with at most twelve
  /// labels. A family's help must not be empty.
  prometheus::Registry& registry() { return registry_; }

  void ReloadSucceeded();
  void ReloadFailed();

  /// Takes over what `view` shows about its instance (tocsin_collector_*,
  /// tocsin_samples_dropped_total
  /// ...). Counters never fall: when an instance is replaced by another of the same kind and name,
  /// they go on from where they are.
  void Observe(const collectors::InstanceView& view);
  /// Counts points of an observed instance that /metrics leaves out, as DropReason::kType.
  void CountLeftOut(const collectors::InstanceConfig& config, std::uint64_t points);
  /// Forgets the series of an instance that a reload has removed. Not for one that was replaced by
  /// another of the same kind and name: their series are the same.
  void Forget(const collectors::InstanceConfig& config);

  /// Everything in the registry and the process_* metrics, as they are now, in the form that
  /// the exposition takes (see AddFamily() in exporter/metric_family.h); the registry's families
  /// are sorted by name. Reads two files of /proc/self.
  std::shared_ptr<const Snapshot> Collect();

 private:
  struct Families;
  class InstanceSeries;

  const Clock& clock_;
  const ProcessMetrics process_;
  prometheus::Registry registry_;
  const std::unique_ptr<const Families> families_;

  Mutex mutex_;
  /// By kind and name.
  std::map<std::pair<std::string, std::string>, std::unique_ptr<InstanceSeries>> instances_
      TOCSIN_GUARDED_BY(mutex_);
  std::shared_ptr<const Snapshot> previous_ TOCSIN_GUARDED_BY(mutex_);
};

}  // namespace tocsin

// tocsin's metrics about itself.

#pragma once

#include <memory>

#include <prometheus/registry.h>

#include "base/clock.h"
#include "base/snapshot.h"
#include "collectors/instance.h"

namespace tocsin {

/// Counts by prometheus-cpp what tocsin does: the series that docs list under "tocsin's own". Safe for
/// concurrent use.
class SelfMetrics {
 public:
  explicit SelfMetrics(const Clock& clock);

  /// For parts that count things of their own.
  prometheus::Registry& registry();

  void ReloadSucceeded();
  void ReloadFailed();

  /// Takes over what `view` shows about its instance (tocsin_collector_*, tocsin_samples_dropped_total ...).
  void Observe(const collectors::InstanceView& view);
  /// Forgets the series of an instance that a reload has removed.
  void Forget(const collectors::InstanceConfig& config);

  /// Everything in the registry and the process_* metrics, as they are now, in the form that
  /// the exposition takes.
  std::shared_ptr<const Snapshot> Collect();
};

}  // namespace tocsin

// The Miroir collector: its task store, how fast that is, and its pods.

#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "collectors/collector.h"
#include "collectors/counter_state.h"
#include "collectors/miroir/pods.h"
#include "collectors/miroir/probe.h"
#include "collectors/miroir/store_metrics.h"
#include "collectors/miroir/task_store.h"
#include "collectors/registry.h"

namespace tocsin::collectors::miroir {

/// Which parts of Miroir one collector looks at. Several may share a Miroir, each at its own
/// interval: the production guide wants the store's latency once a second and the rest less often.
struct Settings {
  bool probes = true;  ///< Measures the store's latency.
  bool reads_store = true;
  Duration probe_timeout = std::chrono::seconds(1);
  /// What a pod may serve at once, which Miroir itself does not export.
  double max_concurrent_requests = 500;
  bool compatibility_names = false;
};

/// Reads one Miroir. Its sources are "probe", "task_store" and "pods" (and those of discovery).
/// Finding that the store does not answer is what the probe is for, so that one never fails: it
/// publishes miroir_task_store_up 0, and the time-out in its histogram.
///
/// Histograms and changes of leases are kept in Environment::state_file. While that cannot be read
/// they are left out, and each collection tries again. One thread at a time.
class MiroirCollector final : public Collector {
 public:
  /// Either of `store` and `pods` may be null.
  MiroirCollector(const Settings& settings, std::unique_ptr<TaskStore> store,
                  std::unique_ptr<Pods> pods, const Environment& environment);

  Status Collect(const Attempt& attempt, Collection& collection) override;

 private:
  void CollectStore(const Attempt& attempt, Collection& collection);
  Status ReadStore(const Attempt& attempt, Collection& collection);
  Status TakeUpState();
  Status KeepState();

  const Settings settings_;
  const std::unique_ptr<TaskStore> store_;
  const std::unique_ptr<Pods> pods_;
  Probe probe_;
  StoreMetrics metrics_;
  CounterState state_;
  bool is_restored_ = false;
};

/// All metrics.
std::span<const MetricDesc> Metrics();

/// The options, for the registry.
std::span<const OptionDesc> Options();

/// Reads the options, for the registry.
MakeCollector Configure(YamlMap& options);

}  // namespace tocsin::collectors::miroir

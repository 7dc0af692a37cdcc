// Runs all configured collectors, each on a thread and a clock of its own.

#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "collectors/instance.h"
#include "collectors/runner.h"

namespace tocsin {

using InstanceConfigs = std::vector<std::shared_ptr<const collectors::InstanceConfig>>;
using InstanceViews = std::vector<std::shared_ptr<const collectors::InstanceView>>;

/// One thread per instance, because a source may hang in ways that no deadline reaches, and then only its
/// own thread is lost. Safe for concurrent use.
class Scheduler {
 public:
  /// `clock` and `log` outlive the scheduler. `published` is called after each change of an instance's view,
  /// on its thread.
  Scheduler(const Clock& clock, const Log& log, collectors::Runner::Published published);
  /// Stops everything, as Stop().
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  /// Makes `configs` the running set: instances whose name and fingerprint are the same go on undisturbed,
  /// those that are gone or changed are stopped and waited for, new ones are started. State files go
  /// below `storage` (created if need be); empty keeps no state.
  void Replace(const InstanceConfigs& configs, const std::filesystem::path& storage);

  /// The views of the running set, in the order of the configuration.
  InstanceViews Views() const;

  /// Changes whenever Views() would give something else.
  std::uint64_t generation() const;

  /// Whether every instance has finished (or given up) its first collection.
  bool AllAttempted() const;

  void Stop();
};

}  // namespace tocsin

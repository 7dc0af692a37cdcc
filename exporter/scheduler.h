// Runs all configured collectors, each on a thread and a clock of its own.

#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/mutex.h"
#include "collectors/instance.h"
#include "collectors/runner.h"

namespace tocsin {

using InstanceConfigs = std::vector<std::shared_ptr<const collectors::InstanceConfig>>;
using InstanceViews = std::vector<std::shared_ptr<const collectors::InstanceView>>;

/// One thread per instance, because a source may hang in ways that no deadline reaches, and then
/// only its own thread is lost. A collector that does not come back when it is told to stop is left
/// behind: its thread is joined when it ends, and nobody waits for it longer than `Patience` says.
///
/// Safe for concurrent use, but `published` must not call Replace() or Stop().
class Scheduler {
 public:
  /// How long to wait for collectors that were told to stop; they have a second by their contract.
  struct Patience {
    Duration at_reload = std::chrono::milliseconds(1500);
    Duration at_stop = std::chrono::seconds(3);
  };

  /// `clock` and `log` outlive the scheduler. `published` is called for each new instance by
  /// Replace(), then after each change of its view, on its thread, and never again once Replace()
  /// or Stop() has ended it.
  Scheduler(const Clock& clock, const Log& log, collectors::Runner::Published published);
  Scheduler(const Clock& clock, const Log& log, collectors::Runner::Published published,
            Patience patience);
  /// Stops everything, as Stop(). The memory of a collector that hangs even now is not freed,
  /// because its thread uses it.
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  /// Makes `configs` the running set: instances whose name and fingerprint are the same go on
  /// undisturbed, those that are gone or changed are stopped and waited for, new ones are started.
  /// State files go below `storage`, which PrepareStorage() has made; empty keeps no state.
  void Replace(const InstanceConfigs& configs, const std::filesystem::path& storage);

  /// The views of the running set, in the order of the configuration.
  InstanceViews Views() const;

  /// Changes whenever Views() would give something else. Read it before Views(): what was read may
  /// then be newer than the number, never older.
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

  /// Whether every instance has finished (or given up) its first collection.
  bool AllAttempted() const;

  /// Stops every collector and waits for it. Returns false if some thread is still in a collector
  /// that hangs. Then the process, once all else is done, must end by std::_Exit: a return from
  /// main would destroy what that thread may yet use.
  bool Stop();
  /// The same, but waits only until `deadline`, whatever the patience.
  bool Stop(std::chrono::steady_clock::time_point deadline);

 private:
  class Instance;
  using Instances = std::vector<std::shared_ptr<Instance>>;

  std::shared_ptr<Instance> Make(const std::shared_ptr<const collectors::InstanceConfig>& config,
                                 const std::filesystem::path& state_file);
  bool End(const Instances& ending, std::chrono::steady_clock::time_point until)
      TOCSIN_REQUIRES(replacing_);
  Instances Running() const;
  void SetRunning(Instances instances);

  const Clock& clock_;
  const Log& log_;
  const collectors::Runner::Published published_;
  const Patience patience_;
  std::atomic<std::uint64_t> generation_ = 1;

  Mutex replacing_;  ///< Held through Replace() and Stop(); taken before `mutex_`.
  /// Told to stop, and not seen to have ended.
  Instances ending_ TOCSIN_GUARDED_BY(replacing_);
  mutable Mutex mutex_;
  Instances running_ TOCSIN_GUARDED_BY(mutex_);
};

/// Where an instance keeps its state: StateFolder(storage)/NAME.json. Characters of `instance_name`
/// that could mean something in a path are written as %XX.
std::filesystem::path StateFile(const std::filesystem::path& storage,
                                std::string_view instance_name);

}  // namespace tocsin

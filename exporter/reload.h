// Replaces the running configuration, whole or not at all.

#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/mutex.h"
#include "base/result.h"
#include "exporter/config.h"
#include "exporter/http_message.h"
#include "exporter/scheduler.h"
#include "exporter/self_metrics.h"

namespace tocsin {

/// The keys of the configuration that only a restart can change, such as "server.listen".
std::vector<std::string_view> FixedKeys();

/// Brings configurations into force. A configuration that cannot be read, or that asks for what
/// only a restart can change (FixedKeys()), changes nothing: everything goes on as it was, and
/// tocsin_config_last_reload_successful is 0 until a reload succeeds.
///
/// Safe for concurrent use; reloads wait for each other.
class Reloader {
 public:
  /// Reads the configuration again, with what the command line said in its place.
  using Load = std::function<Result<Config>()>;

  /// Is told of a configuration that comes into force, before its collectors start.
  using Apply = std::function<void(const Config&)>;
  /// Is told of an instance that was stopped and has no successor of its name.
  using Removed = std::function<void(const collectors::InstanceConfig&)>;
  struct Hooks {
    Load load;
    Apply apply;
    Removed removed;
  };

  /// `running` is what the server was started with. `scheduler`, `own`, `clock` and
  /// `log` outlive the reloader.
  Reloader(Hooks hooks, Config running, Scheduler& scheduler, SelfMetrics& own, const Clock& clock,
           const Log& log);

  /// Starts what the first configuration says. To be called once, before Reload().
  void Start();

  /// Fails with the mistakes of the new configuration, one a line, or when not serving(). Takes as
  /// long as the collectors that it stops need to end.
  Status Reload();

  /// From now on every reload is refused, also those that wait for another one to end.
  void Close() { closed_.store(true, std::memory_order_release); }
  bool closed() const { return closed_.load(std::memory_order_acquire); }
  /// Whether reloads are taken: after Start(), and before Close().
  bool serving() const { return started_.load(std::memory_order_acquire) && !closed(); }

  /// The text of the configuration in force, secrets hidden.
  std::string ConfigText() const;

  struct Last {
    bool successful = true;
    TimePoint last_success;
  };
  /// The outcome of the last reload, the start included.
  Last last() const;

  /// Changes with every reload, also those that fail.
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

 private:
  Status TryReload() TOCSIN_REQUIRES(mutex_);
  void NoteSuccess() TOCSIN_REQUIRES(mutex_);
  void NoteFailure();

  const Hooks hooks_;
  Scheduler& scheduler_;
  SelfMetrics& own_;
  const Clock& clock_;
  const Log& log_;
  std::atomic<std::uint64_t> generation_ = 0;
  std::atomic<bool> started_ = false;
  std::atomic<bool> closed_ = false;
  Mutex mutex_;  ///< Held through a reload; taken before `shown_mutex_`.
  Config running_ TOCSIN_GUARDED_BY(mutex_);
  mutable Mutex shown_mutex_;
  std::string shown_text_ TOCSIN_GUARDED_BY(shown_mutex_);
  Last last_ TOCSIN_GUARDED_BY(shown_mutex_);
};

/// POST /-/reload: 200, 400 with the mistakes, or 503 when tocsin is stopping. `reloader` outlives
/// the server.
Route ReloadRoute(Reloader& reloader);

}  // namespace tocsin

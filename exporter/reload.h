// Replaces the running configuration, whole or not at all.

#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include "base/log.h"
#include "base/mutex.h"
#include "base/result.h"
#include "exporter/config.h"
#include "exporter/http_message.h"
#include "exporter/scheduler.h"
#include "exporter/self_metrics.h"

namespace tocsin {

/// Brings configurations into force. A configuration that cannot be read, or that asks for what
/// only a restart can change (`server.listen`, `storage.path`), changes nothing: everything goes on
/// as it was, and tocsin_config_last_reload_successful is 0 until a reload succeeds.
///
/// Safe for concurrent use; reloads wait for each other.
class Reloader {
 public:
  /// Reads the configuration again, with what the command line said in its place.
  using Load = std::function<Result<Config>()>;

  /// `running` is what the server was started with. `scheduler`, `own` and `log` outlive the
  /// reloader.
  Reloader(Load load, Config running, Scheduler& scheduler, SelfMetrics& own, const Log& log);

  /// Starts what the first configuration says. To be called once, before Reload().
  void Start();

  /// Fails with the mistakes of the new configuration, one a line, or when closed. Takes as long as
  /// the collectors that it stops need to end.
  Status Reload();

  /// From now on every reload is refused, also those that wait for another one to end.
  void Close() { closed_.store(true, std::memory_order_release); }
  bool closed() const { return closed_.load(std::memory_order_acquire); }

  /// Changes with every reload, also those that fail.
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

 private:
  Status TryReload() TOCSIN_REQUIRES(mutex_);

  const Load load_;
  Scheduler& scheduler_;
  SelfMetrics& own_;
  const Log& log_;
  std::atomic<std::uint64_t> generation_ = 0;
  std::atomic<bool> closed_ = false;
  Mutex mutex_;  ///< Held through a reload.
  Config running_ TOCSIN_GUARDED_BY(mutex_);
};

/// POST /-/reload: 200, 400 with the mistakes, or 503 when tocsin is stopping. `reloader` outlives
/// the server.
Route ReloadRoute(Reloader& reloader);

}  // namespace tocsin

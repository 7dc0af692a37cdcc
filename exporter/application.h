// The parts of a serving tocsin, put together.

#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "exporter/alerting.h"
#include "exporter/api/queries.h"
#include "exporter/config.h"
#include "exporter/http_server.h"
#include "exporter/listener.h"
#include "exporter/metrics_page.h"
#include "exporter/recorder.h"
#include "exporter/reload.h"
#include "exporter/scheduler.h"
#include "exporter/self_metrics.h"
#include "exporter/store_metrics.h"
#include "rules/storage/history.h"
#include "rules/storage/sample_store.h"

namespace tocsin {

/// Collects what the configuration says, and serves it. Never needs a source to be there.
/// Safe for concurrent use, except for Stop().
class Application {
 public:
  struct Settings {
    Reloader::Load load;      ///< Gives the configuration, now and at each reload.
    std::string config_name;  ///< What the log calls it: a file, or "quickstart".
    bool demo = false;        ///< Whether what it watches is played by us.
  };

  /// Fails with the configuration's mistakes (kInvalidInput), or with kUnavailable if its storage
  /// cannot be written or an address is taken; then nothing has been started. If there are
  /// `sockets`, which listen already, they are used instead of `server.listen`. `clock` and `log`
  /// outlive the application.
  static Result<std::unique_ptr<Application>> Start(const Settings& settings, const Clock& clock,
                                                    const Log& log,
                                                    std::vector<Listener> sockets = {});
  Application(const Application&) = delete;
  Application& operator=(const Application&) = delete;

  /// The addresses listened on, "127.0.0.1:10061".
  std::vector<std::string> addresses() const { return server_->addresses(); }

  Status Reload() { return reloader_.Reload(); }

  /// How long stopping may take. Together with the reload that may have to end first
  /// (Scheduler::Patience) this keeps the promise that SIGTERM ends tocsin within 5 seconds.
  static constexpr Duration kStopBudget = std::chrono::seconds(3);

  /// Finishes the requests in progress and then the collectors, all until `deadline`; reloads that
  /// have not begun are refused. Returns false if a collector hangs even then: the process must end
  /// by std::_Exit (see Scheduler::Stop).
  bool Stop(std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::now() +
                                                             kStopBudget);

 private:
  Application(const Settings& settings, Config config, const Clock& clock, const Log& log);

  void Announce(const InstanceConfigs& configs);
  Status Listen(HttpServer::Settings settings, bool demo);
  std::vector<Route> Routes(bool demo);
  /// By their keys in the configuration, as they are in force.
  std::vector<std::pair<std::string, std::string>> InForce();
  Status OpenHistory(const Config::Storage& storage);
  std::shared_ptr<const Snapshot> OwnPage();
  void Apply(const Config& config);
  std::shared_ptr<const Snapshot> OwnMetrics();
  std::uint64_t Generation() const;
  std::string NotReady() const;
  bool HasCollected();

  const Clock& clock_;
  const Log& log_;
  const TimePoint started_at_;
  const Config::Storage storage_;  ///< A reload changes nothing of it but the retention.
  SelfMetrics own_;
  SampleStore store_;
  std::unique_ptr<History> history_;  ///< Null if nothing is kept over a restart.
  StoreMetrics store_metrics_;
  std::unique_ptr<HistoryMetrics> history_metrics_;  ///< Null together with `history_`.
  api::Queries queries_;
  std::atomic<bool> remote_write_ = false;
  std::unique_ptr<Recorder> recorder_;  ///< Made once the external address is known.
  Scheduler scheduler_;
  Alerting alerting_;
  Reloader reloader_;
  MetricsPage page_;
  std::atomic<bool> has_collected_ = false;
  std::atomic<bool> started_ = false;  ///< Whether the first configuration is in force.
  std::unique_ptr<HttpServer> server_;
};

}  // namespace tocsin

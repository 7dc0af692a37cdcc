// Rules at work in the process: evaluated, told to whoever hears of alerts, kept, and shown.

#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include <prometheus/registry.h>

#include "base/clock.h"
#include "base/labels.h"
#include "base/log.h"
#include "base/mutex.h"
#include "base/result.h"
#include "base/snapshot.h"
#include "exporter/alert_store_metrics.h"
#include "exporter/config.h"
#include "exporter/http_message.h"
#include "exporter/ringer.h"
#include "exporter/rule_metrics.h"
#include "exporter/rule_series.h"
#include "rules/active_alert.h"
#include "rules/alert_store.h"
#include "rules/manager.h"
#include "rules/promql/engine.h"
#include "rules/storage/sample_store.h"

namespace tocsin {

/// Puts together what rules need, and keeps it in step with the configuration. Safe for concurrent
/// use, except for Open() and Stop().
class Alerting {
 public:
  /// All of it outlives this.
  struct Parts {
    SampleStore& store;
    prometheus::Registry& registry;
    const Clock& clock;
    const Log& log;
    /// Whether a collector that is down is where this series comes from.
    std::function<bool(const Labels& series)> collector_is_down;
    /// Whether every collector has had its first chance: no rule is evaluated before.
    std::function<bool()> has_collected;
  };
  explicit Alerting(Parts parts);
  ~Alerting();
  Alerting(const Alerting&) = delete;
  Alerting& operator=(const Alerting&) = delete;

  /// Opens what is kept of alerts and of those who hear of them in a folder of the storage; an
  /// empty path keeps nothing. Before the first Apply(). Fails as AlertStore::Open() and
  /// NotifyStore::Open() do.
  Status Open(const std::filesystem::path& storage);

  /// Brings the rules and the receivers of `config` into force. `address` is how others reach
  /// this server, if the configuration does not say it: "host:port".
  void Apply(const Config& config, const std::string& address);

  /// /api/v1/rules, /api/v1/alerts, /api/v1/tocsin/events, and what NotifierRoutes() has.
  std::vector<Route> Routes();

  /// Brings the metrics of rules, notifications and kept alerts up to date.
  void UpdateMetrics();
  /// What rules have written last, for /metrics; nothing if `rules.expose` is off.
  std::vector<FamilyPoints> Series();
  /// Changes whenever Series() may give something else.
  std::uint64_t generation() const;

  /// The alerts that fire, with their annotations.
  std::vector<ActiveAlert> Firing() const;

  /// `global.external_labels` in force.
  Labels external_labels() const;
  /// How others reach this server, without a slash at the end.
  std::string external_url() const { return ringer_.external_url(); }

  /// Cancels the queries of rules, ends the evaluations, then sends what waits for receivers, for
  /// `patience` at most, and writes what is left to keep.
  void Stop(Duration patience);

 private:
  RuleManager::Settings ManagerSettings(const Config& config, const std::string& external_url)
      TOCSIN_REQUIRES(mutex_);
  const promql::Engine* EngineFor(const promql::Engine::Settings& settings) TOCSIN_REQUIRES(mutex_);

  const Parts parts_;
  const TimePoint started_at_;
  std::unique_ptr<AlertStore> kept_;  ///< Null if nothing is kept over a restart.
  RuleMetrics rule_metrics_;
  TemplateCounts template_counts_;
  std::unique_ptr<AlertStoreMetrics> kept_metrics_;  ///< Null if nothing is kept.
  RuleSeries series_;

  Mutex applying_;  ///< Held through Apply(); taken before `mutex_`, which nobody holds for long.
  mutable Mutex mutex_;
  Labels external_labels_ TOCSIN_GUARDED_BY(mutex_);
  /// Every engine that a group may still use: one for each settings there have been.
  std::vector<std::unique_ptr<const promql::Engine>> engines_ TOCSIN_GUARDED_BY(mutex_);
  std::atomic<const promql::Engine*> recent_engine_ = nullptr;  ///< One of these; for charts.
  std::stop_source stop_;
  std::atomic<bool> expose_ = true;
  std::atomic<bool> experimental_ = false;
  bool is_started_ TOCSIN_GUARDED_BY(applying_) = false;
  Ringer ringer_;                         ///< Watches `manager_`, and is stopped after it.
  std::unique_ptr<RuleManager> manager_;  ///< Last: its groups use what stands above.
};

}  // namespace tocsin

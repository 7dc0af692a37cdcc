// The bell: whoever hears of alerts, and what they are told by.

#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <prometheus/registry.h>

#include "base/alert.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mutex.h"
#include "base/result.h"
#include "exporter/config.h"
#include "exporter/deadman.h"
#include "exporter/evaluation_rounds.h"
#include "exporter/http_message.h"
#include "exporter/notifier_access.h"
#include "exporter/notifier_metrics.h"
#include "exporter/notify_metrics.h"
#include "notify/alertmanager_sender.h"
#include "notify/notifier.h"
#include "notify/notify_store.h"
#include "notify/receiver.h"

namespace tocsin {

/// Hands alerts to Alertmanagers and to the built-in notifier, and keeps both in step with the
/// configuration. Safe for concurrent use, except for Open() and Stop().
class Ringer final : public AlertSink {
 public:
  /// What the functions use, and what is referred to, outlives this.
  struct Parts {
    prometheus::Registry& registry;
    const Clock& clock;
    const Log& log;
    RuleProgress progress;
    notify::RecentValues recent_values;
  };
  explicit Ringer(Parts parts);
  ~Ringer() override;
  Ringer(const Ringer&) = delete;
  Ringer& operator=(const Ringer&) = delete;

  /// Opens what the notifier has kept in a folder of the storage; an empty path keeps nothing over
  /// a restart. Before everything else. Fails as NotifyStore::Open() does.
  Status Open(const std::filesystem::path& storage);

  /// Brings the receivers of `config` into force.
  void Apply(const Config& config, std::string external_url);

  /// The rules run from now on: when each group was evaluated once, or after kLongestWait, the
  /// notifier may begin to tell.
  void Start();
  /// A group that is evaluated once an hour must not hold up the bell.
  static constexpr Duration kLongestWait = std::chrono::minutes(1);

  void Send(std::span<const Alert> alerts) override;
  /// For the notifier. Alertmanagers remember, or are told again in time.
  void Resume(std::span<const Alert> alerts) override;

  NotifierAccess access();
  std::string external_url() const;
  void UpdateMetrics();

  /// No longer looks at the progress of rules. Before those who tell of it are gone.
  void StopWatching();
  /// Sends what waits, for `patience` at most, and ends all threads. When no rule runs any more.
  void Stop(Duration patience);

 private:
  void AwaitFirstRound(const std::stop_token& stop);

  const Parts parts_;
  notify::AlertmanagerSender alertmanagers_;
  NotifyMetrics notify_metrics_;
  NotifierMetrics notifier_metrics_;
  std::unique_ptr<notify::NotifyStore> store_;
  std::unique_ptr<notify::Notifier> notifier_;

  mutable Mutex mutex_;
  std::string external_url_ TOCSIN_GUARDED_BY(mutex_);
  std::string configuration_ TOCSIN_GUARDED_BY(mutex_);

  Deadman deadman_;
  std::jthread opener_;
};

}  // namespace tocsin

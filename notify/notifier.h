// The built-in notifier: from alerts to deliveries.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/alert.h"
#include "base/clock.h"
#include "base/labels.h"
#include "base/log.h"
#include "base/result.h"
#include "notify/alert_naming.h"
#include "notify/delivery_stats.h"
#include "notify/notify_config.h"
#include "notify/notify_store.h"
#include "notify/plan.h"
#include "notify/received_alert.h"
#include "notify/receiver.h"
#include "notify/silence.h"

namespace tocsin::notify {

/// Takes alerts, and decides on a thread of its own which receiver hears of them and when; couriers
/// carry that out. What was decided is in the store before it is sent.
///
/// Nothing is decided before Open(): until every rule was evaluated once, an alert that inhibits
/// another may be missing. Then, what receivers were told fires and what no rule told of is
/// resolved.
///
/// Safe for concurrent use.
class Notifier final : public AlertSink {
 public:
  /// `store`, `clock` and `log` outlive this.
  Notifier(NotifyStore& store, SenderParts parts);
  ~Notifier() override;
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;

  /// From now on alerts are routed like that. A destination that stays (by the names of its
  /// receiver and entry) keeps what waits for it.
  void Configure(std::shared_ptr<const NotifyConfig> config, Labels external_labels,
                 std::string external_url);

  /// Alerts of our own rules.
  void Send(std::span<const Alert> alerts) override;
  void Resume(std::span<const Alert> alerts) override { Send(alerts); }
  /// Alerts that others have posted: their labels are complete. An alert without an end ends after
  /// `resolve_timeout`.
  void Post(std::vector<Alert> alerts);

  /// What Send() makes of labels, at the moment.
  AlertNaming naming() const;

  /// Every rule has been evaluated; notifications may begin.
  void Open();

  /// An alert as its readers see it.
  struct AlertView {
    ReceivedAlert alert;
    std::uint64_t fingerprint = 0;
    bool resolved = false;
    std::vector<std::string> receivers;
    std::vector<std::string> silenced_by;  ///< Ids.
    std::optional<std::uint64_t> inhibited_by;
    std::vector<std::string> muted_by;  ///< Names of time intervals; only of groups.
  };
  /// Those that have not ended, in the order of their fingerprints.
  std::vector<AlertView> Alerts() const;
  std::optional<AlertView> FindAlert(std::uint64_t fingerprint) const;  ///< Ended ones, too.

  struct GroupView {
    std::string key;
    Labels labels;
    std::string receiver;
    std::vector<AlertView> alerts;
  };
  std::vector<GroupView> Groups() const;  ///< In the order of routes and labels.

  std::vector<Silence> AllSilences() const;
  std::optional<Silence> FindSilence(std::string_view id) const;
  /// Fails as Silences::Set() and Expire() do. Returns the silence's id.
  Result<std::string> SetSilence(Silence silence);
  Status ExpireSilence(std::string_view id);

  std::shared_ptr<const NotifyConfig> config() const;

  struct Stats {
    std::vector<DeliveryStats> destinations;
    std::size_t alerts = 0;
    std::size_t groups = 0;
    QuietCounts quiet;                      ///< Alerts, each time their group was due.
    std::array<std::size_t, 3> silences{};  ///< By Silence::State.
  };
  Stats stats() const;

  /// Decides what is due, sends what waits, for `patience` at most; then ends all threads.
  void Stop(Duration patience);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tocsin::notify

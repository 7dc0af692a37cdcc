// Pushes alerts to Alertmanagers.

#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/alert.h"
#include "base/clock.h"
#include "base/http_client.h"
#include "base/labels.h"
#include "base/log.h"
#include "base/mutex.h"
#include "notify/alertmanager_config.h"
#include "notify/alertmanager_target.h"
#include "notify/delivery_stats.h"

namespace tocsin::notify {

/// Sends each alert to every Alertmanager that is configured. An alert gets the external labels
/// that it does not have, is relabelled, and waits in a queue for each Alertmanager, so that a slow
/// or broken one holds up neither the rules nor the others (see AlertmanagerTarget). Without
/// Alertmanagers it does nothing.
///
/// Safe for concurrent use.
/// Source: Prometheus 3, notifier/, whose limits these are: 256 alerts in a request, 10,000 in a
/// queue. Prometheus sends each batch once.
class AlertmanagerSender final : public AlertSink {
 public:
  /// `clock` and `log` outlive this. `user_agent` ("tocsin/1.0.0") goes with each request.
  AlertmanagerSender(const Clock& clock, const Log& log, std::string user_agent,
                     HttpClientFactory make_client = &MakeHttpClient);
  /// Stop()s without patience.
  ~AlertmanagerSender() override;
  AlertmanagerSender(const AlertmanagerSender&) = delete;
  AlertmanagerSender& operator=(const AlertmanagerSender&) = delete;

  /// From now on alerts go there. An Alertmanager that stays (by its URL) keeps its queue and its
  /// counters; what waits for one that goes is lost, and logged.
  void Configure(AlertmanagersConfig config, Labels external_labels);

  void Send(std::span<const Alert> alerts) override;

  /// Sends what is queued, for `patience` at most; then ends all requests and threads. Alerts that
  /// come later are ignored.
  void Stop(Duration patience);

  /// In the order of the configuration.
  std::vector<DeliveryStats> stats() const;

 private:
  using Targets = std::vector<std::shared_ptr<AlertmanagerTarget>>;

  /// What Send() needs. Immutable, but for the targets themselves.
  struct Setup {
    Labels external_labels;
    RelabelRules alert_relabel;
    Targets targets;
  };

  std::shared_ptr<AlertmanagerTarget> FindOrMake(AlertmanagerConfig config, const Setup& before);
  std::shared_ptr<const Setup> setup() const;
  std::shared_ptr<const Setup> Exchange(std::shared_ptr<const Setup> next);

  const Clock& clock_;
  const Log& log_;
  const std::string user_agent_;
  const HttpClientFactory make_client_;

  Mutex configuring_;  ///< Held through Configure() and Stop(); taken before `mutex_`.
  mutable Mutex mutex_;
  std::shared_ptr<const Setup> setup_ TOCSIN_GUARDED_BY(mutex_);
};

}  // namespace tocsin::notify

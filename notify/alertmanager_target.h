// One Alertmanager: what waits for it, and the thread that posts it there.

#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <stop_token>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/http_client.h"
#include "base/log.h"
#include "base/mutex.h"
#include "notify/alert_queue.h"
#include "notify/alertmanager_config.h"
#include "notify/backoff.h"
#include "notify/delivery_stats.h"
#include "notify/outcome.h"

namespace tocsin::notify {

/// Posts alerts to one Alertmanager, oldest first, on a thread of its own. What was refused for a
/// reason that may pass is tried again until it is superseded or has expired (see AlertQueue),
/// after a pause (see Backoff) that a reload ends.
///
/// Safe for concurrent use.
class AlertmanagerTarget {
 public:
  static constexpr std::size_t kQueueCapacity = 10'000;
  static constexpr std::size_t kLargestBatch = 256;

  /// `clock` and `log` outlive this.
  AlertmanagerTarget(AlertmanagerConfig config, const Clock& clock, const Log& log,
                     HttpClientFactory make_client);
  /// Stop()s.
  ~AlertmanagerTarget();
  AlertmanagerTarget(const AlertmanagerTarget&) = delete;
  AlertmanagerTarget& operator=(const AlertmanagerTarget&) = delete;

  /// From now on this is how the same URL is spoken to. What is queued stays queued, under the
  /// labels that the rules of before gave it.
  void Configure(AlertmanagerConfig config);

  /// Queues alerts, relabelled for this target. Never waits for the network.
  void Push(std::span<const OutgoingAlert> alerts);

  /// Sends what is queued, without waiting for more; then calls `drained`, on the target's thread.
  /// Pushes are ignored from now on.
  void Drain(std::function<void()> drained);

  /// Ends the request that runs and the thread. What is queued is lost, and logged. Not from two
  /// threads at once.
  void Stop();

  const std::string& url() const { return url_; }
  DeliveryStats stats() const;

 private:
  void Run(const std::stop_token& stop);
  bool AwaitAlerts(const std::stop_token& stop);
  void SendBatch(const std::stop_token& stop);
  Outcome Post(const OutgoingAlerts& alerts, const std::stop_token& stop);
  void Settle(OutgoingAlerts alerts, const Outcome& outcome);
  void Report(const Outcome& outcome, std::size_t alerts);
  void Pause(Duration pause, const std::stop_token& stop);
  void EndPause() TOCSIN_REQUIRES(mutex_);

  const Clock& clock_;
  const Log& log_;
  const std::string url_;
  const HttpClientFactory make_client_;

  mutable Mutex mutex_;
  std::condition_variable_any changed_;
  std::shared_ptr<const AlertmanagerConfig> config_ TOCSIN_GUARDED_BY(mutex_);
  AlertQueue queue_ TOCSIN_GUARDED_BY(mutex_);
  DeliveryStats stats_ TOCSIN_GUARDED_BY(mutex_);
  bool draining_ TOCSIN_GUARDED_BY(mutex_) = false;
  bool overflowing_ TOCSIN_GUARDED_BY(mutex_) = false;  ///< And the log knows.
  std::function<void()> drained_ TOCSIN_GUARDED_BY(mutex_);
  std::stop_source pause_ TOCSIN_GUARDED_BY(mutex_);  ///< Of the pause that runs, if one does.

  // The thread's own.
  std::shared_ptr<const AlertmanagerConfig> client_config_;
  std::unique_ptr<HttpClient> client_;
  Backoff backoff_;
  std::minstd_rand random_;
  Outcome::Next last_ = Outcome::Next::kDelivered;  ///< What the log knows.

  std::jthread thread_;  ///< Last, so that it ends before what it uses.
};

}  // namespace tocsin::notify

#include "notify/alertmanager_target.h"

#include <string>
#include <utility>

#include "notify/alert_json.h"

namespace tocsin::notify {
namespace {

constexpr std::string_view kAlertsPath = "/api/v2/alerts";

}  // namespace

AlertmanagerTarget::AlertmanagerTarget(AlertmanagerConfig config, const Clock& clock,
                                       const Log& log, HttpClientFactory make_client)
    : clock_(clock),
      log_(log),
      url_(config.url),
      make_client_(std::move(make_client)),
      config_(std::make_shared<const AlertmanagerConfig>(std::move(config))),
      queue_(kQueueCapacity),
      random_(std::random_device{}()) {
  stats_.target = url_;
  stats_.queue_capacity = kQueueCapacity;
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

AlertmanagerTarget::~AlertmanagerTarget() {
  Stop();
}

void AlertmanagerTarget::Configure(AlertmanagerConfig config) {
  const MutexLock lock(mutex_);
  config_ = std::make_shared<const AlertmanagerConfig>(std::move(config));
  EndPause();
}

void AlertmanagerTarget::Push(std::span<const OutgoingAlert> alerts) {
  std::shared_ptr<const AlertmanagerConfig> config;
  {
    const MutexLock lock(mutex_);
    config = config_;
  }
  OutgoingAlerts relabelled;
  for (const OutgoingAlert& alert : alerts) {
    const std::optional<Labels> labels = Relabel(alert.labels, config->alert_relabel);
    if (labels && !labels->empty()) relabelled.push_back({*labels, alert.alert});
  }
  std::size_t dropped = 0;
  bool is_news = false;
  {
    const MutexLock lock(mutex_);
    if (draining_) return;
    for (OutgoingAlert& alert : relabelled) dropped += queue_.Push(std::move(alert));
    stats_.dropped_full += dropped;
    if (dropped > 0) is_news = !std::exchange(overflowing_, true);
    changed_.notify_one();
  }
  if (is_news) {
    log_.Error("queue for alertmanager is full, dropping the oldest alerts",
               {{"url", url_}, {"capacity", std::to_string(kQueueCapacity)}});
  }
}

void AlertmanagerTarget::Drain(std::function<void()> drained) {
  const MutexLock lock(mutex_);
  draining_ = true;
  drained_ = std::move(drained);
  EndPause();
  changed_.notify_one();
}

void AlertmanagerTarget::Stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  {
    const MutexLock lock(mutex_);
    draining_ = true;
    changed_.notify_one();
  }
  thread_.join();
  const MutexLock lock(mutex_);
  const std::size_t lost = queue_.Clear();
  if (lost == 0) return;
  log_.Warn("alerts not sent to alertmanager", {{"url", url_}, {"alerts", std::to_string(lost)}});
}

DeliveryStats AlertmanagerTarget::stats() const {
  const MutexLock lock(mutex_);
  DeliveryStats stats = stats_;
  stats.queue_length = queue_.size();
  return stats;
}

void AlertmanagerTarget::Run(const std::stop_token& stop) {
  while (AwaitAlerts(stop)) SendBatch(stop);
  std::function<void()> drained;
  {
    const MutexLock lock(mutex_);
    drained = std::move(drained_);
  }
  if (drained) drained();
}

/// Returns false if there are none, and none to come.
bool AlertmanagerTarget::AwaitAlerts(const std::stop_token& stop) {
  const MutexLock lock(mutex_);
  while (queue_.empty() && !draining_) changed_.wait(mutex_);
  return !queue_.empty() && !stop.stop_requested();
}

void AlertmanagerTarget::SendBatch(const std::stop_token& stop) {
  AlertQueue::Batch batch;
  {
    const MutexLock lock(mutex_);
    batch = queue_.Take(kLargestBatch, clock_.Now());
    stats_.dropped_expired += batch.expired;
    if (client_config_ != config_) client_.reset();
    client_config_ = config_;
  }
  if (batch.alerts.empty()) return;
  const std::size_t size = batch.alerts.size();
  const Outcome outcome = Post(batch.alerts, stop);
  Settle(std::move(batch.alerts), outcome);
  if (stop.stop_requested()) return;
  Report(outcome, size);
  if (outcome.next != Outcome::Next::kRetry) {
    backoff_.Succeeded();
    return;
  }
  const double random = std::uniform_real_distribution<double>()(random_);
  Pause(backoff_.Failed(random, outcome.retry_after), stop);
}

Outcome AlertmanagerTarget::Post(const OutgoingAlerts& alerts, const std::stop_token& stop) {
  if (client_ == nullptr) client_ = make_client_(client_config_->http);
  const OutgoingRequest request{.method = "POST",
                                .url = url_ + std::string(kAlertsPath),
                                .headers = {{"Content-Type", "application/json"}},
                                .body = AlertsJson(alerts)};
  const SteadyPoint begin = clock_.SteadyNow();
  const Result<HttpAnswer> answer = client_->Send(request, stop);
  const Duration took = clock_.SteadyNow() - begin;
  const MutexLock lock(mutex_);
  stats_.latency.Add(Seconds(took));
  return Judge(answer, clock_.Now());
}

void AlertmanagerTarget::Settle(OutgoingAlerts alerts, const Outcome& outcome) {
  const MutexLock lock(mutex_);
  if (outcome.next == Outcome::Next::kDelivered) {
    stats_.sent += alerts.size();
    overflowing_ = false;
    return;
  }
  stats_.failed[static_cast<std::size_t>(outcome.reason)] += alerts.size();
  if (outcome.next == Outcome::Next::kGiveUp) return;
  const AlertQueue::Returned returned = queue_.PutBack(std::move(alerts));
  stats_.retried += returned.kept;
  stats_.dropped_full += returned.dropped;
}

/// Once for each change of state: an outage of an hour is two lines.
void AlertmanagerTarget::Report(const Outcome& outcome, std::size_t alerts) {
  if (std::exchange(last_, outcome.next) == outcome.next) return;
  switch (outcome.next) {
    case Outcome::Next::kDelivered:
      log_.Info("alertmanager takes alerts again", {{"url", url_}});
      break;
    case Outcome::Next::kRetry:
      log_.Warn("alertmanager does not take alerts, trying again",
                {{"url", url_},
                 {"alerts", std::to_string(alerts)},
                 {"reason", std::string(Name(outcome.reason))},
                 {"error", outcome.message}});
      break;
    case Outcome::Next::kGiveUp:
      log_.Error("alertmanager refuses alerts", {{"url", url_},
                                                 {"alerts", std::to_string(alerts)},
                                                 {"reason", std::string(Name(outcome.reason))},
                                                 {"error", outcome.message}});
      break;
  }
}

void AlertmanagerTarget::Pause(Duration pause, const std::stop_token& stop) {
  std::stop_source ended;
  {
    const MutexLock lock(mutex_);
    if (client_config_ != config_) return;  // What failed is not what would be tried.
    pause_ = ended;
  }
  const std::stop_callback at_stop(stop, [&ended] { ended.request_stop(); });
  clock_.WaitUntil(clock_.SteadyNow() + pause, ended.get_token());
}

void AlertmanagerTarget::EndPause() {
  pause_.request_stop();
}

}  // namespace tocsin::notify

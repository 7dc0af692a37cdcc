#include "notify/alertmanager_sender.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <optional>
#include <stop_token>
#include <utility>

#include "base/relabel.h"
#include "notify/external_labels.h"

namespace tocsin::notify {

AlertmanagerSender::AlertmanagerSender(const Clock& clock, const Log& log, std::string user_agent,
                                       HttpClientFactory make_client)
    : clock_(clock),
      log_(log),
      user_agent_(std::move(user_agent)),
      make_client_(std::move(make_client)),
      setup_(std::make_shared<const Setup>()) {}

AlertmanagerSender::~AlertmanagerSender() {
  Stop(Duration(0));
}

void AlertmanagerSender::Configure(AlertmanagersConfig config, Labels external_labels) {
  const MutexLock lock(configuring_);
  const std::shared_ptr<const Setup> before = setup();
  auto next = std::make_shared<Setup>();
  next->external_labels = std::move(external_labels);
  next->alert_relabel = std::move(config.alert_relabel);
  for (AlertmanagerConfig& alertmanager : config.alertmanagers) {
    next->targets.push_back(FindOrMake(std::move(alertmanager), *before));
  }
  Exchange(next);
  for (const auto& target : before->targets) {
    if (std::find(next->targets.begin(), next->targets.end(), target) == next->targets.end()) {
      target->Stop();
    }
  }
}

std::shared_ptr<AlertmanagerTarget> AlertmanagerSender::FindOrMake(AlertmanagerConfig config,
                                                                   const Setup& before) {
  config.http.user_agent = user_agent_;
  for (const auto& target : before.targets) {
    if (target->url() != config.url) continue;
    target->Configure(std::move(config));
    return target;
  }
  return std::make_shared<AlertmanagerTarget>(std::move(config), clock_, log_, make_client_);
}

void AlertmanagerSender::Send(std::span<const Alert> alerts) {
  const std::shared_ptr<const Setup> setup = this->setup();
  if (setup->targets.empty()) return;
  OutgoingAlerts outgoing;
  for (const Alert& alert : alerts) {
    const std::optional<Labels> labels =
        Relabel(WithExternal(alert.labels, setup->external_labels), setup->alert_relabel);
    if (labels) outgoing.push_back({*labels, std::make_shared<const Alert>(alert)});
  }
  for (const auto& target : setup->targets) target->Push(outgoing);
}

void AlertmanagerSender::Stop(Duration patience) {
  const MutexLock lock(configuring_);
  const Targets targets = Exchange(std::make_shared<const Setup>())->targets;
  if (targets.empty()) return;
  std::stop_source all_drained;
  const auto waiting = std::make_shared<std::atomic<std::size_t>>(targets.size());
  for (const auto& target : targets) {
    target->Drain([waiting, all_drained]() mutable {
      if (--*waiting == 0) all_drained.request_stop();
    });
  }
  clock_.WaitUntil(clock_.SteadyNow() + patience, all_drained.get_token());
  for (const auto& target : targets) target->Stop();
}

std::vector<DeliveryStats> AlertmanagerSender::stats() const {
  std::vector<DeliveryStats> all;
  for (const auto& target : setup()->targets) all.push_back(target->stats());
  return all;
}

std::shared_ptr<const AlertmanagerSender::Setup> AlertmanagerSender::setup() const {
  const MutexLock lock(mutex_);
  return setup_;
}

std::shared_ptr<const AlertmanagerSender::Setup> AlertmanagerSender::Exchange(
    std::shared_ptr<const Setup> next) {
  const MutexLock lock(mutex_);
  return std::exchange(setup_, std::move(next));
}

}  // namespace tocsin::notify

#include "exporter/ringer.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "exporter/storage.h"
#include "exporter/version.h"

namespace tocsin {
namespace {

/// How often the first round of the rules is looked for.
constexpr Duration kLook = std::chrono::milliseconds(20);

/// What the disk gets at least to take the outcomes of the last deliveries.
constexpr Duration kLastWrites = std::chrono::milliseconds(200);

std::string UserAgent() {
  return fmt::format("tocsin/{}", Version());
}

}  // namespace

Ringer::Ringer(Parts parts)
    : parts_(std::move(parts)),
      alertmanagers_(parts_.clock, parts_.log, UserAgent()),
      notify_metrics_(parts_.registry),
      notifier_metrics_(parts_.registry),
      deadman_({.progress = parts_.progress,
                .clock = parts_.clock,
                .log = parts_.log,
                .user_agent = UserAgent()}) {}

Ringer::~Ringer() = default;

Status Ringer::Open(const std::filesystem::path& storage) {
  Result<std::unique_ptr<notify::NotifyStore>> store = notify::NotifyStore::Open(
      storage.empty() ? std::filesystem::path(kNoStorage) : NotifyFile(storage), {}, parts_.clock,
      parts_.log);
  if (!store) return store.error();
  store_ = std::move(*store);
  notify::SenderParts sender;
  sender.clock = &parts_.clock;
  sender.log = &parts_.log;
  sender.user_agent = UserAgent();
  sender.recent_values = parts_.recent_values;
  notifier_ = std::make_unique<notify::Notifier>(*store_, std::move(sender));
  return {};
}

void Ringer::Apply(const Config& config, std::string external_url) {
  for (const std::string& note : config.notify->notes) {
    parts_.log.Warn("configuration of the notifier", {{"note", note}});
  }
  {
    const MutexLock lock(mutex_);
    external_url_ = external_url;
    configuration_ = config.notify->text;
  }
  const Labels& external_labels = config.global.external_labels;
  alertmanagers_.Configure(config.notify->alertmanagers, external_labels);
  notifier_->Configure(config.notify, external_labels, std::move(external_url));
  deadman_.Configure(config.notify);
}

void Ringer::Start() {
  opener_ = std::jthread([this](const std::stop_token& stop) { AwaitFirstRound(stop); });
}

void Ringer::AwaitFirstRound(const std::stop_token& stop) {
  EvaluationRounds rounds(parts_.progress);
  const Clock& clock = parts_.clock;
  const SteadyPoint latest = clock.SteadyNow() + kLongestWait;
  if (!parts_.progress.groups().empty()) {
    while (!rounds.HasEnded() && clock.SteadyNow() < latest) {
      if (!clock.WaitUntil(clock.SteadyNow() + kLook, stop)) return;
    }
  }
  notifier_->Open();
}

void Ringer::Send(std::span<const Alert> alerts) {
  alertmanagers_.Send(alerts);
  notifier_->Send(alerts);
}

void Ringer::Resume(std::span<const Alert> alerts) {
  notifier_->Resume(alerts);
}

NotifierAccess Ringer::access() {
  NotifierAccess access;
  notify::Notifier& notifier = *notifier_;
  const notify::NotifyStore& store = *store_;
  access.alerts = [&notifier] { return notifier.Alerts(); };
  access.find_alert = [&notifier](std::uint64_t alert) { return notifier.FindAlert(alert); };
  access.groups = [&notifier] { return notifier.Groups(); };
  access.post = [&notifier](std::vector<Alert> alerts) { notifier.Post(std::move(alerts)); };
  access.naming = [&notifier] { return notifier.naming(); };
  access.silences = [&notifier] { return notifier.AllSilences(); };
  access.find_silence = [&notifier](std::string_view id) { return notifier.FindSilence(id); };
  access.set_silence = [&notifier](notify::Silence silence) {
    return notifier.SetSilence(std::move(silence));
  };
  access.expire_silence = [&notifier](std::string_view id) { return notifier.ExpireSilence(id); };
  access.history = [&store](const auto& query) { return store.History(query); };
  access.dead_letters = [&store](std::size_t limit) { return store.DeadLetters(limit); };
  access.receivers = [&notifier] {
    std::vector<std::string> names;
    for (const notify::Receiver& receiver : notifier.config()->receivers) {
      names.push_back(receiver.name);
    }
    return names;
  };
  access.configuration = [this] {
    const MutexLock lock(mutex_);
    return configuration_;
  };
  access.external_url = [this] { return external_url(); };
  return access;
}

std::string Ringer::external_url() const {
  const MutexLock lock(mutex_);
  return external_url_;
}

void Ringer::UpdateMetrics() {
  const notify::Notifier::Stats stats = notifier_->stats();
  std::vector<notify::DeliveryStats> destinations = alertmanagers_.stats();
  for (const notify::DeliveryStats& one : stats.destinations) destinations.push_back(one);
  notify_metrics_.Update(destinations, parts_.clock.Now());
  notifier_metrics_.Update(stats, store_->stats(), deadman_.stats());
}

void Ringer::StopWatching() {
  opener_.request_stop();
  if (opener_.joinable()) opener_.join();
  deadman_.Stop();
}

void Ringer::Stop(Duration patience) {
  const SteadyPoint deadline = parts_.clock.SteadyNow() + patience;
  StopWatching();
  {
    const std::jthread both([&] { alertmanagers_.Stop(patience); });
    notifier_->Stop(patience);
  }
  store_->Flush(std::max(deadline, parts_.clock.SteadyNow() + kLastWrites));
}

}  // namespace tocsin

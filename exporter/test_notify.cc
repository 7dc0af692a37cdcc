#include "exporter/test_notify.h"

#include <algorithm>
#include <iostream>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/clock.h"
#include "base/log.h"
#include "exporter/config.h"
#include "exporter/external_url.h"
#include "exporter/version.h"
#include "notify/notification.h"
#include "notify/outcome.h"
#include "notify/received_alert.h"
#include "notify/receiver.h"

namespace tocsin {
namespace {

constexpr int kDone = 0;
constexpr int kFailed = 1;

/// An alert that says what it is.
notify::NotifiedAlert TestAlert(TimePoint now) {
  notify::NotifiedAlert alert;
  alert.labels = {{"alertname", "TocsinTest"}, {"severity", "info"}};
  alert.annotations = {{"description", "Somebody has run tocsin test notify. Nothing is wrong."},
                       {"summary", "This is a test: notifications of tocsin arrive here."}};
  alert.starts_at = now;
  alert.is_new = true;
  alert.fingerprint = notify::Fingerprint(alert.labels);
  return alert;
}

notify::Notification TestNotification(const std::string& receiver, TimePoint now) {
  notify::Notification notification;
  notification.event_id = notify::RandomUuid();
  notification.receiver = receiver;
  // A group of its own: receivers that keep one message for each group begin a new one.
  notification.group_key = "{}/test:" + notification.event_id;
  notification.group_labels = {{"alertname", "TocsinTest"}};
  notification.alerts = {TestAlert(now)};
  notification.reason = notify::NotifyReason::kTest;
  notification.decided_at = now;
  return notification;
}

/// Sends all that the entry makes of it; the first failure ends that.
notify::Outcome SendThrough(const notify::Integration& integration,
                            const notify::Notification& notification,
                            const notify::SenderParts& parts) {
  const auto sender = integration.MakeSender(parts);
  notify::Outcome last;
  for (notify::Delivery& delivery : integration.Split(notification)) {
    last = sender->Send(delivery, std::stop_token());
    if (last.next != notify::Outcome::Next::kDelivered) return last;
  }
  return last;
}

int TestReceiver(const notify::Receiver& receiver, const notify::SenderParts& parts) {
  const notify::Notification notification = TestNotification(receiver.name, parts.clock->Now());
  if (receiver.entries.empty()) {
    std::cout << fmt::format("{}: has no entries, so it tells nobody\n", receiver.name);
  }
  int status = kDone;
  for (const notify::Receiver::Entry& entry : receiver.entries) {
    const notify::Outcome outcome = SendThrough(*entry.integration, notification, parts);
    if (outcome.next == notify::Outcome::Next::kDelivered) {
      std::cout << fmt::format("{} {}: delivered{}{}\n", receiver.name, entry.Id(),
                               outcome.in_part ? ", but " : "",
                               outcome.in_part ? outcome.message : std::string());
      continue;
    }
    std::cout << fmt::format("{} {}: failed ({}): {}\n", receiver.name, entry.Id(),
                             Name(outcome.reason), outcome.message);
    status = kFailed;
  }
  return status;
}

}  // namespace

int TestNotify(const TestNotifyFlags& flags) {
  const Result<Config> config = LoadConfig(flags.config);
  if (!config) {
    std::cerr << config.error().message << '\n';
    return kFailed;
  }
  const std::vector<notify::Receiver>& receivers = config->notify->receivers;
  const auto found = std::find_if(receivers.begin(), receivers.end(), [&](const auto& receiver) {
    return receiver.name == flags.receiver;
  });
  if (found == receivers.end()) {
    std::vector<std::string> names;
    names.reserve(receivers.size());
    for (const notify::Receiver& receiver : receivers) names.push_back(receiver.name);
    std::cerr << fmt::format("tocsin: {}: no receiver is called '{}'; there are: {}\n",
                             flags.config.string(), flags.receiver, fmt::join(names, ", "));
    return kFailed;
  }
  const SystemClock clock;
  const Log log(LogLevel::kWarn, LogFormat::kLogfmt);
  notify::SenderParts parts;
  parts.clock = &clock;
  parts.log = &log;
  parts.external_url =
      ExternalUrl(*config, ExternalAddress(config->server.external_url, config->server.listen));
  parts.user_agent = fmt::format("tocsin/{}", Version());
  return TestReceiver(*found, parts);
}

}  // namespace tocsin

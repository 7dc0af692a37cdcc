#include "rules/restart.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "rules/text_object.h"

namespace tocsin {
namespace {

/// Whether somebody was told that it fires, and not that it is over.
bool IsToldAsFiring(const ActiveAlert& alert) {
  if (alert.state == AlertState::kFiring) return true;
  return alert.resolved_at && alert.last_sent_at && *alert.last_sent_at < *alert.resolved_at;
}

Alert Told(const ActiveAlert& alert) {
  Alert told;
  told.labels = alert.labels;
  told.annotations = alert.annotations;
  told.starts_at = TimePoint(Duration(alert.fired_at.value_or(alert.active_at)));
  told.ends_at = TimePoint(Duration(alert.resolved_at.value_or(0)));
  told.resolved = true;
  told.reason = alert.reason;
  told.value = alert.value;
  return told;  // Without an address to look at: the expression is gone with its rule.
}

/// Ends `alert`, unless that has happened.
void Resolve(ActiveAlert& alert, Millis now) {
  if (alert.state != AlertState::kFiring) return;
  alert.state = AlertState::kInactive;
  alert.resolved_at = now;
  alert.reason = AlertReason::kRuleRemoved;
}

AlertEvent EventOf(std::shared_ptr<const EventSource> source, Millis now,
                   const ActiveAlert& before) {
  const bool was_pending = before.state == AlertState::kPending;
  AlertEvent event;
  event.kind = was_pending ? AlertEvent::Kind::kDropped : AlertEvent::Kind::kResolved;
  event.at = now;
  event.source = std::move(source);
  event.alert = before;
  Resolve(event.alert, now);
  return event;
}

}  // namespace

std::vector<RuleKey> KeysOf(const RuleGroup& group) {
  std::vector<RuleKey> keys;
  std::map<RuleKey, int> seen;
  for (const Rule& rule : group.rules) {
    RuleKey key{group.file, group.name, rule.name, ToTextObject(rule.labels)};
    if (const int number = ++seen[key]; number > 1) key.labels += fmt::format("#{}", number);
    keys.push_back(std::move(key));
  }
  return keys;
}

Duration Downtime(TimePoint as_of, Millis slot, Duration interval) {
  const Duration since = TimePoint(Duration(slot)) - as_of;
  return std::max(since - interval, Duration(0));
}

std::vector<ActiveAlert> AlertsToAdopt(std::vector<ActiveAlert> kept, Duration downtime,
                                       Duration tolerance) {
  if (downtime <= tolerance) return kept;
  std::erase_if(kept, [](const ActiveAlert& alert) { return alert.state == AlertState::kPending; });
  return kept;
}

void EndRemovedRules(AlertStore& state, AlertSink* sink, TimePoint now) {
  const Millis at = now.time_since_epoch().count();
  for (const auto& [key, kept] : state.TakeRest()) {
    const auto source =
        std::make_shared<const EventSource>(EventSource{key.group_file, key.group, key.rule});
    std::vector<Alert> told;
    std::vector<AlertEvent> events;
    for (const ActiveAlert& alert : kept.alerts) {
      if (alert.state != AlertState::kInactive) events.push_back(EventOf(source, at, alert));
      if (!IsToldAsFiring(alert)) continue;
      ActiveAlert resolved = alert;
      Resolve(resolved, at);
      told.push_back(Told(resolved));
    }
    if (sink != nullptr && !told.empty()) sink->Send(told);
    state.Record(std::move(events));
    state.Forget(key);
  }
}

}  // namespace tocsin

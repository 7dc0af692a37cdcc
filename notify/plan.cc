#include "notify/plan.h"

#include <algorithm>
#include <utility>

namespace tocsin::notify {
namespace {

constexpr int kRepeatsRemembered = 2;

/// How long it is remembered at least that a receiver believes an alert to fire: longer than any
/// silence or holiday that its end may have to wait for.
constexpr Duration kBeliefRemembered = std::chrono::hours(24 * 30);

bool Contains(const std::vector<std::uint64_t>& sorted, std::uint64_t fingerprint) {
  return std::binary_search(sorted.begin(), sorted.end(), fingerprint);
}

const Receiver* FindReceiver(const NotifyConfig& config, const std::string& name) {
  const auto found = std::find_if(config.receivers.begin(), config.receivers.end(),
                                  [&](const Receiver& receiver) { return receiver.name == name; });
  return found == config.receivers.end() ? nullptr : &*found;
}

std::vector<std::string> IntervalsNow(const std::vector<std::string>& names,
                                      const TimeIntervals& intervals, TimePoint now) {
  std::vector<std::string> result;
  for (const std::string& name : names) {
    if (ContainsAny(intervals, {name}, now)) result.push_back(name);
  }
  return result;
}

/// Splits what is due into what may be told and what is quiet, and counts why.
struct Sifted {
  ReceivedAlerts audible;
  ReceivedAlerts quiet;
};

Sifted Sift(const Dispatcher::Due& due, const PlanContext& context, QuietCounts& counts) {
  Sifted sifted;
  for (const ReceivedAlert& alert : due.alerts) {
    const bool inhibited = context.inhibitor.InhibitedBy(alert.labels, context.now).has_value();
    if (inhibited) ++counts.inhibited;
    (inhibited ? sifted.quiet : sifted.audible).push_back(alert);
  }
  const Route& route = *due.route;
  const TimeIntervals& intervals = context.config.time_intervals;
  const bool inactive = !route.active_time_intervals.empty() &&
                        !ContainsAny(intervals, route.active_time_intervals, context.now);
  const bool muted = ContainsAny(intervals, route.mute_time_intervals, context.now);
  if (inactive || muted) {
    (inactive ? counts.inactive : counts.muted) += sifted.audible.size();
    return {.audible = {}, .quiet = due.alerts};
  }
  const auto silenced = std::stable_partition(
      sifted.audible.begin(), sifted.audible.end(), [&](const ReceivedAlert& alert) {
        return context.silences.SilencedBy(alert.labels, context.now).empty();
      });
  counts.silenced += static_cast<std::uint64_t>(sifted.audible.end() - silenced);
  sifted.quiet.insert(sifted.quiet.end(), silenced, sifted.audible.end());
  sifted.audible.erase(silenced, sifted.audible.end());
  return sifted;
}

/// Whether somebody who was told this believes that the alert fires.
bool Believes(const LogEntry& last, std::uint64_t fingerprint) {
  return Contains(last.firing, fingerprint) || Contains(last.believed, fingerprint);
}

/// Of the alerts that are not told of now those that are believed to fire. Sorted.
std::vector<std::uint64_t> StillBelieved(const ReceivedAlerts& quiet, const LogEntry* last) {
  std::vector<std::uint64_t> believed;
  if (last == nullptr) return believed;
  for (const ReceivedAlert& alert : quiet) {
    const std::uint64_t fingerprint = Fingerprint(alert.labels);
    if (Believes(*last, fingerprint)) believed.push_back(fingerprint);
  }
  std::sort(believed.begin(), believed.end());
  return believed;
}

TimePoint ExpiryOf(const LogEntry& entry, const Telling& telling) {
  Duration kept = kRepeatsRemembered * std::max(telling.repeat_interval, telling.group_interval);
  const bool is_believed = !entry.firing.empty() || !entry.believed.empty();
  if (is_believed) kept = std::max(kept, kBeliefRemembered);
  return entry.at + kept;
}

/// Whether a destination that wants to hear of ends was told that the alert fires.
bool IsBelievedToFire(const ReceivedAlert& alert, const Receiver& receiver, const std::string& key,
                      const LogBook& log) {
  const std::uint64_t fingerprint = Fingerprint(alert.labels);
  return std::any_of(receiver.entries.begin(), receiver.entries.end(),
                     [&](const Receiver::Entry& entry) {
                       if (!entry.integration->send_resolved) return false;
                       const LogEntry* last = log.Find({key, {receiver.name, entry.Id()}});
                       return last != nullptr && Believes(*last, fingerprint);
                     });
}

GroupState StateOf(const std::vector<NotifiedAlert>& alerts) {
  GroupState state;
  for (const NotifiedAlert& alert : alerts) {
    (alert.resolved ? state.resolved : state.firing).push_back(alert.fingerprint);
  }
  std::sort(state.firing.begin(), state.firing.end());
  std::sort(state.resolved.begin(), state.resolved.end());
  return state;
}

std::optional<Notification> MakeNotification(const Telling& telling,
                                             std::vector<NotifiedAlert> alerts,
                                             const std::string& receiver, NotifyReason reason,
                                             TimePoint now) {
  if (alerts.empty()) return std::nullopt;
  Notification notification;
  notification.event_id = RandomUuid();
  notification.receiver = receiver;
  notification.group_key = telling.group_key;
  notification.group_labels = telling.group_labels;
  notification.alerts = std::move(alerts);
  notification.reason = reason;
  notification.decided_at = now;
  return notification;
}

}  // namespace

NotifiedAlert ToNotified(const ReceivedAlert& alert, TimePoint now) {
  const Alert& told = *alert.alert;
  NotifiedAlert notified;
  notified.labels = alert.labels;
  notified.annotations = told.annotations;
  notified.starts_at = told.starts_at;
  notified.resolved = alert.IsResolved(now);
  if (notified.resolved) notified.ends_at = told.ends_at;
  notified.reason = told.reason;
  if (told.rule != nullptr) {
    notified.value = told.value;
    notified.expression = told.rule->expression;
    notified.condition = told.rule->condition;
  }
  notified.generator_url = told.generator_url;
  notified.fingerprint = Fingerprint(alert.labels);
  return notified;
}

std::vector<std::string> MutedBy(const Route& route, const TimeIntervals& intervals,
                                 TimePoint now) {
  const bool inactive = !route.active_time_intervals.empty() &&
                        !ContainsAny(intervals, route.active_time_intervals, now);
  return inactive ? route.active_time_intervals
                  : IntervalsNow(route.mute_time_intervals, intervals, now);
}

std::optional<Told> PlanEntry(const Telling& telling, const std::string& receiver,
                              const Receiver::Entry& entry, const LogBook& log, TimePoint now) {
  Told told;
  told.key = {telling.group_key, {receiver, entry.Id()}};
  told.integration = entry.integration;
  const LogEntry* last = log.Find(told.key);
  std::vector<NotifiedAlert> alerts;
  alerts.reserve(telling.alerts.size());
  for (const ReceivedAlert& alert : telling.alerts) {
    NotifiedAlert& notified = alerts.emplace_back(ToNotified(alert, now));
    notified.is_new =
        !notified.resolved && (last == nullptr || !Contains(last->firing, notified.fingerprint));
  }
  GroupState state = StateOf(alerts);
  const std::optional<NotifyReason> reason =
      Decide(last, state, entry.integration->send_resolved, telling.repeat_interval, now);
  if (!reason) return std::nullopt;
  if (!entry.integration->send_resolved) {
    std::erase_if(alerts, [](const NotifiedAlert& alert) { return alert.resolved; });
  }
  told.entry = {now, std::move(state.firing), std::move(state.resolved),
                StillBelieved(telling.quiet, last)};
  told.expires = ExpiryOf(told.entry, telling);
  told.notification = MakeNotification(telling, std::move(alerts), receiver, *reason, now);
  return told;
}

GroupPlan PlanGroup(const Dispatcher::Due& due, const PlanContext& context) {
  GroupPlan plan;
  const Receiver* receiver = FindReceiver(context.config, due.route->receiver);
  if (receiver == nullptr) return plan;
  Sifted sifted = Sift(due, context, plan.quiet);
  for (const ReceivedAlert& alert : sifted.quiet) {
    if (alert.IsResolved(context.now) && IsBelievedToFire(alert, *receiver, due.key, context.log)) {
      plan.untold.push_back(alert);
    }
  }
  const Telling telling = {.group_key = due.key,
                           .group_labels = due.group_labels,
                           .alerts = std::move(sifted.audible),
                           .quiet = std::move(sifted.quiet),
                           .repeat_interval = due.route->repeat_interval,
                           .group_interval = due.route->group_interval};
  // Without an audible alert there is nothing to say: not even that what was told is over.
  if (telling.alerts.empty()) return plan;
  for (const Receiver::Entry& entry : receiver->entries) {
    std::optional<Told> told = PlanEntry(telling, receiver->name, entry, context.log, context.now);
    if (told) plan.told.push_back(std::move(*told));
  }
  return plan;
}

}  // namespace tocsin::notify

#include "notify/receiver_watch.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "notify/external_labels.h"

namespace tocsin::notify {
namespace {

constexpr std::string_view kGroupPrefix = "tocsin:receiver_failing:";

Labels LabelsOf(const Destination& failing) {
  return {{"alertname", ReceiverWatch::kAlertName},
          {"receiver", failing.receiver},
          {"integration", failing.entry},
          {"severity", "warning"}};
}

std::shared_ptr<const Alert> AlertOf(const DestinationHealth& health,
                                     const Labels& external_labels) {
  Alert alert;
  alert.labels = WithExternal(LabelsOf(health.destination), external_labels);
  alert.annotations = {
      {"description",
       fmt::format("Every attempt fails: {}. What could not be delivered waits in the outbox and "
                   "is tried again; GET /api/v1/tocsin/notifications shows the answers.",
                   health.last_error)},
      {"summary", fmt::format("Notifications do not reach {} of receiver {}.",
                              health.destination.entry, health.destination.receiver)}};
  alert.starts_at = *health.failing_since;
  return std::make_shared<const Alert>(std::move(alert));
}

const Receiver::Entry* FindEntry(const NotifyConfig& config, const Destination& destination) {
  for (const Receiver& receiver : config.receivers) {
    if (receiver.name != destination.receiver) continue;
    for (const Receiver::Entry& entry : receiver.entries) {
      if (entry.Id() == destination.entry) return &entry;
    }
  }
  return nullptr;
}

/// Of the working destinations, without `failing`, those whose receiver is in `receivers`.
std::vector<Destination> Working(const std::vector<DestinationHealth>& all,
                                 const Destination& failing,
                                 const std::set<std::string>* receivers) {
  std::vector<Destination> working;
  for (const DestinationHealth& health : all) {
    if (health.failing_since || health.destination == failing) continue;
    if (receivers != nullptr && !receivers->contains(health.destination.receiver)) continue;
    working.push_back(health.destination);
  }
  return working;
}

}  // namespace

void ReceiverWatch::Restore(const NotifyStore::LogKey& key, const Notification& last) {
  if (!key.first.starts_with(kGroupPrefix) || last.alerts.empty()) return;
  const NotifiedAlert& known = last.alerts.front();
  if (known.resolved) return;
  const Destination failing = {std::string(known.labels.Get("receiver")),
                               std::string(known.labels.Get("integration"))};
  Raised& raised = raised_[failing];
  raised.failing = failing;
  raised.told.push_back(key.second);
  Alert alert;
  alert.labels = known.labels;
  alert.annotations = known.annotations;
  alert.starts_at = known.starts_at;
  raised.alert = std::make_shared<const Alert>(std::move(alert));
}

void ReceiverWatch::Raise(const DestinationHealth& health,
                          const std::vector<DestinationHealth>& all,
                          const Surroundings& surroundings) {
  Raised raised;
  raised.failing = health.destination;
  raised.alert = AlertOf(health, surroundings.external_labels);
  std::set<std::string> routed;
  for (const Route* route : FindRoutes(*surroundings.config.route, raised.alert->labels)) {
    routed.insert(route->receiver);
  }
  raised.told = Working(all, health.destination, &routed);
  if (raised.told.empty()) raised.told = Working(all, health.destination, nullptr);
  if (!raised.told.empty()) raised_.insert_or_assign(health.destination, std::move(raised));
}

std::vector<ReceiverWatch::Raised> ReceiverWatch::Firing() const {
  std::vector<Raised> firing;
  for (const auto& [failing, raised] : raised_) {
    if (!raised.ended_at) firing.push_back(raised);
  }
  return firing;
}

std::vector<Told> ReceiverWatch::Look(const std::vector<DestinationHealth>& health,
                                      const Surroundings& surroundings, TimePoint now) {
  const NotifyConfig& config = surroundings.config;
  // After a start one that was not tried yet may still fail.
  std::set<Destination> doubtful;
  for (const DestinationHealth& one : health) {
    if (one.failing_since || !one.has_delivered) doubtful.insert(one.destination);
    const bool is_long = one.failing_since && config.failing_after > Duration(0) &&
                         now - *one.failing_since >= config.failing_after;
    if (!is_long) continue;
    const auto known = raised_.find(one.destination);
    if (known == raised_.end() || known->second.ended_at) Raise(one, health, surroundings);
  }
  std::vector<Told> told;
  for (auto entry = raised_.begin(); entry != raised_.end();) {
    Raised& raised = entry->second;
    if (!doubtful.contains(raised.failing) && !raised.ended_at) raised.ended_at = now;
    if (surroundings.is_quiet(raised.alert->labels)) {
      ++entry;
      continue;
    }
    ReceivedAlert alert = {raised.alert->labels, raised.alert, now};
    if (raised.ended_at) {
      Alert over = *raised.alert;
      over.resolved = true;
      over.ends_at = *raised.ended_at;
      over.reason = AlertReason::kResolved;
      alert.alert = std::make_shared<const Alert>(std::move(over));
    }
    const Telling telling = {
        fmt::format("{}{}/{}", kGroupPrefix, raised.failing.receiver, raised.failing.entry),
        alert.labels,
        {alert},
        {},
        config.route->repeat_interval,
        config.route->group_interval};
    for (const Destination& destination : raised.told) {
      const Receiver::Entry* hearer = FindEntry(config, destination);
      if (hearer == nullptr) continue;
      std::optional<Told> one =
          PlanEntry(telling, destination.receiver, *hearer, surroundings.log, now);
      if (one) told.push_back(std::move(*one));
    }
    entry = raised.ended_at ? raised_.erase(entry) : std::next(entry);
  }
  return told;
}

}  // namespace tocsin::notify

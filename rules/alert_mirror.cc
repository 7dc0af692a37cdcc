#include "rules/alert_mirror.h"

#include <iterator>
#include <set>
#include <utility>

#include "rules/alert_row.h"

namespace tocsin {

void AlertQueue::PutBack(AlertQueue&& older) {
  alerts.merge(older.alerts);
  evaluated.merge(older.evaluated);
  events.insert(events.begin(), std::make_move_iterator(older.events.begin()),
                std::make_move_iterator(older.events.end()));
}

void AlertMirror::Set(const RuleKey& key, const std::vector<ActiveAlert>& alerts) {
  if (alerts.empty()) {
    alerts_.erase(key);
    return;
  }
  Alerts& kept = alerts_[key];
  kept.clear();
  for (const ActiveAlert& alert : alerts) kept.emplace(alert.labels, alert);
}

AlertChanges AlertMirror::ChangesTo(const AlertQueue& queue) const {
  AlertChanges changes;
  static const Alerts kNone;
  for (const auto& [key, alerts] : queue.alerts) {
    const auto old = alerts_.find(key);
    AddChanges(key, old != alerts_.end() ? old->second : kNone, alerts, changes);
  }
  changes.evaluated = queue.evaluated;
  for (const AlertStore::StoredEvent& event : queue.events) changes.events.push_back(&event);
  return changes;
}

void AlertMirror::AddChanges(const RuleKey& key, const Alerts& old,
                             const std::vector<ActiveAlert>& alerts, AlertChanges& changes) {
  std::set<Labels> there;
  for (const ActiveAlert& alert : alerts) {
    there.insert(alert.labels);
    const auto before = old.find(alert.labels);
    if (before == old.end() || !IsSameRow(before->second, alert)) {
      changes.put.push_back({&key, &alert});
    }
  }
  for (const auto& [labels, alert] : old) {
    if (!there.contains(labels)) changes.gone.push_back({&key, &alert});
  }
}

AlertQueue AlertMirror::All() const {
  AlertQueue all;
  for (const auto& [key, alerts] : alerts_) {
    for (const auto& [labels, alert] : alerts) all.alerts[key].push_back(alert);
  }
  all.evaluated = evaluated_;
  return all;
}

}  // namespace tocsin

// What is to be written of alerts, and what is on disk already.

#pragma once

#include <deque>
#include <map>
#include <vector>

#include "base/clock.h"
#include "base/labels.h"
#include "rules/active_alert.h"
#include "rules/alert_file.h"
#include "rules/alert_store.h"

namespace tocsin {

/// What was told and is not yet on disk. An empty list of alerts: the rule has none, or is gone.
struct AlertQueue {
  std::map<RuleKey, std::vector<ActiveAlert>> alerts;
  std::map<GroupKey, TimePoint> evaluated;
  std::deque<AlertStore::StoredEvent> events;  ///< Their ids go up by one.

  bool empty() const { return alerts.empty() && evaluated.empty() && events.empty(); }

  /// Puts back what could not be written, under what has come since.
  void PutBack(AlertQueue&& older);
};

/// The tables as they are on disk, so that only what has changed is written. One
/// thread at a time.
class AlertMirror {
 public:
  explicit AlertMirror(const AlertFile::Contents& contents) : evaluated_(contents.evaluated) {
    for (const auto& [key, alerts] : contents.alerts) Set(key, alerts);
  }

  /// Points into this and into `queue`.
  AlertChanges ChangesTo(const AlertQueue& queue) const;
  /// `queue` is on disk now.
  void Apply(const AlertQueue& queue) {
    for (const auto& [key, alerts] : queue.alerts) Set(key, alerts);
    for (const auto& [group, at] : queue.evaluated) evaluated_[group] = at;
  }
  /// All that is known, to be written into an empty file.
  AlertQueue All() const;

 private:
  using Alerts = std::map<Labels, ActiveAlert>;
  void Set(const RuleKey& key, const std::vector<ActiveAlert>& alerts);
  static void AddChanges(const RuleKey& key, const Alerts& old,
                         const std::vector<ActiveAlert>& alerts, AlertChanges& changes);

  std::map<RuleKey, Alerts> alerts_;
  std::map<GroupKey, TimePoint> evaluated_;
};

}  // namespace tocsin

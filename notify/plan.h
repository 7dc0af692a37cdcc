// Who hears what of a group that is due.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "notify/decision.h"
#include "notify/dispatcher.h"
#include "notify/inhibition.h"
#include "notify/log_book.h"
#include "notify/notification.h"
#include "notify/notify_config.h"
#include "notify/notify_store.h"
#include "notify/silence.h"

namespace tocsin::notify {

/// Something that one destination is told, or only has to be remembered to know.
struct Told {
  NotifyStore::LogKey key;
  LogEntry entry;
  TimePoint expires;  ///< Of the entry.
  std::shared_ptr<const Integration> integration;
  /// Nothing: the destination does not want to hear of ends, and nothing fires any more.
  std::optional<Notification> notification;
};

/// How many alerts were kept quiet, by what.
struct QuietCounts {
  std::uint64_t silenced = 0;
  std::uint64_t inhibited = 0;
  std::uint64_t muted = 0;     ///< By a time interval.
  std::uint64_t inactive = 0;  ///< Outside all active time intervals.
};

/// What is decided about a group by. All of it outlives the decision.
struct PlanContext {
  const NotifyConfig& config;
  const Inhibitor& inhibitor;
  const Silences& silences;
  const LogBook& log;
  TimePoint now;
};

struct GroupPlan {
  std::vector<Told> told;
  /// Alerts that are resolved, but are kept quiet now while somebody believes that they fire: they
  /// have to stay in the group until that can be told. Alertmanager forgets them.
  ReceivedAlerts untold;
  QuietCounts quiet;
};

/// Leaves out what is kept quiet (by inhibition, time intervals and silences, in this order), and
/// asks Decide() for each entry of the group's receiver.
///
/// Pure. Source: Alertmanager, notify/notify.go, PipelineBuilder.
GroupPlan PlanGroup(const Dispatcher::Due& due, const PlanContext& context);

/// Tells one destination what is due: the last step of PlanGroup(), for groups that come from
/// elsewhere. `state` has the same alerts as `alerts`. Nothing if there is nothing to tell.
struct Telling {
  std::string group_key;
  Labels group_labels;
  ReceivedAlerts alerts;
  ReceivedAlerts quiet = {};  ///< Alerts of the group that are not to be told of now.
  Duration repeat_interval{0};
  Duration group_interval{0};
};
std::optional<Told> PlanEntry(const Telling& telling, const std::string& receiver,
                              const Receiver::Entry& entry, const LogBook& log, TimePoint now);

/// An alert as notifications have it; `is_new` is false.
NotifiedAlert ToNotified(const ReceivedAlert& alert, TimePoint now);

/// Which time intervals keep a route quiet at a moment: those that mute it, or, outside all of its
/// active ones, these. Empty if it is not quiet.
std::vector<std::string> MutedBy(const Route& route, const TimeIntervals& intervals, TimePoint now);

}  // namespace tocsin::notify

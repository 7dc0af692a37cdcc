// Alerts, put into groups that become due.

#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/labels.h"
#include "base/moment.h"
#include "notify/received_alert.h"
#include "notify/route.h"

namespace tocsin::notify {

/// Which alerts there are, in which groups they are, and when each group is looked at. Knows no
/// receiver, silence or disk.
///
/// A group is first due `group_wait` after its first alert came, at once if that alert has fired
/// for longer than this already, and then every `group_interval`. Once it was due, `resolve_wait`
/// brings the next time forward to that long after one of its alerts was resolved, or ended because
/// it was not renewed. A group without alerts is forgotten.
///
/// What comes in and what is due costs the logarithm of the number of groups.
///
/// Pure: time is handed in. One thread at a time.
/// Source: Alertmanager, dispatch/dispatch.go.
class Dispatcher {
 public:
  /// A resolved alert is forgotten after this, when every group has told of it.
  static constexpr Duration kResolvedRetention = std::chrono::minutes(15);

  explicit Dispatcher(std::shared_ptr<const Route> root);
  ~Dispatcher();
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  /// Takes the newest state of an alert. Two states of one alert are merged: the earlier start, if
  /// the older one had not ended before the newer one began. Resolved alerts that were not known
  /// are grouped like others: somebody may have heard of them before a restart. Those that have
  /// left their groups do not come back. Returns the alert as it is now, valid until the next call.
  const ReceivedAlert& Receive(ReceivedAlert alert, const Moment& now);

  /// Another tree: every alert is routed anew. Groups with the same key keep their times.
  void SetRoute(std::shared_ptr<const Route> root, const Moment& now);

  /// When the next group is due; nothing without groups. May be too early if a group has alerts
  /// that are renewed and its route a `resolve_wait`: then TakeDue() gives nothing.
  std::optional<SteadyPoint> NextDue() const;

  struct Due {
    std::shared_ptr<const Route> root;  ///< Holds `route`.
    const Route* route = nullptr;
    std::string key;
    Labels group_labels;
    ReceivedAlerts alerts;  ///< In Alertmanager's order: by job, instance, labels.
  };
  /// The groups that are due, in the order of their routes and keys; each is due again after its
  /// interval.
  std::vector<Due> TakeDue(const Moment& now);

  /// What the group `due` says was taken care of: alerts that were resolved at `at`, and have not
  /// changed since, leave the group.
  void Settle(const Due& due, TimePoint at);

  /// Every alert that is known, in no order; those that ended long ago are forgotten.
  void ForEachAlert(const std::function<void(const ReceivedAlert&)>& visit) const;
  const ReceivedAlert* Find(const Labels& labels) const;
  /// The receivers an alert goes to, in the order of the routes, each once.
  std::vector<std::string> ReceiversOf(const Labels& labels) const;

  struct GroupView {
    const Route* route = nullptr;  ///< Valid until SetRoute().
    std::string key;
    Labels group_labels;
    ReceivedAlerts alerts;
  };
  std::vector<GroupView> Groups() const;
  std::size_t group_count() const;
  std::size_t alert_count() const;

  /// Forgets alerts that ended kResolvedRetention ago and are in no group. Returns them.
  ReceivedAlerts DropOld(TimePoint now);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tocsin::notify

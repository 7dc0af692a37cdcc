// All rule groups, each on its own slots of the clock.

#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "rules/alert_store.h"
#include "rules/group.h"

namespace tocsin {

/// When the evaluations of a group are due: at the same instants in every replica that has the same
/// files, spread over the interval by a hash of the group's file and name.
/// `at` is the last slot at or before `now`.
Millis SlotAtOrBefore(const RuleGroup& group, Duration interval, Millis now);

/// Evaluates groups in parallel, a thread for each, so that a slow one never delays another.
/// Missed slots are counted, never evaluated later. A jump of the wall clock or a suspended machine
/// is noticed (wall against monotonic): that evaluation is skipped.
///
/// Safe for concurrent use; `Replace()` and `Stop()` wait for each other.
class RuleManager {
 public:
  struct Settings {
    Duration default_interval = std::chrono::seconds(15);
    Duration query_offset{0};
    Duration outage_tolerance = std::chrono::hours(1);
    Duration grace_period = std::chrono::minutes(10);
    RuleEnvironment environment;  ///< `observer` is the manager's own.
  };

  /// `state` may be null: nothing is kept over a restart, but `for` timers are got back from the
  /// store's history.
  RuleManager(Settings settings, AlertStore* state, const Clock& clock, const Log& log);
  ~RuleManager();
  RuleManager(const RuleManager&) = delete;
  RuleManager& operator=(const RuleManager&) = delete;

  /// Makes `groups` the running set. Those that say the same go on undisturbed; a changed one takes
  /// over the state of its predecessor; one that is gone resolves its alerts.
  void Replace(std::vector<EffectiveGroup> groups, const Settings& settings);

  /// Ends after the evaluations in progress.
  void Stop();

  /// In the order of the files. Without waiting for evaluations.
  std::vector<GroupView> Views(bool with_alerts = true) const;
  std::vector<std::shared_ptr<const Group>> Groups() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tocsin

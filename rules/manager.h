// All rule groups, each on its own slots of the clock.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "rules/alert_store.h"
#include "rules/group.h"
#include "rules/rule_policy.h"

namespace tocsin {

/// Evaluates groups in parallel, each at its slots (see Timetable). A slow group never delays
/// another: there are as many threads as groups are evaluated at one time, and one that waits for
/// the next slot of any. Missed slots are counted, never evaluated later. After a jump of the wall
/// clock or a suspension, groups leave out an evaluation.
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
    /// Asked before each evaluation: whether there is anything to evaluate on. After a start, what
    /// has not been collected yet would look as if it were gone. Null: always.
    std::function<bool()> may_evaluate;
  };

  /// `state` may be null: nothing is kept over a restart, but `for` timers are got back from the
  /// store's history. It, `clock` and `log` outlive the manager.
  RuleManager(AlertStore* state, const Clock& clock, const Log& log);
  ~RuleManager();
  RuleManager(const RuleManager&) = delete;
  RuleManager& operator=(const RuleManager&) = delete;

  /// Makes `groups` the running set; no two have the same file and name. Those that say the same go
  /// on undisturbed. A changed one takes over the state of its predecessor, once that is not being
  /// evaluated. One that is gone ends two intervals later: stale markers, resolved alerts; if it is
  /// back before, it goes on with what it had. Waits for no evaluation.
  ///
  /// The first call starts the rules: they take over what `state` has kept of them, and what it has
  /// kept of other rules is resolved.
  void Replace(std::vector<EffectiveGroup> groups, const Settings& settings);

  /// Ends after the evaluations in progress. Groups stay what they are; after a restart they go on.
  void Stop();

  /// In the order of Replace(). Without waiting for evaluations.
  std::vector<GroupView> Views(bool with_alerts = true) const;
  std::vector<std::shared_ptr<const Group>> Groups() const;
  /// How many evaluations have ended, of all groups there have been.
  std::uint64_t evaluations() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tocsin

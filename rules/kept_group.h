// A rule group whose alerts are kept over a restart.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "rules/alert_store.h"
#include "rules/group.h"
#include "rules/rule_policy.h"

namespace tocsin {

/// A group, and what it takes to find its alerts again after a restart: what each evaluation has
/// changed is put into an AlertStore, and what was there is taken over at the start.
///
/// Evaluate(), CountMissed(), TakeOver() and End() by one thread at a time, also for the group that
/// is taken over.
class KeptGroup final : public RuleObserver {
 public:
  struct Settings {
    Group::Settings group;
    Duration outage_tolerance{0};
    Duration grace_period{0};
    /// Of a group that nothing precedes: when its first evaluation is. Its alerts are those that
    /// `state` knows. None: the group is to take over another's.
    std::optional<Millis> first_slot;
    /// Whether `for` timers of rules that `state` does not know are got back from the store's
    /// history: only when all of tocsin has been restarted.
    bool restores_from_series = false;
  };
  /// `state` may be null; it and what `environment` points to outlive the group, `clock` too.
  KeptGroup(EffectiveGroup definition, const Settings& settings, const RuleEnvironment& environment,
            AlertStore* state, const Clock& clock);

  const Group& group() const { return group_; }
  /// Whether such a group would be evaluated in no other way than this one.
  bool IsSameAs(const EffectiveGroup& definition, const Group::Settings& settings,
                const RuleEnvironment& environment) const;

  void Evaluate(Millis at);
  void CountMissed(std::uint64_t missed) { group_.CountMissed(missed); }
  void ShiftTimers(Duration by) {
    group_.ShiftTimers(by);
    puts_all_ = true;
  }
  /// Takes the state of `old`, which is evaluated no more.
  void TakeOver(KeptGroup& old);
  /// Is evaluated no more and succeeded by none: its alerts end.
  void End(Millis at);

  void OnEvaluation(Group& group, std::size_t rule, std::vector<AlertEvent> events,
                    bool changed) override;
  void OnEnd(Group& group, std::vector<AlertEvent> events) override;

 private:
  using KeptAlerts = std::vector<std::optional<AlertStore::Kept>>;
  Settings Resolved(Settings settings) const;
  void Adopt();
  void Restore();

  const std::vector<RuleKey> keys_;  ///< Of the group's rules.
  AlertStore* const state_;
  const Clock& clock_;
  const RuleEnvironment environment_;
  KeptAlerts kept_;  ///< Of the rules, until they are adopted.
  const Settings settings_;
  Group group_;
  int evaluations_until_restore_;  ///< 0: there is nothing to restore.
  Millis evaluating_ = 0;          ///< The slot that is evaluated.
  /// Whether the next evaluation puts all alerts into `state_`, as they are others than there.
  bool puts_all_ = false;
  std::vector<RuleKey> removed_;  ///< Rules of predecessors that end with the next evaluation.
};

}  // namespace tocsin

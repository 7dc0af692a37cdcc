// A rule group at work: its rules evaluated in order, and what they have found so far.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/labels.h"
#include "rules/active_alert.h"
#include "rules/alert_event.h"
#include "rules/rule_environment.h"
#include "rules/rule_policy.h"
#include "rules/rule_restoration.h"
#include "rules/rule_view.h"

namespace tocsin {

/// Is told what rules have done, at the end of each rule's evaluation. Never waits for a disk.
class RuleObserver {
 public:
  virtual ~RuleObserver() = default;
  /// `events` may be empty. `changed` says whether anything that is kept over a restart has changed
  /// (times of sending too), so that the rule's alerts must be written anew.
  virtual void OnEvaluation(class Group& group, std::size_t rule, std::vector<AlertEvent> events,
                            bool changed) = 0;
  /// What has become of the alerts of rules that TakeOver() has not found in the new group.
  // NOLINTNEXTLINE(performance-unnecessary-value-param): who overrides this keeps them.
  virtual void OnEnd(class Group& /*group*/, std::vector<AlertEvent> /*events*/) {}
};

/// One group. View(), Alerts() and LastWritten() by any thread at any time, without waiting for a
/// query; everything else by one thread at a time.
///
/// Source: rules of Prometheus 3 ("Alerting rules", "Defining recording rules"): what a rule does
/// in one evaluation, when it tells of its alerts, which series it writes.
class Group {
 public:
  struct Settings {
    Duration interval{60'000};  ///< In force, the group's own or the default.
    Duration query_offset{0};
    bool restored = true;  ///< Else ALERTS is not written before RestoreFromSeries().
  };
  Group(EffectiveGroup definition, const Settings& settings, const RuleEnvironment& environment);
  ~Group();
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  const EffectiveGroup& definition() const;
  const Settings& settings() const;

  /// One iteration at `at`. Rules see what earlier ones have written.
  void Evaluate(Millis at);
  /// Evaluations that should have been and were not.
  void CountMissed(std::uint64_t missed);
  /// The wall clock has jumped ahead, or the machine was suspended: that time counts neither for
  /// `for` nor for `keep_firing_for`.
  void ShiftTimers(Duration by);

  /// What was kept of a rule's alerts, by group, name and labels of the rule; before the first
  /// evaluation. Pending ones are shifted by `downtime`; of the others those that were told are
  /// given to AlertSink::Resume(). See docs/alerts.md, "Restarts".
  void Adopt(std::size_t rule, std::vector<ActiveAlert> alerts, Duration downtime);
  /// Gets `for` timers of rules that have adopted nothing from ALERTS_FOR_STATE in the store, as
  /// Prometheus does; after this ALERTS is written.
  using Restoration = RuleRestoration;
  void RestoreFromSeries(const Restoration& restoration);

  /// Takes the state of `old`, which is evaluated no more, rule by rule: same name and labels, in
  /// order. What `old` has and this has not is ended at the next evaluation: stale markers, and
  /// resolved alerts with kRuleRemoved.
  void TakeOver(Group& old);
  /// Is evaluated no more: stale markers at `at` for what it wrote, alerts resolved.
  void End(Millis at);

  GroupView View(bool with_alerts = true) const;
  /// All alerts of a rule, those that are resolved and not yet forgotten too: what is kept over a
  /// restart.
  std::vector<ActiveAlert> Alerts(std::size_t rule) const;
  /// The series that the last evaluation of the rules has written, with their values, for /metrics.
  struct Written {
    Labels labels;
    double value;
  };
  std::vector<Written> LastWritten() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tocsin

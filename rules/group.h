// A rule group at work: its rules evaluated in order, and what they have found so far.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/alert.h"
#include "base/clock.h"
#include "base/labels.h"
#include "base/log.h"
#include "rules/active_alert.h"
#include "rules/promql/engine.h"
#include "rules/rule_file.h"
#include "rules/rule_policy.h"
#include "rules/storage/sample_store.h"

namespace tocsin {

/// A change in the life of an alert, for the history and for what is kept over a restart.
struct AlertEvent {
  enum class Kind { kPending, kFiring, kResolved, kDropped };  ///< kDropped: was pending only.
  Kind kind = Kind::kPending;
  Millis at = 0;
  std::string group_file;
  std::string group;
  std::string rule;
  ActiveAlert alert;  ///< As it is after the change.
};
std::string_view Name(AlertEvent::Kind kind);

/// Is told what rules have done, at the end of each rule's evaluation. Never waits for a disk.
class RuleObserver {
 public:
  virtual ~RuleObserver() = default;
  /// `events` may be empty. `changed` says whether anything that is kept over a restart has changed
  /// (times of sending too), so that the rule's alerts must be written anew.
  virtual void OnEvaluation(class Group& group, std::size_t rule,
                            std::span<const AlertEvent> events, bool changed) = 0;
};

/// What rules are evaluated with. What it points to outlives the groups.
struct RuleEnvironment {
  const promql::Engine* engine = nullptr;
  SampleStore* store = nullptr;
  AlertSink* sink = nullptr;         ///< Null: alerts are told to nobody.
  RuleObserver* observer = nullptr;  ///< Null: nobody is told.
  const Clock* clock = nullptr;      ///< Measures how long evaluations take.
  const Log* log = nullptr;
  Labels external_labels;
  std::string external_url;  ///< Without a slash at the end.
  Duration resend_delay = std::chrono::minutes(1);
  Duration resolved_retention = std::chrono::minutes(15);
  /// Whether the source of a series is known to be down: of a metric name and labels, from the
  /// sample that was last seen. Null: `up` with the same `job` and `instance` decides.
  std::function<bool(const Labels& series, Millis at)> source_is_down;
};

enum class RuleHealth { kUnknown, kOk, kError };
/// "unknown", "ok", "err".
std::string_view Name(RuleHealth health);

/// What can be seen of a rule: the API, the metrics, the page.
struct RuleView {
  std::shared_ptr<const Rule> rule;
  RuleHealth health = RuleHealth::kUnknown;
  std::string last_error;
  std::optional<TimePoint> last_evaluation;
  double evaluation_seconds = 0;
  std::optional<AlertState> state;  ///< Of alerting rules: the highest; none before the first time.
  std::vector<ActiveAlert> alerts;  ///< Pending and firing ones, sorted by labels.
};

struct GroupView {
  std::string file;
  std::string name;
  Duration interval{0};
  std::size_t limit = 0;
  std::optional<TimePoint> last_evaluation;
  double evaluation_seconds = 0;  ///< How long the last iteration took.
  double rule_seconds_sum = 0;    ///< The sum over its rules.
  double restore_seconds = 0;
  std::size_t last_samples = 0;  ///< Series written by the last iteration.
  std::uint64_t iterations = 0;
  std::uint64_t missed = 0;
  std::uint64_t evaluations = 0;  ///< Of rules.
  std::uint64_t failures = 0;     ///< Of rules.
  std::vector<RuleView> rules;
};

/// One group. Evaluate(), Restore(), TakeOver() and End() by one thread at a time; View() and
/// Alerts() by any thread meanwhile, without waiting for a query.
///
/// Source: rules of Prometheus 3 ("Alerting rules", "Defining recording rules"): what a rule does
/// in one evaluation, when it tells of its alerts, which series it writes.
class Group {
 public:
  struct Settings {
    Duration interval{60'000};  ///< In force, the group's own or the default.
    Duration query_offset{0};
    bool restored = true;  ///< Whether ALERTS is written at once, see Restore().
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

  /// What was kept of a rule's alerts, by group, name and labels of the rule; before the first
  /// evaluation. Pending ones are shifted by `downtime`; see docs/rules.md, "Restarts".
  void Adopt(std::size_t rule, std::vector<ActiveAlert> alerts, Duration downtime);
  /// Gets `for` timers of rules that have adopted nothing from ALERTS_FOR_STATE in the store, as
  /// Prometheus does; after this ALERTS is written.
  struct Restoration {
    Millis now = 0;
    Duration outage_tolerance = std::chrono::hours(1);
    Duration grace_period = std::chrono::minutes(10);
  };
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

// What a group asks of its rules, whatever their kind.

#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/labels.h"
#include "base/mutex.h"
#include "rules/alert_event.h"
#include "rules/rule_environment.h"
#include "rules/rule_view.h"
#include "rules/series_writer.h"
#include "rules/storage/sample.h"

namespace tocsin {

/// What of its group a rule has to know.
struct RuleSettings {
  std::string group;  ///< Its name.
  Duration interval{0};
  Duration query_offset{0};
  std::size_t limit = 0;  ///< 0 is none.
};

/// What one evaluation of a rule has done.
struct RuleOutcome {
  std::optional<std::string> error;                ///< Why it has done nothing, or not all of it.
  std::optional<promql::Position> error_position;  ///< See RuleView.
  std::size_t samples = 0;                         ///< Written to the store.
  std::optional<std::size_t> result_series;        ///< See RuleView.
  std::vector<AlertEvent> events;                  ///< Without the names of group and rule.
  bool changed = false;  ///< Something that is kept over a restart is another now.
};

/// A rule and what it has found so far. Health, alerts and series can be seen by any thread at any
/// time, without waiting for a query; everything else is called by one thread at a time.
class EvaluatedRule {
 public:
  /// What `environment` points to outlives it.
  EvaluatedRule(std::shared_ptr<const Rule> rule, const RuleSettings& settings,
                std::shared_ptr<const RuleEnvironment> environment)
      : rule_(std::move(rule)), settings_(settings), environment_(std::move(environment)) {}
  virtual ~EvaluatedRule() = default;
  EvaluatedRule(const EvaluatedRule&) = delete;
  EvaluatedRule& operator=(const EvaluatedRule&) = delete;

  const Rule& rule() const { return *rule_; }

  /// Evaluates the rule at `at` and remembers how that went.
  RuleOutcome Evaluate(Millis at);
  /// The rule is no more: stale markers for what it wrote, resolved alerts with kRuleRemoved.
  RuleOutcome End(Millis at);
  /// Whether the two are the same rule to whom state belongs: kind, name and labels.
  bool IsSuccessorOf(const EvaluatedRule& old) const;
  /// Takes the state of `old`, which it succeeds and which has none afterwards.
  void TakeOver(EvaluatedRule& old);

  RuleView View(bool with_alerts) const;
  std::vector<std::pair<Labels, double>> Written() const { return writer_.Written(); }

  // What only alerting rules have something to say about.

  /// The wall clock has jumped ahead: that time counts for no timer.
  virtual void ShiftTimers(Duration /*by*/) {}

  // NOLINTNEXTLINE(performance-unnecessary-value-param): who overrides this keeps them.
  virtual void Adopt(std::vector<ActiveAlert> /*alerts*/, Duration /*downtime*/) {}
  virtual std::vector<ActiveAlert> Alerts() const { return {}; }
  virtual std::optional<AlertState> HighestState() const { return std::nullopt; }

 protected:
  virtual RuleOutcome EvaluateAt(Millis at) = 0;
  virtual RuleOutcome EndAt(Millis at) = 0;
  virtual void TakeOverFrom(EvaluatedRule& old) = 0;

  const RuleSettings& settings() const { return settings_; }
  const RuleEnvironment& environment() const { return *environment_; }
  SeriesWriter& writer() { return writer_; }
  /// When what belongs to the evaluation at `at` is read and written.
  Millis Shifted(Millis at) const { return at - settings_.query_offset.count(); }
  /// Writes the series at `at`, shifted, and adds to `outcome` how that went.
  void Write(Millis at, RuleOutcome& outcome);

 private:
  struct Health {
    RuleHealth health = RuleHealth::kUnknown;
    std::string last_error;
    std::optional<promql::Position> error_position;
    std::optional<TimePoint> last_evaluation;
    double evaluation_seconds = 0;
    std::optional<std::size_t> result_series;
  };

  void TellOfWrites(promql::SharedResults& results) const;

  const std::shared_ptr<const Rule> rule_;
  const RuleSettings settings_;
  const std::shared_ptr<const RuleEnvironment> environment_;
  SeriesWriter writer_;

  mutable Mutex mutex_;
  Health health_ TOCSIN_GUARDED_BY(mutex_);
};

}  // namespace tocsin

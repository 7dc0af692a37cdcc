#include "rules/evaluated_rule.h"

#include <algorithm>

#include "rules/stopwatch.h"

namespace tocsin {
namespace {

/// Why the store has not taken everything, as Prometheus words it.
std::optional<std::string> Refusal(const AppendCounts& counts) {
  if (counts.out_of_order > 0) return "out of order sample";
  if (counts.duplicate > 0) return "duplicate sample for timestamp";
  if (counts.too_far_ahead > 0) return "sample too far ahead of the clock";
  if (counts.series_limit > 0) return "too many series: storage.max_series";
  if (counts.bytes_limit > 0) return "too much memory: storage.max_bytes";
  return std::nullopt;
}

}  // namespace

RuleOutcome EvaluatedRule::Evaluate(Millis at) {
  const TimePoint now = environment_->clock->Now();
  const Stopwatch stopwatch;
  RuleOutcome outcome = EvaluateAt(at);
  const double seconds = stopwatch.Seconds();

  const MutexLock lock(mutex_);
  health_.health = outcome.error ? RuleHealth::kError : RuleHealth::kOk;
  health_.last_error = outcome.error.value_or("");
  health_.error_position = outcome.error_position;
  health_.last_evaluation = now;
  health_.evaluation_seconds = seconds;
  health_.result_series = outcome.result_series;
  return outcome;
}

RuleOutcome EvaluatedRule::End(Millis at) {
  RuleOutcome outcome = EndAt(at);
  writer_.ReleaseAll();
  Write(at, outcome);
  return outcome;
}

bool EvaluatedRule::IsSuccessorOf(const EvaluatedRule& old) const {
  return rule_->kind == old.rule_->kind && rule_->name == old.rule_->name &&
         rule_->labels == old.rule_->labels;
}

void EvaluatedRule::TakeOver(EvaluatedRule& old) {
  writer_.TakeOver(old.writer_);
  TakeOverFrom(old);
  Health health;
  {
    const MutexLock lock(old.mutex_);
    health = old.health_;
  }
  const MutexLock lock(mutex_);
  health_ = std::move(health);
}

void EvaluatedRule::TellOfWrites(promql::SharedResults& results) const {
  if (rule_->kind == Rule::Kind::kRecording) {
    results.Wrote(rule_->name);
    return;
  }
  results.Wrote("ALERTS");
  results.Wrote("ALERTS_FOR_STATE");
}

RuleView EvaluatedRule::View(bool with_alerts) const {
  RuleView view;
  view.rule = rule_;
  {
    const MutexLock lock(mutex_);
    view.health = health_.health;
    view.last_error = health_.last_error;
    view.error_position = health_.error_position;
    view.last_evaluation = health_.last_evaluation;
    view.evaluation_seconds = health_.evaluation_seconds;
    view.result_series = health_.result_series;
  }
  if (view.last_evaluation) view.state = HighestState();
  if (!with_alerts) return view;
  view.alerts = Alerts();
  std::erase_if(view.alerts,
                [](const ActiveAlert& alert) { return alert.state == AlertState::kInactive; });
  std::ranges::sort(view.alerts, {}, &ActiveAlert::labels);
  return view;
}

void EvaluatedRule::Write(Millis at, RuleOutcome& outcome) {
  const SeriesWriter::Outcome written = writer_.Write(*environment_->store, Shifted(at));
  outcome.samples = written.series;
  if (environment_->shared_results) TellOfWrites(*environment_->shared_results);
  if (!outcome.error) outcome.error = Refusal(written.counts);
}

}  // namespace tocsin

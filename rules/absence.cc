#include "rules/absence.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "rules/promql/without_comparison.h"

namespace tocsin {
namespace {

/// `job` and `instance` of a series, or nothing if it does not have both.
Labels Source(const Labels& labels) {
  const std::string_view job = labels.Get("job");
  const std::string_view instance = labels.Get("instance");
  if (job.empty() || instance.empty()) return {};
  return LabelsBuilder().Set("job", job).Set("instance", instance).Build();
}

}  // namespace

Absence::Absence(const RulePolicy& policy, const RuleQuery& condition,
                 const RuleEnvironment& environment)
    : policy_(policy), environment_(environment) {
  if (condition.parsed() != nullptr) {
    const auto text = promql::WithoutComparison(*condition.parsed()->root);
    if (text) values_.emplace(environment, *text);
  }
  if (policy.resolve_expr) resolve_.emplace(environment, *policy.resolve_expr);
  const bool asks_for_sources = policy.on_missing != RulePolicy::OnMissing::kResolve;
  if (asks_for_sources) {
    down_.emplace(environment, "sum by (job, instance) (up == 0)");
  }
}

Status Absence::Judge(std::span<AbsentAlert> alerts, Millis at) {
  if (Status found = FindValues(alerts, at); !found) return found;
  if (Status applied = ApplyMissing(alerts, at); !applied) return applied;
  return ApplyResolveExpr(alerts, at);
}

bool Absence::NeedsValue(const AbsentAlert& alert) const {
  if (policy_.on_missing != RulePolicy::OnMissing::kResolve) return true;
  return alert.state == AlertState::kFiring && (alert.ends || resolve_);
}

Status Absence::FindValues(std::span<AbsentAlert> alerts, Millis at) {
  const auto needs_value = [&](const AbsentAlert& alert) { return NeedsValue(alert); };
  if (!values_ || std::ranges::none_of(alerts, needs_value)) return {};
  if (Status run = values_->Run(at); !run) {
    // Only policies need to know: without one the value is for the message, which goes without.
    const bool has_policy = policy_.on_missing != RulePolicy::OnMissing::kResolve || resolve_;
    return has_policy ? run : Status();
  }
  for (AbsentAlert& alert : alerts) {
    if (!NeedsValue(alert)) continue;
    alert.value = values_->Find(alert.sample_labels, alert.row);
    alert.sighting = alert.value ? Sighting::kFalse : Sighting::kGone;
  }
  return {};
}

Status Absence::ApplyMissing(std::span<AbsentAlert> alerts, Millis at) {
  const auto is_gone = [](const AbsentAlert& alert) { return alert.sighting == Sighting::kGone; };
  const bool has_policy = policy_.on_missing != RulePolicy::OnMissing::kResolve;
  if (has_policy && down_ && std::ranges::any_of(alerts, is_gone)) {
    if (Status run = down_->Run(at); !run) return run;
  }
  for (AbsentAlert& alert : alerts) {
    if (!is_gone(alert)) {
      alert.missing = 0;
    } else if (has_policy) {
      CountMissing(alert, IsSourceDown(alert.sample_labels, at));
    }
  }
  return {};
}

bool Absence::IsSourceDown(const Labels& series, Millis at) {
  if (environment_.source_is_down && environment_.source_is_down(series, at)) return true;
  const Labels source = Source(series);
  return !source.empty() && down_->Find(source).has_value();
}

void Absence::CountMissing(AbsentAlert& alert, bool is_source_down) const {
  if (!is_source_down) ++alert.missing;
  if (policy_.on_missing == RulePolicy::OnMissing::kFire) {
    const bool fires = !is_source_down && alert.missing >= policy_.evaluations;
    alert.sighting = fires ? Sighting::kForced : Sighting::kHeld;
    return;
  }
  const bool is_over = policy_.evaluations != 0 && alert.missing > policy_.evaluations;
  alert.sighting = is_over ? Sighting::kGone : Sighting::kHeld;
}

Status Absence::ApplyResolveExpr(std::span<AbsentAlert> alerts, Millis at) {
  const auto is_asked_for = [](const AbsentAlert& alert) {
    return alert.state == AlertState::kFiring && alert.sighting == Sighting::kFalse;
  };
  if (!resolve_ || std::ranges::none_of(alerts, is_asked_for)) return {};
  if (Status run = resolve_->Run(at); !run) return run.error().Within("resolve_expr");
  for (AbsentAlert& alert : alerts) {
    if (is_asked_for(alert) && !resolve_->HoldsFor(alert.sample_labels, alert.row)) {
      alert.sighting = Sighting::kHeld;
    }
  }
  return {};
}

}  // namespace tocsin

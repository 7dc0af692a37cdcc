// When alerts fire.

#include <algorithm>

#include <fmt/format.h>

#include "base/duration.h"
#include "rules/lint/check.h"
#include "rules/promql/analysis.h"
#include "rules/promql/functions.h"

namespace tocsin::lint {
namespace {

using promql::BinaryOp;
using promql::Expr;

bool HasCondition(const Expr& expr);

/// Whether series are there only while something is the case: alerts, and series whose labels, not
/// whose values, say what is the case.
bool IsCondition(const promql::VectorSelector& selector) {
  const std::string_view name = promql::MetricNameOf(selector);
  if (name == "ALERTS" || name == "ALERTS_FOR_STATE") return true;
  return selector.matchers.size() > 1 && (name.ends_with("_info") || name.ends_with("_metadata"));
}

bool HasCondition(const promql::Call& call) {
  const std::string_view name = call.function->name;
  if (name == "absent" || name == "absent_over_time") return true;
  const Expr* const vector = promql::VectorArgument(call);
  return vector != nullptr && name != "scalar" && HasCondition(*vector);
}

bool HasCondition(const promql::Binary& binary) {
  if (promql::IsComparison(binary.op) && !binary.return_bool) return true;
  const bool left = HasCondition(*binary.lhs);
  const bool right = HasCondition(*binary.rhs);
  if (binary.op == BinaryOp::kUnless) return true;
  return binary.op == BinaryOp::kOr ? left && right : left || right;
}

/// Whether the expression can give nothing although all its series are there.
bool HasCondition(const Expr& expr) {
  if (const auto* const selector = promql::SelectorOf(expr)) return IsCondition(*selector);
  if (const auto* const call = std::get_if<promql::Call>(&expr.node)) return HasCondition(*call);
  if (const auto* const binary = std::get_if<promql::Binary>(&expr.node)) {
    return HasCondition(*binary);
  }
  if (const auto* const aggregate = std::get_if<promql::Aggregate>(&expr.node)) {
    return HasCondition(*aggregate->expr);
  }
  bool any = false;
  promql::ForEachChild(expr, [&](const Expr& child) { any = any || HasCondition(child); });
  return any;
}

bool IsBoolComparison(const Expr& expr) {
  const auto* const binary = std::get_if<promql::Binary>(&promql::StripParens(expr).node);
  return binary != nullptr && binary->return_bool;
}

}  // namespace

void CheckComparison(const Subject& subject, const Context& /*context*/, Report& report) {
  if (!subject.is_alert() || HasCondition(subject.expr())) return;
  // A constant such as vector(1) is meant to fire for ever.
  if (promql::Selectors(subject.expr()).empty()) return;
  report.AtExpr(subject, subject.expr(), Severity::kWarning,
                IsBoolComparison(subject.expr())
                    ? "a comparison with bool gives 0 or 1, and both fire; remove bool"
                    : "there is no condition, so it fires as long as there are series");
}

void CheckFor(const Subject& subject, const Context& /*context*/, Report& report) {
  const std::optional<Duration>& interval = subject.group->interval;
  if (!subject.is_alert() || !interval) return;
  const auto check = [&](std::string_view key, Duration duration) {
    if (duration == Duration{0} || duration >= *interval) return;
    report.AtRule(subject, Severity::kWarning,
                  fmt::format("{}: {} is shorter than the group's interval, {}, so it lasts as "
                              "long as that",
                              key, FormatDuration(duration), FormatDuration(*interval)));
  };
  check("for", subject.rule->hold);
  check("keep_firing_for", subject.rule->keep_firing_for);
}

}  // namespace tocsin::lint

// What a server with the metrics says of the rules.

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/labels.h"
#include "rules/lint/check.h"
#include "rules/lint/live_data.h"
#include "rules/promql/analysis.h"
#include "rules/promql/functions.h"

namespace tocsin::lint {
namespace {

using promql::Expr;

constexpr Duration kDefaultInterval = std::chrono::minutes(1);
/// Servers give no more than 11,000 steps, and this makes 8,640 of a day.
constexpr Duration kLeastStep = std::chrono::seconds(10);
/// How far back a metric may have been seen last.
constexpr std::string_view kSeriesWindow = "1h";

bool IsAbsence(const Expr& expr) {
  const auto* const call = std::get_if<promql::Call>(&expr.node);
  return call != nullptr &&
         (call->function->name == "absent" || call->function->name == "absent_over_time");
}

/// The selectors that have to find something: not those of absent().
void NeededSelectors(const Expr& expr, std::vector<const Expr*>& selectors) {
  if (IsAbsence(expr)) return;
  if (promql::SelectorOf(expr) != nullptr) selectors.push_back(&expr);
  promql::ForEachChild(expr, [&](const Expr& child) { NeededSelectors(child, selectors); });
}

/// Asks which series there are, the same thing once.
class SeriesCheck {
 public:
  SeriesCheck(const Context& context, Report& report) : context_(context), report_(report) {}

  void Run() {
    for (const Subject& subject : context_.subjects) {
      std::vector<const Expr*> selectors;
      NeededSelectors(subject.expr(), selectors);
      for (const Expr* const selector : selectors) {
        const Status asked = CheckSelector(subject, *selector);
        if (asked) continue;
        report_.AtExpr(subject, *selector, Severity::kError,
                       "cannot ask the server: " + asked.error().message);
        return;
      }
    }
  }

 private:
  Result<bool> IsThere(const Matcher& name, const std::string& label) {
    const std::string condition = label.empty() ? "" : fmt::format(", {}", label);
    const std::string expr =
        fmt::format("last_over_time({{{}{}}}[{}])", name.ToString(), condition, kSeriesWindow);
    if (const auto known = known_.find(expr); known != known_.end()) return known->second;
    const Result<std::size_t> count = context_.options.live->CountSeries(expr);
    if (!count) return count.error();
    known_.emplace(expr, *count > 0);
    return *count > 0;
  }

  Status CheckSelector(const Subject& subject, const Expr& expr) {
    const promql::VectorSelector& selector = *promql::SelectorOf(expr);
    const std::string metric(promql::MetricNameOf(selector));
    // What is written by rules need not be there before they run.
    if (metric.empty() || metric.starts_with("ALERTS") || context_.recorded.contains(metric)) {
      return {};
    }
    const Matcher name = *Matcher::Make(MatchType::kEqual, kMetricNameLabel, metric);
    const Result<bool> is_there = IsThere(name, "");
    if (!is_there) return is_there.error();
    if (!*is_there) {
      report_.AtExpr(subject, expr, Severity::kWarning,
                     fmt::format("the server has had no metric {} for {}", metric, kSeriesWindow));
      return {};
    }
    for (const Matcher& matcher : selector.matchers) {
      if (matcher.MatchesEmpty() || matcher.name().text() == kMetricNameLabel) continue;
      const Matcher has = *Matcher::Make(MatchType::kNotEqual, matcher.name().text(), "");
      const Result<bool> has_label = IsThere(name, has.ToString());
      if (!has_label) return has_label.error();
      if (*has_label) continue;
      report_.AtExpr(subject, expr, Severity::kWarning,
                     fmt::format("no series of {} that the server has has the label {}", metric,
                                 matcher.name().text()));
    }
    return {};
  }

  const Context& context_;
  Report& report_;
  std::map<std::string, bool> known_;  ///< By what was asked.
};

/// How many times an alert would have fired, when its series was there at `moments`.
std::size_t CountAlerts(const std::vector<Millis>& moments, Duration step, Duration hold) {
  std::size_t alerts = 0;
  for (std::size_t begin = 0; begin < moments.size();) {
    std::size_t end = begin + 1;
    while (end < moments.size() && moments[end] - moments[end - 1] <= step.count()) ++end;
    if (moments[end - 1] - moments[begin] >= hold.count()) ++alerts;
    begin = end;
  }
  return alerts;
}

}  // namespace

void CheckSeries(const Context& context, Report& report) {
  SeriesCheck(context, report).Run();
}

void CheckAlertCount(const Context& context, Report& report) {
  for (const Subject& subject : context.subjects) {
    if (!subject.is_alert()) continue;
    const Duration step = std::max(subject.group->interval.value_or(kDefaultInterval), kLeastStep);
    const auto day = context.options.live->LastDay(subject.rule->expr, step);
    if (!day) {
      report.AtRule(subject, Severity::kError, "cannot ask the server: " + day.error().message);
      return;
    }
    std::size_t alerts = 0;
    for (const std::vector<Millis>& moments : *day) {
      alerts += CountAlerts(moments, step, subject.rule->hold);
    }
    if (alerts == 0) continue;
    report.AtRule(subject, Severity::kInfo,
                  fmt::format("would have fired {} in the last day",
                              alerts == 1 ? "once" : fmt::format("{} times", alerts)));
  }
}

}  // namespace tocsin::lint

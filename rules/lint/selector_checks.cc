// What is selected, and over which time.

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "base/duration.h"
#include "rules/lint/check.h"
#include "rules/promql/analysis.h"
#include "rules/promql/duration_expr.h"
#include "rules/promql/functions.h"

namespace tocsin::lint {
namespace {

using promql::Expr;

constexpr std::string_view kRegexpSyntax = R"(\.+*?()|[]{}^$)";

bool IsPlain(std::string_view regexp) {
  return regexp.find_first_of(kRegexpSyntax) == std::string_view::npos;
}

/// What is odd about a regular expression; empty if nothing is.
std::string OddityOf(const Matcher& matcher) {
  const bool negated = matcher.type() == MatchType::kNotRegexp;
  const std::string_view regexp = matcher.value();
  if (IsPlain(regexp)) {
    return fmt::format("{} needs no regular expression: {}{}\"{}\" says the same",
                       matcher.ToString(), matcher.name().text(), negated ? "!=" : "=", regexp);
  }
  if (regexp == ".*") {
    return matcher.ToString() +
           (negated ? " matches nothing" : " matches everything, so leave it out");
  }
  const bool starts = regexp.front() == '^';
  const bool ends = regexp.size() > 1 && regexp.back() == '$' && regexp[regexp.size() - 2] != '\\';
  const bool is_choice = regexp.find('|') != std::string_view::npos;
  if ((starts || ends) && !is_choice) {
    return fmt::format("{}: ^ and $ are there already, so leave them out", matcher.ToString());
  }
  return {};
}

/// Functions that need two samples or more.
bool NeedsTwoSamples(std::string_view function) {
  constexpr std::array<std::string_view, 7> kNames = {"rate",   "irate", "increase",      "delta",
                                                      "idelta", "deriv", "predict_linear"};
  return std::find(kNames.begin(), kNames.end(), function) != kNames.end();
}

bool NeedsCounter(std::string_view function) {
  return function == "rate" || function == "irate" || function == "increase";
}

std::optional<Duration> Length(const promql::DurationExpr* duration) {
  if (duration == nullptr) return std::nullopt;
  const Result<Millis> length = promql::EvaluatePositive(*duration, 0, 0);
  return length ? std::optional(Duration(*length)) : std::nullopt;
}

/// How far apart the samples of a metric are: as its recording rule says, or its collection.
std::optional<Duration> DistanceOf(const promql::VectorSelector& selector, const Context& context) {
  const auto recorded = context.recorded.find(promql::MetricNameOf(selector));
  if (recorded == context.recorded.end()) return context.options.scrape_interval;
  return recorded->second->group->interval;
}

void CheckWindow(const Subject& subject, const Context& context, const Expr& argument,
                 std::string_view function, Report& report) {
  std::optional<Duration> window;
  std::optional<Duration> distance;
  if (const auto* const matrix = std::get_if<promql::MatrixSelector>(&argument.node)) {
    if (matrix->selector.extension != promql::Extension::kNone) return;
    window = Length(matrix->range.get());
    distance = DistanceOf(matrix->selector, context);
  } else if (const auto* const subquery = std::get_if<promql::Subquery>(&argument.node)) {
    window = Length(subquery->range.get());
    distance = Length(subquery->step.get());
  }
  if (!window || !distance || *window >= 2 * *distance) return;
  report.AtExpr(subject, argument, Severity::kWarning,
                fmt::format("{}() needs two samples, which {} does not always hold: there is one "
                            "every {}",
                            function, FormatDuration(*window), FormatDuration(*distance)));
}

/// Whether the expression adds up counters as they are: a drop of one then looks like a reset of
/// all.
bool IsSumOfCounters(const Expr& whole) {
  const Expr& expr = promql::StripParens(whole);
  const auto* const aggregate = std::get_if<promql::Aggregate>(&expr.node);
  if (aggregate == nullptr || aggregate->op != promql::AggregateOp::kSum) return false;
  const auto* const selector =
      std::get_if<promql::VectorSelector>(&promql::StripParens(*aggregate->expr).node);
  return selector != nullptr && promql::MetricNameOf(*selector).ends_with("_total");
}

void CheckSum(const Subject& subject, const Context& context, const Expr& argument,
              std::string_view function, Report& report) {
  const Expr* sum = nullptr;
  if (const auto* const subquery = std::get_if<promql::Subquery>(&argument.node)) {
    sum = subquery->expr.get();
  } else if (const auto* const selector = promql::SelectorOf(argument)) {
    const auto recorded = context.recorded.find(promql::MetricNameOf(*selector));
    if (recorded != context.recorded.end()) sum = &recorded->second->expr();
  }
  if (sum == nullptr || !IsSumOfCounters(*sum)) return;
  report.AtExpr(subject, argument, Severity::kWarning,
                fmt::format("{0}() of '{1}' takes the end of any series for a reset of all; sum "
                            "the {0}() of each instead",
                            function, subject.Shown(*sum)));
}

}  // namespace

void CheckRegexp(const Subject& subject, const Context& /*context*/, Report& report) {
  promql::Walk(subject.expr(), [&](const Expr& expr) {
    const promql::VectorSelector* const selector = promql::SelectorOf(expr);
    if (selector == nullptr) return;
    for (const Matcher& matcher : selector->matchers) {
      const bool is_regexp =
          matcher.type() == MatchType::kRegexp || matcher.type() == MatchType::kNotRegexp;
      const std::string oddity = is_regexp ? OddityOf(matcher) : "";
      if (!oddity.empty()) report.AtExpr(subject, expr, Severity::kInfo, oddity);
    }
  });
}

void CheckRate(const Subject& subject, const Context& context, Report& report) {
  promql::Walk(subject.expr(), [&](const Expr& expr) {
    const auto* const call = std::get_if<promql::Call>(&expr.node);
    if (call == nullptr || !NeedsTwoSamples(call->function->name)) return;
    const Expr* const argument = promql::VectorArgument(*call);
    if (argument == nullptr) return;
    CheckWindow(subject, context, promql::StripParens(*argument), call->function->name, report);
    if (!NeedsCounter(call->function->name)) return;
    CheckSum(subject, context, promql::StripParens(*argument), call->function->name, report);
  });
}

}  // namespace tocsin::lint

// What values an expression can have.

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "base/labels.h"
#include "rules/lint/check.h"
#include "rules/promql/analysis.h"
#include "rules/promql/functions.h"

namespace tocsin::lint {
namespace {

using promql::AggregateOp;
using promql::Binary;
using promql::BinaryOp;
using promql::Expr;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Where all values of an expression are, both ends included. NaN is in every range: comparisons
/// with it are never true, so it makes nothing possible.
struct Range {
  double low = -kInfinity;
  double high = kInfinity;
};

const std::map<std::string_view, Range>& FunctionRanges() {
  static const std::map<std::string_view, Range> kRanges = {
      {"absent", {1, 1}},
      {"absent_over_time", {1, 1}},
      {"present_over_time", {1, 1}},
      {"count_over_time", {1, kInfinity}},
      {"changes", {0, kInfinity}},
      {"resets", {0, kInfinity}},
      {"abs", {0, kInfinity}},
      {"sqrt", {0, kInfinity}},
      {"exp", {0, kInfinity}},
      {"sgn", {-1, 1}},
      {"stddev_over_time", {0, kInfinity}},
      {"stdvar_over_time", {0, kInfinity}},
      {"minute", {0, 59}},
      {"hour", {0, 23}},
      {"day_of_week", {0, 6}},
      {"day_of_month", {1, 31}},
      {"day_of_year", {1, 366}},
      {"days_in_month", {28, 31}},
      {"month", {1, 12}},
  };
  return kRanges;
}

Range RangeOf(const Expr& whole);

Range RangeOfCall(const promql::Call& call) {
  const std::string_view name = call.function->name;
  if (name == "vector") return RangeOf(*call.args.front());
  const auto found = FunctionRanges().find(name);
  return found == FunctionRanges().end() ? Range() : found->second;
}

Range RangeOfAggregate(const promql::Aggregate& aggregate) {
  using enum AggregateOp;
  switch (aggregate.op) {
    case kCount:
    case kCountValues: return {1, kInfinity};
    case kGroup: return {1, 1};
    case kStddev:
    case kStdvar: return {0, kInfinity};
    case kMin:
    case kMax:
    case kAvg:
    case kTopk:
    case kBottomk:
    case kLimitk:
    case kLimitRatio: return RangeOf(*aggregate.expr);
    case kSum:
    case kQuantile: break;
  }
  return {};
}

/// Of `left` the part that can fulfil the comparison with something in `right`.
Range Fulfilling(Range left, BinaryOp op, Range right) {
  using enum BinaryOp;
  if (op == kEqual) return {std::max(left.low, right.low), std::min(left.high, right.high)};
  if (op == kGreater) return {std::max(left.low, std::nextafter(right.low, kInfinity)), left.high};
  if (op == kGreaterOrEqual) return {std::max(left.low, right.low), left.high};
  if (op == kLess) return {left.low, std::min(left.high, std::nextafter(right.high, -kInfinity))};
  if (op == kLessOrEqual) return {left.low, std::min(left.high, right.high)};
  return left;
}

/// The same comparison with its sides swapped.
BinaryOp Mirrored(BinaryOp op) {
  using enum BinaryOp;
  if (op == kGreater) return kLess;
  if (op == kGreaterOrEqual) return kLessOrEqual;
  if (op == kLess) return kGreater;
  return op == kLessOrEqual ? kGreaterOrEqual : op;
}

bool IsScalar(const Expr& expr) {
  return expr.type == promql::ValueType::kScalar;
}

bool IsEmpty(Range range) {
  return range.low > range.high;
}

/// The values that a filter, a comparison without `bool`, lets through.
Range RangeOfFilter(const Binary& binary) {
  const Range left = RangeOf(*binary.lhs);
  const Range right = RangeOf(*binary.rhs);
  // It is the vector's values that pass.
  return IsScalar(*binary.lhs) ? Fulfilling(right, Mirrored(binary.op), left)
                               : Fulfilling(left, binary.op, right);
}

Range RangeOfBinary(const Binary& binary) {
  if (binary.return_bool) return {0, 1};
  if (promql::IsComparison(binary.op)) return RangeOfFilter(binary);
  if (binary.op == BinaryOp::kAnd || binary.op == BinaryOp::kUnless) return RangeOf(*binary.lhs);
  if (binary.op != BinaryOp::kOr) return {};
  const Range left = RangeOf(*binary.lhs);
  const Range right = RangeOf(*binary.rhs);
  return {std::min(left.low, right.low), std::max(left.high, right.high)};
}

Range RangeOf(const Expr& whole) {
  const Expr& expr = promql::StripParens(whole);
  if (const auto* const number = std::get_if<promql::NumberLiteral>(&expr.node)) {
    return std::isnan(number->value) ? Range() : Range{number->value, number->value};
  }
  if (const auto* const unary = std::get_if<promql::Unary>(&expr.node)) {
    const Range range = RangeOf(*unary->expr);
    return unary->minus ? Range{-range.high, -range.low} : range;
  }
  if (const auto* const call = std::get_if<promql::Call>(&expr.node)) return RangeOfCall(*call);
  if (const auto* const aggregate = std::get_if<promql::Aggregate>(&expr.node)) {
    return RangeOfAggregate(*aggregate);
  }
  if (const auto* const binary = std::get_if<Binary>(&expr.node)) return RangeOfBinary(*binary);
  return {};
}

/// What `!=` with a value that is always there comes to.
bool IsNeverUnequal(const Binary& binary) {
  const Range left = RangeOf(*binary.lhs);
  const Range right = RangeOf(*binary.rhs);
  return binary.op == BinaryOp::kNotEqual && left.low == left.high && right.low == right.high &&
         left.low == right.low && std::isfinite(left.low);
}

/// Two matchers of one label of which nothing fulfils both.
bool Contradict(const Matcher& equal, const Matcher& other) {
  if (equal.type() == MatchType::kEqual) return !other.Matches(equal.value());
  const std::vector<std::string>& set = equal.set();
  return equal.type() == MatchType::kRegexp && !set.empty() &&
         std::none_of(set.begin(), set.end(),
                      [&](const std::string& value) { return other.Matches(value); });
}

void CheckSelector(const Subject& subject, const Expr& expr, const promql::VectorSelector& selector,
                   Report& report) {
  for (const Matcher& matcher : selector.matchers) {
    const auto contradicting =
        std::find_if(selector.matchers.begin(), selector.matchers.end(), [&](const Matcher& other) {
          return other.name() == matcher.name() && Contradict(matcher, other);
        });
    if (contradicting == selector.matchers.end()) continue;
    report.AtExpr(subject, expr, Severity::kError,
                  fmt::format("no series can match both {} and {}", matcher.ToString(),
                              contradicting->ToString()));
    return;
  }
}

bool IsNan(const Expr& expr) {
  const auto* const number = std::get_if<promql::NumberLiteral>(&promql::StripParens(expr).node);
  return number != nullptr && std::isnan(number->value);
}

}  // namespace

void CheckSyntax(const Subject& subject, const Context& /*context*/, Report& report) {
  const promql::ValueType type = subject.expr().type;
  if (type == promql::ValueType::kVector || type == promql::ValueType::kScalar) return;
  report.AtExpr(subject, subject.expr(), Severity::kError,
                fmt::format("the result is a {}, so every evaluation fails; a rule needs an "
                            "instant vector or a scalar",
                            promql::Describe(type)));
}

void CheckImpossible(const Subject& subject, const Context& /*context*/, Report& report) {
  promql::Walk(subject.expr(), [&](const Expr& expr) {
    if (const auto* const selector = promql::SelectorOf(expr)) {
      CheckSelector(subject, expr, *selector, report);
    }
    const auto* const binary = std::get_if<Binary>(&expr.node);
    if (binary == nullptr || !promql::IsComparison(binary->op)) return;
    // What is empty within has been reported there.
    if (IsEmpty(RangeOf(*binary->lhs)) || IsEmpty(RangeOf(*binary->rhs))) return;
    if (!IsEmpty(RangeOfFilter(*binary)) && !IsNeverUnequal(*binary)) return;
    report.AtExpr(subject, expr, Severity::kError,
                  fmt::format("'{}' is never true", subject.Shown(expr)));
  });
}

void CheckNan(const Subject& subject, const Context& /*context*/, Report& report) {
  promql::Walk(subject.expr(), [&](const Expr& expr) {
    const auto* const binary = std::get_if<Binary>(&expr.node);
    if (binary == nullptr || !promql::IsComparison(binary->op)) return;
    if (!IsNan(*binary->lhs) && !IsNan(*binary->rhs)) return;
    report.AtExpr(
        subject, expr, Severity::kError,
        fmt::format("'{}' is {} true: NaN is not equal to anything, nor to itself",
                    subject.Shown(expr), binary->op == BinaryOp::kNotEqual ? "always" : "never"));
  });
}

}  // namespace tocsin::lint

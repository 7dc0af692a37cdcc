#include "rules/promql/duration_expr.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace tocsin::promql {
namespace {

constexpr double kMillisPerSecond = 1000;
/// 2^63 ns, beyond which Prometheus cannot go, in seconds.
constexpr double kMostSeconds = 9223372036.854775808;

/// The step and the range of a query.
struct Times {
  Millis step;
  Millis range;
};

Error Invalid(const char* message) {
  return {ErrorCode::kInvalidInput, message};
}

Result<double> Compute(DurationExpr::Kind kind, double a, double b) {
  using enum DurationExpr::Kind;
  switch (kind) {
    case kAdd: return a + b;
    case kSubtract: return a - b;
    case kMultiply: return a * b;
    case kDivide:
      if (b == 0) return Invalid("division by zero");
      return a / b;
    case kModulo:
      if (b == 0) return Invalid("modulo by zero");
      return std::fmod(a, b);
    case kPower: return std::pow(a, b);
    case kMin: return std::isnan(a) || std::isnan(b) ? std::nan("") : std::min(a, b);
    case kMax: return std::isnan(a) || std::isnan(b) ? std::nan("") : std::max(a, b);
    case kConstant:
    case kStep:
    case kRange:
    case kNegate:
    case kParen: break;
  }
  assert(false);
  return 0.0;
}

Result<double> Seconds(const DurationExpr& expr, const Times& times) {
  using enum DurationExpr::Kind;
  if (expr.kind == kConstant) return expr.seconds;
  if (expr.kind == kStep) return static_cast<double>(times.step) / kMillisPerSecond;
  if (expr.kind == kRange) return static_cast<double>(times.range) / kMillisPerSecond;
  Result<double> lhs = Seconds(*expr.lhs, times);
  if (!lhs || expr.kind == kParen) return lhs;
  if (expr.kind == kNegate) return -*lhs;
  Result<double> rhs = Seconds(*expr.rhs, times);
  if (!rhs) return rhs;
  return Compute(expr.kind, *lhs, *rhs);
}

}  // namespace

Result<Millis> Evaluate(const DurationExpr& expr, Millis step, Millis range) {
  const Result<double> seconds = Seconds(expr, {step, range});
  if (!seconds) return seconds.error();
  // Also refuses NaN.
  if (!(std::abs(*seconds) <= kMostSeconds)) return Invalid("duration is out of range");
  // A number as it is written is first rounded to a nanosecond: 0.29 s is 290 ms, although
  // 0.29 * 1000 is a little less than 290.
  constexpr double kNanosPerMilli = 1e6;
  const double millis = expr.kind == DurationExpr::Kind::kConstant
                            ? std::round(*seconds * 1e9) / kNanosPerMilli
                            : *seconds * kMillisPerSecond;
  return static_cast<Millis>(millis);
}

Result<Millis> EvaluatePositive(const DurationExpr& expr, Millis step, Millis range) {
  const Result<double> seconds = Seconds(expr, {step, range});
  if (seconds && *seconds <= 0) return Invalid("duration must be greater than 0");
  return Evaluate(expr, step, range);
}

}  // namespace tocsin::promql

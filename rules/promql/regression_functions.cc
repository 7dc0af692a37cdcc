// Trends: deriv, predict_linear, double_exponential_smoothing.

#include <cmath>
#include <cstddef>
#include <limits>
#include <string>

#include "rules/promql/function_families.h"
#include "rules/promql/kahan.h"
#include "rules/promql/number_text.h"

namespace tocsin::promql {
namespace {

using enum ValueType;

struct Line {
  double slope = 0;  ///< Per second.
  double intercept = 0;
};

/// The line with the least squares of distances, with its intercept at `origin`.
/// Source: Prometheus' promql/functions.go, linearRegression().
Line Regress(const RangeWindow& window, Millis origin) {
  KahanSum x_sum;
  KahanSum y_sum;
  KahanSum xy_sum;
  KahanSum xx_sum;
  const double first = window.v.front();
  bool constant = true;
  for (std::size_t i = 0; i < window.v.size(); ++i) {
    const double y = window.v[i];
    if (i > 0 && y != first) constant = false;
    const double x = static_cast<double>(window.t[i] - origin) / 1000;
    x_sum.Add(x);
    y_sum.Add(y);
    xy_sum.Add(x * y);
    xx_sum.Add(x * x);
  }
  if (constant) {
    constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
    return std::isinf(first) ? Line{kNan, kNan} : Line{0, first};
  }
  const auto n = static_cast<double>(window.v.size());
  const double sx = x_sum.sum + x_sum.compensation;
  const double sy = y_sum.sum + y_sum.compensation;
  const double covariance = xy_sum.sum + xy_sum.compensation - sx * sy / n;
  const double variance = xx_sum.sum + xx_sum.compensation - sx * sx / n;
  const double slope = covariance / variance;
  return {slope, sy / n - slope * sx / n};
}

double Derivative(const RangeWindow& window) {
  if (window.v.size() < 2) return kAbsent;
  // Near the samples, for accuracy; the slope is the same for any origin.
  return Regress(window, window.t.front()).slope;
}

/// args: how many seconds ahead of now.
double PredictLinear(const RangeWindow& window) {
  if (window.v.size() < 2) return kAbsent;
  const Line line = Regress(window, window.now);
  return line.slope * window.args[0] + line.intercept;
}

/// Holt's linear method; args: the smoothing factor, for values, and the trend factor, for slopes.
double DoubleExponentialSmoothing(const RangeWindow& window) {
  if (window.v.size() < 2) return kAbsent;
  const double value_factor = window.args[0];
  const double trend_factor = window.args[1];
  double before = 0;
  double smoothed = window.v[0];
  double trend = window.v[1] - window.v[0];
  for (std::size_t i = 1; i < window.v.size(); ++i) {
    if (i > 1) trend = trend_factor * (smoothed - before) + (1 - trend_factor) * trend;
    const double next = value_factor * window.v[i] + (1 - value_factor) * (smoothed + trend);
    before = smoothed;
    smoothed = next;
  }
  return smoothed;
}

Status CheckFactors(std::span<const double> args, Position /*position*/,
                    Annotations& /*annotations*/) {
  const double sf = args[0];
  if (sf <= 0 || sf >= 1) {
    return Error{ErrorCode::kInvalidInput,
                 "invalid smoothing factor. Expected: 0 < sf < 1, got: " + GoF(sf)};
  }
  const double tf = args[1];
  if (tf <= 0 || tf >= 1) {
    return Error{ErrorCode::kInvalidInput,
                 "invalid trend factor. Expected: 0 < tf < 1, got: " + GoF(tf)};
  }
  return {};
}

}  // namespace

std::vector<Function> RegressionFunctions() {
  return {
      {.name = "deriv", .args = {kMatrix}, .how = RangeFunction{.compute = Derivative}},
      {.name = "double_exponential_smoothing",
       .args = {kMatrix, kScalar, kScalar},
       .experimental = true,
       .how = RangeFunction{.compute = DoubleExponentialSmoothing, .check = CheckFactors}},
      {.name = "predict_linear",
       .args = {kMatrix, kScalar},
       .how = RangeFunction{.compute = PredictLinear, .uses_now = true}},
  };
}

}  // namespace tocsin::promql

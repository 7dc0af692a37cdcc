#include "rules/promql/aggregate_parameter.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "rules/promql/number_text.h"

namespace tocsin::promql {
namespace {

/// The bounds Prometheus sets: the smallest int64, and the largest double below the largest one
/// that is still some way from overflowing.
constexpr double kMinInt64 = -9223372036854775808.0;
constexpr double kMaxInt64 = 9223372036854774784.0;

bool HasNan(std::span<const double> values) {
  return std::any_of(values.begin(), values.end(), [](double v) { return std::isnan(v); });
}

/// Of values without NaN; there is at least one step.
double Min(std::span<const double> values) {
  return *std::min_element(values.begin(), values.end());
}
double Max(std::span<const double> values) {
  return *std::max_element(values.begin(), values.end());
}

Error Invalid(std::string message) {
  return {ErrorCode::kInvalidInput, std::move(message)};
}

Position PositionOf(const Aggregate& aggregate) {
  return StripParens(*aggregate.parameter).position;
}

}  // namespace

Result<std::vector<std::size_t>> CheckCounts(std::span<const double> parameter,
                                             std::size_t series) {
  if (HasNan(parameter)) return Invalid("Parameter value is NaN");
  const double largest = Max(parameter);
  if (largest < 1) return std::vector<std::size_t>(parameter.size());
  if (const double smallest = Min(parameter); smallest <= kMinInt64) {
    return Invalid("Scalar value " + GoG(smallest) + " underflows int64");
  }
  if (largest >= kMaxInt64) {
    return Invalid("Scalar value " + GoG(largest) + " overflows int64");
  }
  std::vector<std::size_t> counts;
  counts.reserve(parameter.size());
  for (const double v : parameter) {
    counts.push_back(v < 1 ? 0 : std::min(static_cast<std::size_t>(v), series));
  }
  return counts;
}

Result<std::vector<double>> CheckRatios(std::span<const double> parameter,
                                        const Aggregate& aggregate, const Context& context) {
  if (HasNan(parameter)) return Invalid("Ratio value is NaN");
  const auto warn = [&](double ratio, double bound) {
    context.annotations.Warn(
        "ratio value should be between -1 and 1, got " + GoG(ratio) + ", capping to " + GoG(bound),
        PositionOf(aggregate));
  };
  if (const double largest = Max(parameter); largest > 1) warn(largest, 1);
  if (const double smallest = Min(parameter); smallest < -1) warn(smallest, -1);
  std::vector<double> ratios(parameter.begin(), parameter.end());
  for (double& ratio : ratios) ratio = std::clamp(ratio, -1.0, 1.0);
  return ratios;
}

void CheckQuantiles(std::span<const double> parameter, const Aggregate& aggregate,
                    const Context& context) {
  const Position position = PositionOf(aggregate);
  if (HasNan(parameter)) {
    WarnOfQuantile(std::numeric_limits<double>::quiet_NaN(), position, context.annotations);
    return;
  }
  // Of all the steps' numbers Prometheus names only the extremes.
  WarnOfQuantile(Max(parameter), position, context.annotations);
  WarnOfQuantile(Min(parameter), position, context.annotations);
}

}  // namespace tocsin::promql

#include "rules/promql/quantile.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

namespace tocsin::promql {

double Quantile(double q, std::span<double> values) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (values.empty() || std::isnan(q)) return std::numeric_limits<double>::quiet_NaN();
  if (q < 0) return -kInfinity;
  if (q > 1) return kInfinity;

  const double rank = q * static_cast<double>(values.size() - 1);
  const double weight = rank - std::floor(rank);
  const auto lower = static_cast<std::ptrdiff_t>(rank);
  const auto numbers =
      std::partition(values.begin(), values.end(), [](double v) { return std::isnan(v); });
  if (numbers - values.begin() > lower) return std::numeric_limits<double>::quiet_NaN();
  const auto at_lower = values.begin() + lower;
  std::nth_element(numbers, at_lower, values.end());
  const auto above = at_lower + 1;
  const double upper = above == values.end() ? *at_lower : *std::min_element(above, values.end());
  // Both terms always: an infinite neighbour of weight 0 makes NaN, in Prometheus too.
  return *at_lower * (1 - weight) + upper * weight;
}

}  // namespace tocsin::promql

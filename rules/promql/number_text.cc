#include "rules/promql/number_text.h"

#include <array>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "base/number.h"

namespace tocsin::promql {

std::string GoG(double value) {
  if (!std::isfinite(value)) return FormatNumber(value);
  std::array<char, 32> text{};
  const auto [end, error] =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::general);
  return {text.data(), end};
}

std::string GoF(double value) {
  return std::isfinite(value) ? fmt::format("{:f}", value) : FormatNumber(value);
}

void WarnOfQuantile(double q, Position position, Annotations& annotations) {
  if (q >= 0 && q <= 1) return;
  annotations.Warn("quantile value should be between 0 and 1, got " + GoG(q), position);
}

}  // namespace tocsin::promql

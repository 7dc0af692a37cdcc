#include "base/template/digits.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

namespace tocsin::text_template {

std::string IntegerDigits(std::uint64_t magnitude, int base, bool is_upper) {
  std::array<char, 64> digits{};
  const auto end = std::to_chars(digits.begin(), digits.end(), magnitude, base).ptr;
  std::string text(digits.begin(), end);
  if (is_upper)
    std::transform(text.begin(), text.end(), text.begin(), [](char c) {
      return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
  return text;
}

std::string FloatDigits(double magnitude, char verb, std::optional<int> precision) {
  if (std::isinf(magnitude)) return "Inf";
  if (std::isnan(magnitude)) return "NaN";
  const int digits = precision.value_or(6);
  switch (verb) {
    case 'e': return fmt::format("{:.{}e}", magnitude, digits);
    case 'E': return fmt::format("{:.{}E}", magnitude, digits);
    case 'f':
    case 'F': return fmt::format("{:.{}f}", magnitude, digits);
    default: break;
  }
  std::string text;
  if (precision) {
    text = fmt::format("{:.{}g}", magnitude, std::max(*precision, 1));
  } else {
    constexpr double kFirstWithExponent = 1e6;
    constexpr double kLastWithExponent = 1e-4;
    std::array<char, 64> shortest{};
    const bool is_plain =
        magnitude == 0 || (magnitude >= kLastWithExponent && magnitude < kFirstWithExponent);
    const auto format = is_plain ? std::chars_format::fixed : std::chars_format::scientific;
    text.assign(shortest.begin(),
                std::to_chars(shortest.begin(), shortest.end(), magnitude, format).ptr);
  }
  if (verb == 'G') std::replace(text.begin(), text.end(), 'e', 'E');
  return text;
}

}  // namespace tocsin::text_template

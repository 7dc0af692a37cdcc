#include "base/number.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/text.h"

namespace tocsin {
namespace {

// Integers up to 2^53 are exact; to_chars for integers is several times faster than for doubles.
constexpr double kLargestPlainInteger = 1e15;

}  // namespace

void AppendNumber(std::string& out, double value) {
  std::array<char, 32> text{};
  char* const begin = text.data();
  char* const end = begin + text.size();
  if (std::abs(value) < kLargestPlainInteger) {
    const auto whole = static_cast<long long>(value);
    if (static_cast<double>(whole) == value && !(whole == 0 && std::signbit(value))) {
      out.append(begin, std::to_chars(begin, end, whole).ptr);
      return;
    }
  }
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else {
    out.append(begin, std::to_chars(begin, end, value).ptr);
  }
}

std::string FormatNumber(double value) {
  std::string text;
  AppendNumber(text, value);
  return text;
}

void AppendCanonicalNumber(std::string& out, double value) {
  const std::size_t before = out.size();
  AppendNumber(out, value);
  if (out.find_first_of(".eIN", before) == std::string::npos) out += ".0";
}

std::optional<double> ParseNumber(std::string_view text) {
  std::string_view digits = text;
  double sign = 1;
  if (!digits.empty() && (digits.front() == '+' || digits.front() == '-')) {
    if (digits.front() == '-') sign = -1;
    digits.remove_prefix(1);
  }
  if (EqualsIgnoringCase(digits, "inf")) return sign * std::numeric_limits<double>::infinity();
  if (EqualsIgnoringCase(digits, "nan")) return std::numeric_limits<double>::quiet_NaN();
  // from_chars would accept its own spellings of infinity and NaN; only digits may follow.
  if (digits.empty() ||
      !((digits.front() >= '0' && digits.front() <= '9') || digits.front() == '.')) {
    return std::nullopt;
  }
  double value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [after, problem] = std::from_chars(digits.data(), end, value);
  if (after != end) return std::nullopt;
  if (problem != std::errc{}) return std::nullopt;  // Also what no double can hold.
  return sign * value;
}

}  // namespace tocsin

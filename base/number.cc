#include "base/number.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <system_error>

#include "base/text.h"

namespace tocsin {
namespace {

/// Whether a decimal that no double holds is so because it is too near to 0: whether it is below 1.
bool IsTiny(std::string_view decimal) {
  const std::size_t e = decimal.find_first_of("eE");
  const std::string_view digits = decimal.substr(0, e);
  const std::size_t first = std::min(digits.find_first_of("123456789"), digits.size());
  const std::size_t point = std::min(digits.find('.'), digits.size());
  // Ten to this is about as large as the digits are: near 1 nothing is out of range.
  const std::int64_t power = static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first);
  if (e == std::string_view::npos) return power <= 0;
  std::string_view text = decimal.substr(e + 1);
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int32_t exponent = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), exponent);
  if (parsed.ec != std::errc{}) return text.starts_with('-');  // Beyond any number of digits.
  return power + exponent <= 0;
}

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
  const Result<double> value = ParseDecimal(digits);
  if (!value) return std::nullopt;
  return sign * *value;
}

Result<double> ParseDecimal(std::string_view digits) {
  double value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [after, problem] = std::from_chars(digits.data(), end, value);
  if (after != end || problem == std::errc::invalid_argument) {
    return Error{ErrorCode::kInvalidInput, "invalid syntax"};
  }
  if (problem == std::errc{}) return value;
  if (IsTiny(digits)) return 0.0;
  return Error{ErrorCode::kInvalidInput, "value out of range"};
}

}  // namespace tocsin

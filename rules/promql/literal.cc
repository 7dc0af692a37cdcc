#include "rules/promql/literal.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

#include "base/duration.h"
#include "base/number.h"
#include "base/quote.h"
#include "base/text.h"

namespace tocsin::promql {
namespace {

constexpr bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

Error Invalid(std::string message) {
  return {ErrorCode::kInvalidInput, std::move(message)};
}

Error NotANumber(std::string_view text, std::string_view why) {
  return Invalid("error parsing number: strconv.ParseFloat: parsing " + Quoted(text) + ": " +
                 std::string(why));
}

/// Whether each `_` stands between digits, or between a base's prefix and a digit.
bool HasGoodUnderscores(std::string_view text) {
  char before = '.';
  const bool is_hex = text.size() > 1 && LowerCase(text[1]) == 'x';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool is_digit = IsDigit(c) || (is_hex && i > 0 && c != '_');
    if (c == '_' ? before != '0' : before == '_' && !is_digit) return false;
    before = c == '_' ? '_' : is_digit ? '0' : '.';
  }
  return before != '_';
}

/// A whole number with a base's prefix, which may be a bare 0. Nothing if it is none, or too large.
std::optional<double> ParsePrefixed(std::string_view digits) {
  if (digits.size() < 2 || digits.front() != '0') return std::nullopt;
  const bool is_hex = LowerCase(digits[1]) == 'x';
  digits.remove_prefix(is_hex ? 2 : 1);
  std::int64_t value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [after, problem] = std::from_chars(digits.data(), end, value, is_hex ? 16 : 8);
  if (problem != std::errc{} || after != end) return std::nullopt;
  return static_cast<double>(value);
}

/// A decimal number as digits "d.ddd" and the power of ten of the first one.
struct Decimal {
  std::string digits;
  int exponent = 0;
};

/// The shortest that reads back as `value`, which is finite and not negative.
Decimal ToDecimal(double value) {
  std::array<char, 32> text{};
  const char* const end =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::scientific)
          .ptr;
  Decimal decimal;
  const char* at = text.data();
  for (; *at != 'e'; ++at) {
    if (*at != '.') decimal.digits += *at;
  }
  ++at;
  if (*at == '+') ++at;
  std::from_chars(at, end, decimal.exponent);
  return decimal;
}

/// Whether `value` is a word or 0, which is then appended, or has had its sign appended.
bool AppendSpecial(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else {
    if (std::signbit(value)) out += '-';
    if (value != 0) return false;
    out += '0';
  }
  return true;
}

void AppendFixed(std::string& out, const Decimal& decimal) {
  const std::string& digits = decimal.digits;
  if (decimal.exponent < 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-decimal.exponent - 1), '0');
    out += digits;
    return;
  }
  const auto whole = static_cast<std::size_t>(decimal.exponent) + 1;
  out += digits.substr(0, whole);
  if (digits.size() > whole) {
    out += '.';
    out += digits.substr(whole);
  } else {
    out.append(whole - digits.size(), '0');
  }
}

void AppendUtf8(std::string& out, std::uint32_t character) {
  const auto tail = [&](unsigned shift) {
    out += static_cast<char>(0x80U | (character >> shift & 0x3fU));
  };
  if (character < 0x80) {
    out += static_cast<char>(character);
  } else if (character < 0x800) {
    out += static_cast<char>(0xc0U | character >> 6U);
    tail(0);
  } else if (character < 0x10000) {
    out += static_cast<char>(0xe0U | character >> 12U);
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xf0U | character >> 18U);
    tail(12);
    tail(6);
    tail(0);
  }
}

/// Appends what the escape sequence at the front of `rest`, after its backslash, stands for, and
/// removes it.
void Unescape(std::string& out, std::string_view& rest) {
  constexpr std::string_view kNames = "abfnrtv";
  constexpr std::string_view kControls = "\a\b\f\n\r\t\v";
  const char c = rest.front();
  if (const std::size_t i = kNames.find(c); i != std::string_view::npos) {
    out += kControls[i];
    rest.remove_prefix(1);
    return;
  }
  std::size_t length = 0;
  if (IsDigit(c)) length = 3;
  if (c == 'x') length = 2;
  if (c == 'u') length = 4;
  if (c == 'U') length = 8;
  if (length == 0) {
    out += c;
    rest.remove_prefix(1);
    return;
  }
  if (!IsDigit(c)) rest.remove_prefix(1);
  std::uint32_t value = 0;
  std::from_chars(rest.data(), rest.data() + length, value, IsDigit(c) ? 8 : 16);
  rest.remove_prefix(length);
  if (c == 'u' || c == 'U') {
    AppendUtf8(out, value);
  } else {
    out += static_cast<char>(value);
  }
}

/// The first unit of `text` that there is none of.
std::optional<std::string_view> UnknownUnit(std::string_view text) {
  constexpr std::array<std::string_view, 7> kUnits = {"y", "w", "d", "h", "m", "s", "ms"};
  while (!text.empty()) {
    text.remove_prefix(std::min(text.find_first_not_of("0123456789"), text.size()));
    const std::string_view unit = text.substr(0, text.find_first_of("0123456789"));
    if (unit.empty()) return std::nullopt;
    if (std::ranges::find(kUnits, unit) == kUnits.end()) return unit;
    text.remove_prefix(unit.size());
  }
  return std::nullopt;
}

}  // namespace

Result<double> ParseNumberLiteral(std::string_view text) {
  if (EqualsIgnoringCase(text, "inf")) return std::numeric_limits<double>::infinity();
  if (EqualsIgnoringCase(text, "nan")) return std::numeric_limits<double>::quiet_NaN();
  std::string digits(text);
  if (text.find('_') != std::string_view::npos) {
    if (!HasGoodUnderscores(text)) return NotANumber(text, "invalid syntax");
    std::erase(digits, '_');
  }
  if (const std::optional<double> value = ParsePrefixed(digits)) return *value;
  const Result<double> value = ParseDecimal(digits);
  if (!value) return NotANumber(text, value.error().message);
  return *value;
}

Result<double> ParseDurationLiteral(std::string_view text) {
  constexpr Duration kLongest = std::chrono::duration_cast<Duration>(
      std::chrono::nanoseconds(std::numeric_limits<std::int64_t>::max()));
  const Result<Duration> duration = ParseDuration(text);
  if (duration && *duration <= kLongest) {
    return static_cast<double>(duration->count()) / 1000;
  }
  if (duration || duration.error().message.starts_with("duration out of range")) {
    return Invalid("duration out of range");
  }
  if (const auto unit = UnknownUnit(text)) {
    return Invalid("unknown unit " + Quoted(*unit) + " in duration " + Quoted(text));
  }
  return Invalid("not a valid duration string: " + Quoted(text));
}

std::string Unquote(std::string_view token) {
  const bool is_raw = token.front() == '`';
  std::string_view rest = token.substr(1, token.size() - 2);
  std::string text;
  while (!rest.empty()) {
    const std::size_t plain = is_raw ? rest.size() : std::min(rest.find('\\'), rest.size());
    text += rest.substr(0, plain);
    rest.remove_prefix(plain);
    if (rest.empty()) break;
    rest.remove_prefix(1);
    Unescape(text, rest);
  }
  return text;
}

void AppendPlain(std::string& out, double value) {
  if (!AppendSpecial(out, value)) AppendFixed(out, ToDecimal(std::abs(value)));
}

std::string FormatPlain(double value) {
  std::string out;
  AppendPlain(out, value);
  return out;
}

}  // namespace tocsin::promql

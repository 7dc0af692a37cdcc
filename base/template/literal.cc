#include "base/template/literal.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>

#include "base/number.h"
#include "base/quote.h"
#include "base/template/unicode.h"

namespace tocsin::text_template {
namespace {

Error InvalidSyntax() {
  return {ErrorCode::kInvalidInput, "invalid syntax"};
}

std::optional<unsigned> TakeDigits(std::string_view& text, std::size_t count, int base) {
  if (text.size() < count) return std::nullopt;
  unsigned value = 0;
  const char* const end = text.data() + count;
  const auto [after, problem] = std::from_chars(text.data(), end, value, base);
  if (problem != std::errc{} || after != end) return std::nullopt;
  text.remove_prefix(count);
  return value;
}

/// Reads the escape at the front of `text`, behind its backslash, in a literal in `quote`s.
bool AppendEscape(std::string& out, std::string_view& text, char quote) {
  constexpr std::string_view kLetters = "abfnrtv\\";
  constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\\";
  if (text.empty()) return false;
  const char c = text[0];
  if (c >= '0' && c <= '7') {
    const std::optional<unsigned> byte = TakeDigits(text, 3, 8);
    if (!byte || *byte > 0xff) return false;
    out += static_cast<char>(*byte);
    return true;
  }
  text.remove_prefix(1);
  if (const std::size_t at = kLetters.find(c); at != std::string_view::npos) {
    out += kMeanings[at];
    return true;
  }
  if (c == quote) {
    out += c;
    return true;
  }
  if (c != 'x' && c != 'u' && c != 'U') return false;
  const std::optional<unsigned> code = TakeDigits(text, c == 'x' ? 2 : c == 'u' ? 4 : 8, 16);
  if (!code) return false;
  if (c == 'x') {
    out += static_cast<char>(*code);
    return true;
  }
  const bool is_surrogate = *code >= 0xd800 && *code < 0xe000;
  if (*code > 0x10ffff || is_surrogate) return false;
  AppendCharacter(out, *code);
  return true;
}

/// What stands between quotes, with backslashes.
std::optional<std::string> Unescape(std::string_view text, char quote) {
  std::string out;
  while (!text.empty()) {
    const char c = text[0];
    if (c == quote || c == '\n') return std::nullopt;
    text.remove_prefix(1);
    if (c != '\\') {
      out += c;
    } else if (!AppendEscape(out, text, quote)) {
      return std::nullopt;
    }
  }
  return out;
}

Result<Number> ParseCharacter(std::string_view literal) {
  const Error malformed = {ErrorCode::kInvalidInput,
                           "malformed character constant: " + std::string(literal)};
  const std::optional<std::string> text = Unescape(literal.substr(1, literal.size() - 2), '\'');
  if (!text || text->empty()) return malformed;
  const Character character = FirstCharacter(*text);
  if (character.size != text->size()) return malformed;
  return Number{.is_integer = true,
                .is_float_text = false,
                .integer = static_cast<std::int64_t>(character.code),
                .number = static_cast<double>(character.code)};
}

/// The digits of a number without its underscores, which must stand between digits.
std::optional<std::string> WithoutUnderscores(std::string_view digits, bool has_prefix) {
  const auto is_digit = [](char c) {
    return c != '_' && IsLetterOrDigit(static_cast<unsigned char>(c));
  };
  std::string out;
  char before = has_prefix ? '0' : '.';
  for (const char c : digits) {
    const bool is_between = c == '_' ? is_digit(before) : before != '_' || is_digit(c);
    if (!is_between) return std::nullopt;
    if (c != '_') out += c;
    before = c;
  }
  if (before == '_') return std::nullopt;
  return out;
}

int BaseOf(std::string_view digits) {
  if (digits.size() < 2 || digits[0] != '0') return 10;
  switch (digits[1]) {
    case 'x':
    case 'X': return 16;
    case 'o':
    case 'O': return 8;
    case 'b':
    case 'B': return 2;
    default: return 10;
  }
}

std::optional<std::int64_t> ParseInteger(std::string_view digits, int base, bool is_negative) {
  std::uint64_t magnitude = 0;
  const char* const end = digits.data() + digits.size();
  const auto [after, problem] = std::from_chars(digits.data(), end, magnitude, base);
  if (problem != std::errc{} || after != end) return std::nullopt;
  constexpr std::uint64_t kMost = std::uint64_t{1} << 63;
  if (magnitude > kMost - (is_negative ? 0 : 1)) return std::nullopt;
  if (is_negative) return static_cast<std::int64_t>(~magnitude + 1);
  return static_cast<std::int64_t>(magnitude);
}

std::optional<double> ParseHexadecimal(std::string_view digits) {
  double value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [after, problem] = std::from_chars(digits.data(), end, value, std::chars_format::hex);
  if (problem != std::errc{} || after != end) return std::nullopt;
  return value;
}

/// A number with a point or an exponent; it is an integer as well if it has no fraction.
std::optional<Number> ParseFloat(std::string_view digits, int base, bool is_negative) {
  std::optional<double> value = base == 16 ? ParseHexadecimal(digits) : ParseNumber(digits);
  if (!value) return std::nullopt;
  if (is_negative) value = -*value;
  constexpr double kTwoTo63 = 9223372036854775808.0;
  Number number = {.is_integer = false, .is_float_text = true, .integer = 0, .number = *value};
  if (std::trunc(*value) == *value && std::abs(*value) < kTwoTo63) {
    number.is_integer = true;
    number.integer = static_cast<std::int64_t>(*value);
  }
  return number;
}

}  // namespace

Result<std::string> Unquote(std::string_view literal) {
  if (literal.size() < 2 || literal.front() != literal.back()) return InvalidSyntax();
  const std::string_view inside = literal.substr(1, literal.size() - 2);
  if (literal.front() == '`') {
    std::string text(inside);
    std::erase(text, '\r');
    return text;
  }
  std::optional<std::string> text = Unescape(inside, '"');
  if (!text) return InvalidSyntax();
  return *std::move(text);
}

Result<Number> ParseConstant(std::string_view literal) {
  if (literal.starts_with('\'')) return ParseCharacter(literal);
  const Error bad = {ErrorCode::kInvalidInput, "illegal number syntax: " + Quoted(literal)};
  std::string_view digits = literal;
  const bool is_negative = digits.starts_with('-');
  if (is_negative || digits.starts_with('+')) digits.remove_prefix(1);
  int base = BaseOf(digits);
  if (base != 10) digits.remove_prefix(2);
  const std::optional<std::string> plain = WithoutUnderscores(digits, base != 10);
  if (!plain || plain->empty()) return bad;
  const bool is_float =
      plain->find_first_of(base == 16 ? ".pP" : ".eE") != std::string::npos && base != 2;
  if (is_float) {
    const std::optional<Number> number = ParseFloat(*plain, base, is_negative);
    if (!number) return bad;
    return *number;
  }
  // A leading zero means octal, as in C.
  if (base == 10 && plain->size() > 1 && plain->front() == '0') base = 8;
  const std::optional<std::int64_t> integer = ParseInteger(*plain, base, is_negative);
  if (!integer && base == 10 &&
      std::all_of(plain->begin(), plain->end(), [](char c) { return c >= '0' && c <= '9'; })) {
    return Error{ErrorCode::kInvalidInput, "integer overflow: " + Quoted(literal)};
  }
  if (!integer) return bad;
  return Number{.is_integer = true,
                .is_float_text = false,
                .integer = *integer,
                .number = static_cast<double>(*integer)};
}

}  // namespace tocsin::text_template

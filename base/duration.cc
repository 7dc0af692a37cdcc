#include "base/duration.h"

#include <array>
#include <charconv>
#include <cstdint>

namespace tocsin {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t milliseconds;
};

// Longest first: the order in which a duration is written.
constexpr std::array kUnits = {
    Unit{"y", 365LL * 24 * 3600 * 1000},
    Unit{"w", 7LL * 24 * 3600 * 1000},
    Unit{"d", 24LL * 3600 * 1000},
    Unit{"h", 3600LL * 1000},
    Unit{"m", 60LL * 1000},
    Unit{"s", 1000},
    Unit{"ms", 1},
};

Error NotADuration(std::string_view text) {
  return {ErrorCode::kInvalidInput,
          "expected a duration such as 15s or 1h30m, got '" + std::string(text) + "'"};
}

std::size_t LettersAtFront(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size() && text[length] >= 'a' && text[length] <= 'z') ++length;
  return length;
}

}  // namespace

Result<Duration> ParseDuration(std::string_view text) {
  if (text == "0") return Duration{0};
  std::int64_t total = 0;
  std::size_t next_unit = 0;
  std::string_view rest = text;
  if (rest.empty()) return NotADuration(text);
  while (!rest.empty()) {
    if (rest.front() < '0' || rest.front() > '9') return NotADuration(text);
    std::int64_t count = 0;
    const auto [after, problem] = std::from_chars(rest.data(), rest.data() + rest.size(), count);
    if (problem != std::errc{}) return NotADuration(text);
    rest.remove_prefix(static_cast<std::size_t>(after - rest.data()));

    const std::string_view word = rest.substr(0, LettersAtFront(rest));
    while (next_unit < kUnits.size() && kUnits[next_unit].name != word) ++next_unit;
    if (next_unit == kUnits.size()) return NotADuration(text);
    const std::int64_t unit = kUnits[next_unit++].milliseconds;
    std::int64_t part = 0;
    if (__builtin_mul_overflow(count, unit, &part) || __builtin_add_overflow(total, part, &total)) {
      return Error{ErrorCode::kInvalidInput, "duration out of range: '" + std::string(text) + "'"};
    }
    rest.remove_prefix(word.size());
  }
  return Duration{total};
}

std::string FormatDuration(Duration duration) {
  std::int64_t rest = duration.count();
  if (rest == 0) return "0s";
  std::string text;
  if (rest < 0) text = "-";
  for (const Unit& unit : kUnits) {
    const bool only_when_exact = unit.name == "y" || unit.name == "w" || unit.name == "d";
    if (only_when_exact && rest % unit.milliseconds != 0) continue;
    const std::int64_t count = rest / unit.milliseconds;
    if (count == 0) continue;
    text += std::to_string(count < 0 ? -count : count);
    text += unit.name;
    rest %= unit.milliseconds;
  }
  return text;
}

}  // namespace tocsin

#include "base/rfc3339.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include <fmt/format.h>

namespace tocsin {
namespace {

/// Takes `count` digits from the front of `text`.
std::optional<int> TakeDigits(std::string_view& text, std::size_t count) {
  int value = 0;
  if (text.size() < count) return std::nullopt;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + count, value);
  if (problem != std::errc{} || end != text.data() + count || text[0] == '-') return std::nullopt;
  text.remove_prefix(count);
  return value;
}

bool Take(std::string_view& text, char c) {
  if (text.empty() || text[0] != c) return false;
  text.remove_prefix(1);
  return true;
}

/// The digits after the point of a second, in milliseconds; what is finer is cut off.
std::optional<int> TakeFraction(std::string_view& text) {
  int milliseconds = 0;
  int weight = 100;
  if (text.empty() || text[0] < '0' || text[0] > '9') return std::nullopt;
  for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; text.remove_prefix(1)) {
    milliseconds += (text[0] - '0') * weight;
    weight /= 10;
  }
  return milliseconds;
}

/// "Z" or "+01:30", in minutes east of Greenwich.
std::optional<int> TakeZone(std::string_view& text) {
  if (Take(text, 'Z') || Take(text, 'z')) return 0;
  const bool west = Take(text, '-');
  if (!west && !Take(text, '+')) return std::nullopt;
  const auto hours = TakeDigits(text, 2);
  const bool colon = Take(text, ':');
  const auto minutes = TakeDigits(text, 2);
  if (!hours || !colon || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  return (west ? -1 : 1) * (*hours * 60 + *minutes);
}

/// The lowest `count` digits of `value`.
void AppendDigits(std::string& out, std::int64_t value, int count) {
  std::array<char, 8> digits{};
  for (int i = count - 1; i >= 0; --i, value /= 10) {
    digits[static_cast<std::size_t>(i)] = static_cast<char>('0' + value % 10);
  }
  out.append(digits.data(), static_cast<std::size_t>(count));
}

}  // namespace

std::string FormatRfc3339(const std::optional<TimePoint>& moment) {
  if (!moment) return "0001-01-01T00:00:00Z";
  const auto day = std::chrono::floor<std::chrono::days>(*moment);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(*moment - day);
  const int year = static_cast<int>(date.year());
  constexpr int kLastOfFourDigits = 9999;
  std::string text;
  if (year < 0 || year > kLastOfFourDigits) {
    text = fmt::format("{:04}", year);
  } else {
    AppendDigits(text, year, 4);
  }
  // By hand: every alert of every notification has such times.
  const auto append = [&text](char before, std::int64_t value, int count) {
    text += before;
    AppendDigits(text, value, count);
  };
  append('-', static_cast<unsigned>(date.month()), 2);
  append('-', static_cast<unsigned>(date.day()), 2);
  append('T', time.hours().count(), 2);
  append(':', time.minutes().count(), 2);
  append(':', time.seconds().count(), 2);
  append('.', time.subseconds().count(), 3);
  return text += 'Z';
}

std::optional<TimePoint> ParseRfc3339(std::string_view text) {
  const auto year = TakeDigits(text, 4);
  const bool dash = Take(text, '-');
  const auto month = TakeDigits(text, 2);
  const bool other_dash = Take(text, '-');
  const auto day = TakeDigits(text, 2);
  if (!year || !dash || !month || !other_dash || !day) return std::nullopt;
  if (!Take(text, 'T') && !Take(text, 't')) return std::nullopt;
  const auto hour = TakeDigits(text, 2);
  const bool colon = Take(text, ':');
  const auto minute = TakeDigits(text, 2);
  const bool other_colon = Take(text, ':');
  const auto second = TakeDigits(text, 2);
  if (!hour || !colon || !minute || !other_colon || !second) return std::nullopt;
  int milliseconds = 0;
  if (Take(text, '.')) {
    const auto fraction = TakeFraction(text);
    if (!fraction) return std::nullopt;
    milliseconds = *fraction;
  }
  const auto zone = TakeZone(text);
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!zone || !text.empty() || !date.ok() || *hour > 23 || *minute > 59 || *second > 59) {
    return std::nullopt;
  }
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  const std::int64_t minutes = (days * 24 + *hour) * 60 + *minute - *zone;
  return TimePoint(Duration((minutes * 60 + *second) * 1000 + milliseconds));
}

}  // namespace tocsin

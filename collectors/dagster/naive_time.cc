#include "collectors/dagster/naive_time.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>

#include <fmt/format.h>

namespace tocsin::collectors::dagster {
namespace {

constexpr double kMicrosecondsPerSecond = 1e6;
constexpr double kYearOneSeconds = -62'135'596'800.0;
constexpr double kYearTenThousandSeconds = 253'402'300'800.0;

/// Takes exactly `digits` decimal digits off the front of `text`.
std::optional<unsigned> TakeNumber(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  unsigned number = 0;
  const char* const end = text.data() + digits;
  const auto [after, problem] = std::from_chars(text.data(), end, number);
  if (problem != std::errc{} || after != end) return std::nullopt;
  text.remove_prefix(digits);
  return number;
}

bool TakeMark(std::string_view& text, char mark) {
  if (text.empty() || text.front() != mark) return false;
  text.remove_prefix(1);
  return true;
}

/// The date at the front of `text`, which it takes off.
std::optional<std::chrono::sys_days> TakeDate(std::string_view& text) {
  const auto year = TakeNumber(text, 4);
  if (!year || !TakeMark(text, '-')) return std::nullopt;
  const auto month = TakeNumber(text, 2);
  if (!month || !TakeMark(text, '-')) return std::nullopt;
  const auto day = TakeNumber(text, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(*month), std::chrono::day(*day)};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date);
}

/// All of `text` as ".678901" with one to six digits, or nothing at all.
std::optional<Microseconds> ParseFraction(std::string_view text) {
  if (text.empty()) return Microseconds(0);
  if (!TakeMark(text, '.') || text.empty() || text.size() > 6) return std::nullopt;
  const std::size_t digits = text.size();
  const auto number = TakeNumber(text, digits);
  if (!number) return std::nullopt;
  std::int64_t microseconds = *number;
  for (std::size_t i = digits; i < 6; ++i) microseconds *= 10;
  return Microseconds(microseconds);
}

}  // namespace

double UnixSeconds(Moment moment) {
  return Seconds(moment.time_since_epoch());
}

Moment FromUnixSeconds(double seconds) {
  if (std::isnan(seconds)) return Moment{};
  const double within = std::clamp(seconds, kYearOneSeconds, kYearTenThousandSeconds);
  return Moment(Microseconds(std::llround(within * kMicrosecondsPerSecond)));
}

double Seconds(Microseconds span) {
  return static_cast<double>(span.count()) / kMicrosecondsPerSecond;
}

std::optional<Moment> ParseNaive(std::string_view text) {
  const auto date = TakeDate(text);
  if (!date || !(TakeMark(text, ' ') || TakeMark(text, 'T'))) return std::nullopt;
  const auto hour = TakeNumber(text, 2);
  if (!hour || !TakeMark(text, ':')) return std::nullopt;
  const auto minute = TakeNumber(text, 2);
  if (!minute || !TakeMark(text, ':')) return std::nullopt;
  const auto second = TakeNumber(text, 2);
  const auto fraction = ParseFraction(text);
  if (!second || !fraction || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return Moment(*date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second) + *fraction;
}

std::string FormatNaive(Moment naive) {
  const auto day = std::chrono::floor<std::chrono::days>(naive);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(naive - day);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:06}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count(),
                     time.subseconds().count());
}

}  // namespace tocsin::collectors::dagster

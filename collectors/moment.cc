#include "collectors/moment.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <system_error>

namespace tocsin::collectors {
namespace {

constexpr double kMicrosecondsPerSecond = 1e6;
constexpr double kYearOneSeconds = -62'135'596'800.0;
constexpr double kYearTenThousandSeconds = 253'402'300'800.0;
constexpr std::size_t kFractionDigits = 6;

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

std::optional<std::chrono::seconds> TakeTime(std::string_view& text) {
  const auto hour = TakeNumber(text, 2);
  if (!hour || !TakeMark(text, ':')) return std::nullopt;
  const auto minute = TakeNumber(text, 2);
  if (!minute || !TakeMark(text, ':')) return std::nullopt;
  const auto second = TakeNumber(text, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return std::chrono::hours(*hour) + std::chrono::minutes(*minute) + std::chrono::seconds(*second);
}

/// ".123456", with one to six digits, off the front of `text`; 0 if it does not begin with a dot.
std::optional<Microseconds> TakeFraction(std::string_view& text) {
  if (!TakeMark(text, '.')) return Microseconds(0);
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  if (digits == 0 || digits > kFractionDigits) return std::nullopt;
  std::int64_t microseconds = TakeNumber(text, digits).value_or(0);
  for (std::size_t i = digits; i < kFractionDigits; ++i) microseconds *= 10;
  return Microseconds(microseconds);
}

/// All of `text` as "+09:00" or "Z".
std::optional<std::chrono::minutes> ParseOffset(std::string_view text) {
  if (text == "Z") return std::chrono::minutes(0);
  const bool is_behind = text.starts_with('-');
  if (!TakeMark(text, '+') && !TakeMark(text, '-')) return std::nullopt;
  const auto hours = TakeNumber(text, 2);
  if (!hours || !TakeMark(text, ':')) return std::nullopt;
  const auto minutes = TakeNumber(text, 2);
  if (!minutes || !text.empty() || *hours > 23 || *minutes > 59) return std::nullopt;
  const auto offset = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
  return is_behind ? -offset : offset;
}

}  // namespace

double UnixSeconds(Moment moment) {
  return Seconds(moment.time_since_epoch());
}

double Seconds(Microseconds span) {
  return static_cast<double>(span.count()) / kMicrosecondsPerSecond;
}

Moment FromUnixSeconds(double seconds) {
  if (std::isnan(seconds)) return Moment{};
  const double within = std::clamp(seconds, kYearOneSeconds, kYearTenThousandSeconds);
  return Moment(Microseconds(std::llround(within * kMicrosecondsPerSecond)));
}

std::optional<IsoTime> ParseIsoTime(std::string_view text) {
  const auto date = TakeDate(text);
  if (!date || !(TakeMark(text, 'T') || TakeMark(text, ' '))) return std::nullopt;
  const auto time = TakeTime(text);
  if (!time) return std::nullopt;
  const auto fraction = TakeFraction(text);
  if (!fraction) return std::nullopt;
  const Moment local = Moment(*date) + *time + *fraction;
  if (text.empty()) return IsoTime{local};
  const auto offset = ParseOffset(text);
  if (!offset) return std::nullopt;
  return IsoTime{local, offset};
}

}  // namespace tocsin::collectors

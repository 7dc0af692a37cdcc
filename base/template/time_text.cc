#include "base/template/time_text.h"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

namespace tocsin::text_template {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr std::array<std::string_view, 12> kMonths = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};
constexpr std::array<std::string_view, 7> kWeekdays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                       "Thursday", "Friday", "Saturday"};

/// A moment, taken apart as calendars and clocks show it, in UTC.
struct Moment {
  int year;
  unsigned month;    ///< From 1.
  unsigned day;      ///< From 1.
  unsigned weekday;  ///< 0 is Sunday.
  int day_of_year;   ///< From 1.
  int hour;
  int minute;
  int second;
  int millisecond;

  int half_day_hour() const { return hour % 12 == 0 ? 12 : hour % 12; }
};

Moment TakeApart(TimePoint time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  const std::chrono::sys_days new_year = date.year() / 1 / 1;
  return {.year = static_cast<int>(date.year()),
          .month = static_cast<unsigned>(date.month()),
          .day = static_cast<unsigned>(date.day()),
          .weekday = std::chrono::weekday(day).c_encoding(),
          .day_of_year = static_cast<int>((day - new_year).count()) + 1,
          .hour = static_cast<int>(clock.hours().count()),
          .minute = static_cast<int>(clock.minutes().count()),
          .second = static_cast<int>(clock.seconds().count()),
          .millisecond = static_cast<int>(clock.subseconds().count())};
}

struct LayoutPart {
  std::string_view sample;  ///< As it stands in a layout.
  std::string (*print)(const Moment&);
};

/// What a layout may have; where one begins like another, the longer one first.
/// The zone is always UTC.
constexpr LayoutPart kLayoutParts[] = {
    {"January", [](const Moment& m) { return std::string(kMonths[m.month - 1]); }},
    {"Jan", [](const Moment& m) { return std::string(kMonths[m.month - 1].substr(0, 3)); }},
    {"Monday", [](const Moment& m) { return std::string(kWeekdays[m.weekday]); }},
    {"Mon", [](const Moment& m) { return std::string(kWeekdays[m.weekday].substr(0, 3)); }},
    {"MST", [](const Moment&) { return std::string("UTC"); }},
    {"2006", [](const Moment& m) { return fmt::format("{:04}", m.year); }},
    {"002", [](const Moment& m) { return fmt::format("{:03}", m.day_of_year); }},
    {"01", [](const Moment& m) { return fmt::format("{:02}", m.month); }},
    {"02", [](const Moment& m) { return fmt::format("{:02}", m.day); }},
    {"03", [](const Moment& m) { return fmt::format("{:02}", m.half_day_hour()); }},
    {"04", [](const Moment& m) { return fmt::format("{:02}", m.minute); }},
    {"05", [](const Moment& m) { return fmt::format("{:02}", m.second); }},
    {"06", [](const Moment& m) { return fmt::format("{:02}", m.year % 100); }},
    {"15", [](const Moment& m) { return fmt::format("{:02}", m.hour); }},
    {"__2", [](const Moment& m) { return fmt::format("{:3}", m.day_of_year); }},
    {"_2006", [](const Moment& m) { return fmt::format("_{:04}", m.year); }},
    {"_2", [](const Moment& m) { return fmt::format("{:2}", m.day); }},
    {"1", [](const Moment& m) { return fmt::format("{}", m.month); }},
    {"2", [](const Moment& m) { return fmt::format("{}", m.day); }},
    {"3", [](const Moment& m) { return fmt::format("{}", m.half_day_hour()); }},
    {"4", [](const Moment& m) { return fmt::format("{}", m.minute); }},
    {"5", [](const Moment& m) { return fmt::format("{}", m.second); }},
    {"PM", [](const Moment& m) { return std::string(m.hour < 12 ? "AM" : "PM"); }},
    {"pm", [](const Moment& m) { return std::string(m.hour < 12 ? "am" : "pm"); }},
    {"-07:00:00", [](const Moment&) { return std::string("+00:00:00"); }},
    {"-070000", [](const Moment&) { return std::string("+000000"); }},
    {"-07:00", [](const Moment&) { return std::string("+00:00"); }},
    {"-0700", [](const Moment&) { return std::string("+0000"); }},
    {"-07", [](const Moment&) { return std::string("+00"); }},
    {"Z07:00:00", [](const Moment&) { return std::string("Z"); }},
    {"Z070000", [](const Moment&) { return std::string("Z"); }},
    {"Z07:00", [](const Moment&) { return std::string("Z"); }},
    {"Z0700", [](const Moment&) { return std::string("Z"); }},
    {"Z07", [](const Moment&) { return std::string("Z"); }},
};

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

/// `.000` or `.999`, also with a comma: how many characters of it stand at the front, or 0.
std::size_t FractionAt(std::string_view layout) {
  if (layout.size() < 2 || (layout[0] != '.' && layout[0] != ',')) return 0;
  const char digit = layout[1];
  if (digit != '0' && digit != '9') return 0;
  std::size_t end = 1;
  while (end < layout.size() && layout[end] == digit) ++end;
  return end < layout.size() && IsDigit(layout[end]) ? 0 : end;
}

std::string Fraction(const Moment& moment, std::string_view sample) {
  std::string digits = fmt::format("{:03}000000", moment.millisecond);
  digits.resize(std::min(sample.size() - 1, digits.size()), '0');
  if (sample[1] == '9') {
    while (digits.ends_with('0')) digits.pop_back();
    if (digits.empty()) return digits;
  }
  return sample[0] + digits;
}

/// Whether "Jan" or "Mon" is only the beginning of another word.
bool IsInsideWord(std::string_view layout, std::string_view sample) {
  const bool is_short_name = sample == "Jan" || sample == "Mon";
  return is_short_name && layout.size() > sample.size() && layout[sample.size()] >= 'a' &&
         layout[sample.size()] <= 'z' && sample == "Jan";
}

/// Prints what the layout begins with, and returns how long that is in the layout.
std::size_t PrintPart(std::string& out, const Moment& moment, std::string_view layout) {
  if (const std::size_t size = FractionAt(layout); size > 0) {
    out += Fraction(moment, layout.substr(0, size));
    return size;
  }
  for (const auto& [sample, print] : kLayoutParts) {
    if (!layout.starts_with(sample) || IsInsideWord(layout, sample)) continue;
    out += print(moment);
    return sample.size();
  }
  out += layout[0];
  return 1;
}

// Durations.

/// `value` without its last `digits` decimal places, and these behind a point unless zero.
std::string WithFraction(std::uint64_t value, int digits) {
  std::uint64_t unit = 1;
  for (int i = 0; i < digits; ++i) unit *= 10;
  std::string text = fmt::format("{}", value / unit);
  if (value % unit == 0) return text;
  std::string fraction = fmt::format("{:0{}}", value % unit, digits);
  while (fraction.ends_with('0')) fraction.pop_back();
  return text + "." + fraction;
}

std::string MagnitudeText(std::uint64_t nanos) {
  if (nanos < 1'000) return fmt::format("{}ns", nanos);
  if (nanos < 1'000'000) return WithFraction(nanos, 3) + "\u00b5s";
  if (nanos < 1'000'000'000) return WithFraction(nanos, 6) + "ms";
  constexpr std::uint64_t kMinute = 60'000'000'000;
  std::string rest = WithFraction(nanos % kMinute, 9) + "s";
  const std::uint64_t minutes = nanos / kMinute;
  if (minutes == 0) return rest;
  if (minutes < 60) return fmt::format("{}m{}", minutes, rest);
  return fmt::format("{}h{}m{}", minutes / 60, minutes % 60, rest);
}

// Methods.

Result<Value> Format(Arguments arguments) {
  return Value(FormatTime(arguments[0].time(), arguments[1].text()));
}

Function OfTime(Value (*body)(TimePoint)) {
  return {{Kind::kTime}, false, [=](Arguments arguments) -> Result<Value> {
            return body(arguments[0].time());
          }};
}

Function OfTimes(Value (*body)(TimePoint, TimePoint)) {
  return {{Kind::kTime, Kind::kTime}, false, [=](Arguments arguments) -> Result<Value> {
            return body(arguments[0].time(), arguments[1].time());
          }};
}

Function OfDuration(Value (*body)(nanoseconds)) {
  return {{Kind::kDuration}, false, [=](Arguments arguments) -> Result<Value> {
            return body(arguments[0].duration());
          }};
}

Result<Value> AddDuration(Arguments arguments) {
  using std::chrono::duration_cast;
  return Value(arguments[0].time() + duration_cast<Duration>(arguments[1].duration()));
}

/// The time between, or as much of it as a duration holds.
Value Difference(TimePoint a, TimePoint b) {
  const Duration gap = a - b;
  constexpr auto kMost = std::chrono::duration_cast<Duration>(nanoseconds::max());
  if (gap > kMost) return Value(nanoseconds::max());
  if (gap < -kMost) return Value(nanoseconds::min());
  return Value(nanoseconds(gap));
}

/// Halves go away from zero.
Result<Value> Round(Arguments arguments) {
  const nanoseconds duration = arguments[0].duration();
  const nanoseconds unit = arguments[1].duration();
  if (unit.count() <= 0) return Value(duration);
  const nanoseconds rest(std::abs((duration % unit).count()));
  const bool goes_up = rest.count() >= unit.count() - rest.count();
  const nanoseconds result = duration - duration % unit;
  if (!goes_up) return Value(result);
  const nanoseconds step = duration.count() < 0 ? -unit : unit;
  std::int64_t rounded = 0;
  if (__builtin_add_overflow(result.count(), step.count(), &rounded)) {
    return Value(duration.count() < 0 ? nanoseconds::min() : nanoseconds::max());
  }
  return Value(nanoseconds(rounded));
}

Result<Value> Truncate(Arguments arguments) {
  const nanoseconds duration = arguments[0].duration();
  const nanoseconds unit = arguments[1].duration();
  return Value(unit.count() <= 0 ? duration : duration - duration % unit);
}

Value Absolute(nanoseconds duration) {
  if (duration == nanoseconds::min()) return Value(nanoseconds::max());
  return Value(duration.count() < 0 ? -duration : duration);
}

Functions MakeTimeMethods() {
  Functions methods;
  methods.Add("Add", {{Kind::kTime, Kind::kDuration}, false, AddDuration})
      .Add("After", OfTimes([](TimePoint a, TimePoint b) { return Value(a > b); }))
      .Add("Before", OfTimes([](TimePoint a, TimePoint b) { return Value(a < b); }))
      .Add("Day", OfTime([](TimePoint t) { return Value(static_cast<int>(TakeApart(t).day)); }))
      .Add("Equal", OfTimes([](TimePoint a, TimePoint b) { return Value(a == b); }))
      .Add("Format", {{Kind::kTime, Kind::kString}, false, Format})
      .Add("Hour", OfTime([](TimePoint t) { return Value(TakeApart(t).hour); }))
      .Add("IsZero", OfTime([](TimePoint t) { return Value(TakeApart(t).year <= 1); }))
      .Add("Minute", OfTime([](TimePoint t) { return Value(TakeApart(t).minute); }))
      .Add("Month", OfTime([](TimePoint t) { return Value(kMonths[TakeApart(t).month - 1]); }))
      .Add("Second", OfTime([](TimePoint t) { return Value(TakeApart(t).second); }))
      .Add("String", OfTime([](TimePoint t) { return Value(TimeText(t)); }))
      .Add("Sub", OfTimes(Difference))
      .Add("UTC", OfTime([](TimePoint t) { return Value(t); }))
      .Add("Unix", OfTime([](TimePoint t) {
             return Value(std::int64_t{std::chrono::floor<seconds>(t).time_since_epoch().count()});
           }))
      .Add("UnixMilli",
           OfTime([](TimePoint t) { return Value(std::int64_t{t.time_since_epoch().count()}); }))
      .Add("Weekday", OfTime([](TimePoint t) { return Value(kWeekdays[TakeApart(t).weekday]); }))
      .Add("Year", OfTime([](TimePoint t) { return Value(TakeApart(t).year); }))
      .Add("YearDay", OfTime([](TimePoint t) { return Value(TakeApart(t).day_of_year); }));
  return methods;
}

/// A duration in units of `Ratio` seconds.
template <class Ratio>
Value In(nanoseconds duration) {
  return Value(std::chrono::duration<double, Ratio>(duration).count());
}

/// The same as whole units.
template <class Unit>
Value InWhole(nanoseconds duration) {
  return Value(std::int64_t{std::chrono::duration_cast<Unit>(duration).count()});
}

Functions MakeDurationMethods() {
  Functions methods;
  methods.Add("Abs", OfDuration(Absolute))
      .Add("Hours", OfDuration(In<std::ratio<3600>>))
      .Add("Microseconds", OfDuration(InWhole<std::chrono::microseconds>))
      .Add("Milliseconds", OfDuration(InWhole<std::chrono::milliseconds>))
      .Add("Minutes", OfDuration(In<std::ratio<60>>))
      .Add("Nanoseconds", OfDuration(InWhole<nanoseconds>))
      .Add("Round", {{Kind::kDuration, Kind::kDuration}, false, Round})
      .Add("Seconds", OfDuration(In<std::ratio<1>>))
      .Add("String", OfDuration([](nanoseconds d) { return Value(DurationText(d)); }))
      .Add("Truncate", {{Kind::kDuration, Kind::kDuration}, false, Truncate});
  return methods;
}

}  // namespace

std::string TimeText(TimePoint time) {
  return FormatTime(time, "2006-01-02 15:04:05.999999999 -0700 MST");
}

std::string FormatTime(TimePoint time, std::string_view layout) {
  const Moment moment = TakeApart(time);
  std::string out;
  while (!layout.empty()) layout.remove_prefix(PrintPart(out, moment, layout));
  return out;
}

std::string DurationText(nanoseconds duration) {
  if (duration.count() == 0) return "0s";
  const auto bits = static_cast<std::uint64_t>(duration.count());
  if (duration.count() > 0) return MagnitudeText(bits);
  return "-" + MagnitudeText(~bits + 1);
}

const Functions& TimeMethods() {
  static const Functions kMethods = MakeTimeMethods();
  return kMethods;
}

const Functions& DurationMethods() {
  static const Functions kMethods = MakeDurationMethods();
  return kMethods;
}

}  // namespace tocsin::text_template

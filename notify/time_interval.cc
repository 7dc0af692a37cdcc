#include "notify/time_interval.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <utility>

#include <date/date.h>
#include <date/tz.h>
#include <fmt/format.h>

#include "base/text.h"

namespace tocsin::notify {
namespace {

using Range = TimeInterval::Range;

constexpr int kMinutesPerHour = 60;
constexpr std::string_view kLocal = "Local";

// --- Holding -------------------------------------------------------------------------------------

/// Null if there is no such zone, or no zones at all.
const date::time_zone* FindZone(const std::string& location) {
  try {
    return location == kLocal ? date::current_zone() : date::locate_zone(location);
  } catch (const std::exception&) {
    return nullptr;
  }
}

/// A moment as a wall calendar and a wall clock show it.
struct LocalTime {
  int minute_of_day = 0;
  int weekday = 0;
  int day = 0;
  int days_in_month = 0;
  int month = 0;
  int year = 0;
};

LocalTime ToLocal(TimePoint moment, const std::string& location) {
  const date::time_zone* const zone = FindZone(location);
  const date::sys_time<Duration> system(moment.time_since_epoch());
  const auto offset = zone == nullptr ? std::chrono::seconds(0) : zone->get_info(system).offset;
  const date::local_time<Duration> local((system + offset).time_since_epoch());
  const auto day = date::floor<date::days>(local);
  const date::year_month_day calendar(day);
  const date::year_month_day_last last = calendar.year() / calendar.month() / date::last;
  return {
      static_cast<int>(date::floor<std::chrono::minutes>(local - day).count()),
      static_cast<int>(date::weekday(day).c_encoding()),
      static_cast<int>(static_cast<unsigned>(calendar.day())),
      static_cast<int>(static_cast<unsigned>(last.day())),
      static_cast<int>(static_cast<unsigned>(calendar.month())),
      static_cast<int>(calendar.year()),
  };
}

bool IsIn(const std::vector<Range>& ranges, int value) {
  const auto holds = [&](const Range& range) { return range.begin <= value && value <= range.end; };
  return ranges.empty() || std::any_of(ranges.begin(), ranges.end(), holds);
}

bool IsInTimes(const std::vector<Range>& ranges, int minute) {
  const auto holds = [&](const Range& range) {
    return range.begin <= minute && minute < range.end;
  };
  return ranges.empty() || std::any_of(ranges.begin(), ranges.end(), holds);
}

/// Days below 0 count from the end of the month, so what lies before its first day is cut off.
bool IsInDays(const std::vector<Range>& ranges, const LocalTime& local) {
  const auto resolved = [&](int day) { return day < 0 ? local.days_in_month + day + 1 : day; };
  const auto holds = [&](const Range& range) {
    return resolved(range.begin) <= local.day && local.day <= resolved(range.end);
  };
  return ranges.empty() || std::any_of(ranges.begin(), ranges.end(), holds);
}

// --- Reading -------------------------------------------------------------------------------------

constexpr std::array<std::string_view, 7> kWeekdays = {"sunday",   "monday", "tuesday", "wednesday",
                                                       "thursday", "friday", "saturday"};
constexpr std::array<std::string_view, 12> kMonths = {
    "january", "february", "march",     "april",   "may",      "june",
    "july",    "august",   "september", "october", "november", "december"};

std::optional<int> ParseInteger(std::string_view text) {
  int number = 0;
  const char* const end = text.data() + text.size();
  const auto [after, problem] = std::from_chars(text.data(), end, number);
  if (text.empty() || problem != std::errc{} || after != end) return std::nullopt;
  return number;
}

template <std::size_t size>
std::optional<int> IndexOf(const std::array<std::string_view, size>& names, std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<int>(found - names.begin());
}

/// What one of the lists of ranges takes.
struct Unit {
  std::string_view key;
  std::string_view expected;
  std::optional<int> (*parse)(std::string_view text);
};

std::optional<int> ParseWeekday(std::string_view text) {
  return IndexOf(kWeekdays, text);
}

std::optional<int> ParseDay(std::string_view text) {
  constexpr int kMost = 31;
  const std::optional<int> day = ParseInteger(text);
  return day && *day != 0 && *day >= -kMost && *day <= kMost ? day : std::nullopt;
}

std::optional<int> ParseMonth(std::string_view text) {
  if (const std::optional<int> index = IndexOf(kMonths, text)) return *index + 1;
  const std::optional<int> month = ParseInteger(text);
  return month && *month >= 1 && *month <= static_cast<int>(kMonths.size()) ? month : std::nullopt;
}

constexpr Unit kWeekdayUnit = {"weekdays", "a weekday such as monday, or monday:friday",
                               ParseWeekday};
constexpr Unit kDayUnit = {"days_of_month", "a day from 1 to 31 or -31 to -1, or a range of them",
                           ParseDay};
constexpr Unit kMonthUnit = {"months", "a month by name or number, or a range of them", ParseMonth};
constexpr Unit kYearUnit = {"years", "a year, or a range of them", ParseInteger};

/// `5`, `monday:friday`, in any case.
std::optional<Range> ParseRange(const Unit& unit, std::string_view text) {
  const std::string lower = LowerCase(text);
  const std::string_view view = lower;
  const std::size_t colon = view.find(':');
  const std::optional<int> begin = unit.parse(view.substr(0, colon));
  const std::optional<int> end =
      colon == std::string_view::npos ? begin : unit.parse(view.substr(colon + 1));
  if (!begin || !end) return std::nullopt;
  return Range{*begin, *end};
}

/// Whether the range is empty in every month: as if they had 28 days, where the ends differ in
/// sign.
bool IsBackwards(const Range& range) {
  constexpr int kShortestMonth = 28;
  if (range.begin < 0 && range.end > 0) return true;
  const auto resolved = [](int day) { return day < 0 ? kShortestMonth + day : day; };
  return resolved(range.begin) > resolved(range.end);
}

std::vector<Range> ReadRanges(YamlMap& options, const Unit& unit) {
  std::vector<Range> ranges;
  for (const YamlNode& node : options.List(unit.key)) {
    const bool is_scalar = node.kind == YamlNode::Kind::kScalar;
    const std::optional<Range> range = is_scalar ? ParseRange(unit, node.text) : std::nullopt;
    const bool is_backwards =
        range && (unit.parse == ParseDay ? IsBackwards(*range) : range->begin > range->end);
    if (!range) {
      options.diagnostics().Add(node.place, fmt::format("{}: expected {}, got \"{}\"", unit.key,
                                                        unit.expected, node.text));
    } else if (is_backwards) {
      options.diagnostics().Add(
          node.place, fmt::format("{}: \"{}\" ends before it begins", unit.key, node.text));
    } else {
      ranges.push_back(*range);
    }
  }
  return ranges;
}

/// `HH:MM` from 00:00 to 24:00, in minutes.
std::optional<int> ParseTime(std::string_view text) {
  constexpr std::size_t kSize = 5;
  constexpr std::size_t kColon = 2;
  constexpr int kHours = 24;
  const bool has_form = text.size() == kSize && text[kColon] == ':' &&
                        text.find_first_not_of("0123456789:") == std::string_view::npos;
  if (!has_form) return std::nullopt;
  const std::optional<int> hour = ParseInteger(text.substr(0, kColon));
  const std::optional<int> minute = ParseInteger(text.substr(kColon + 1));
  if (!hour || !minute || *minute >= kMinutesPerHour) return std::nullopt;
  const int minutes = *hour * kMinutesPerHour + *minute;
  return minutes <= kHours * kMinutesPerHour ? std::optional(minutes) : std::nullopt;
}

std::optional<int> ReadTime(YamlMap& options, std::string_view key) {
  const std::string text = options.RequiredString(key);
  const std::optional<int> minutes = ParseTime(text);
  if (!minutes && !text.empty()) {
    options.Refuse(key, fmt::format("expected a time such as 08:30, to 24:00, got \"{}\"", text));
  }
  return minutes;
}

std::vector<Range> ReadTimes(YamlMap& options) {
  std::vector<Range> times;
  for (const YamlNode& node : options.List("times")) {
    YamlMap map(node, options.diagnostics());
    const std::optional<int> begin = ReadTime(map, "start_time");
    const std::optional<int> end = ReadTime(map, "end_time");
    if (!begin || !end) continue;
    if (*begin >= *end) map.Refuse("end_time", "expected a time after start_time");
    times.push_back({*begin, *end});
  }
  return times;
}

TimeInterval ReadTimeInterval(const YamlNode& node, Diagnostics& diagnostics) {
  YamlMap options(node, diagnostics);
  TimeInterval interval;
  interval.times = ReadTimes(options);
  interval.weekdays = ReadRanges(options, kWeekdayUnit);
  interval.days_of_month = ReadRanges(options, kDayUnit);
  interval.months = ReadRanges(options, kMonthUnit);
  interval.years = ReadRanges(options, kYearUnit);
  interval.location = options.StringOr("location", interval.location);
  if (interval.location.empty()) interval.location = TimeInterval().location;
  if (FindZone(interval.location) == nullptr) {
    options.Refuse("location",
                   fmt::format("there is no time zone \"{}\" on this machine", interval.location));
  }
  return interval;
}

void ReadNamed(YamlMap& notify, std::string_view key, TimeIntervals& intervals) {
  for (const YamlNode& node : notify.List(key)) {
    YamlMap options(node, notify.diagnostics());
    std::string name = options.RequiredString("name");
    std::vector<TimeInterval> read;
    for (const YamlNode& item : options.List("time_intervals")) {
      read.push_back(ReadTimeInterval(item, notify.diagnostics()));
    }
    if (name.empty()) continue;
    if (!intervals.try_emplace(name, std::move(read)).second) {
      options.Refuse("name", fmt::format("the time interval \"{}\" is there twice", name));
    }
  }
}

}  // namespace

bool TimeInterval::Contains(TimePoint moment) const {
  const LocalTime local = ToLocal(moment, location);
  return IsInTimes(times, local.minute_of_day) && IsIn(weekdays, local.weekday) &&
         IsInDays(days_of_month, local) && IsIn(months, local.month) && IsIn(years, local.year);
}

bool ContainsAny(const TimeIntervals& intervals, const std::vector<std::string>& names,
                 TimePoint moment) {
  const auto contains = [&](const TimeInterval& interval) { return interval.Contains(moment); };
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    const auto found = intervals.find(name);
    return found != intervals.end() &&
           std::any_of(found->second.begin(), found->second.end(), contains);
  });
}

TimeIntervals ReadTimeIntervals(YamlMap& notify) {
  TimeIntervals intervals;
  ReadNamed(notify, "time_intervals", intervals);
  ReadNamed(notify, "mute_time_intervals", intervals);
  return intervals;
}

}  // namespace tocsin::notify

// Functions of times: hour, day_of_week, days_in_month ... In UTC.

#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <utility>

#include "rules/promql/function_families.h"

namespace tocsin::promql {
namespace {

using enum ValueType;

constexpr std::int64_t kSecondsPerDay = 86'400;
/// std::chrono ends at the year 32767; samples may hold anything.
constexpr double kLargestSeconds = 1e18;

constexpr std::int64_t FloorDivide(std::int64_t a, std::int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

constexpr bool IsLeapYear(std::int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

constexpr int DaysInMonth(std::int64_t year, int month) {
  if (month == 2) return IsLeapYear(year) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/// A moment, in the Gregorian calendar.
struct Date {
  std::int64_t year = 1970;
  int month = 1;  ///< 1 to 12.
  int day = 1;    ///< 1 to 31.
  int day_of_year = 1;
  int weekday = 4;  ///< 0: Sunday.
  std::int64_t second_of_day = 0;
};

Date DateOf(std::int64_t seconds) {
  constexpr std::int64_t kDaysPer400Years = 146'097;
  constexpr std::int64_t kDaysFrom1600 = 135'140;  // To 1970.
  const std::int64_t days = FloorDivide(seconds, kSecondsPerDay);
  Date date;
  date.second_of_day = seconds - days * kSecondsPerDay;
  date.weekday = static_cast<int>((days % 7 + 11) % 7);

  // Cycles of 400 years repeat exactly; within one, walk. 1600 begins one.
  const std::int64_t since_1600 = days + kDaysFrom1600;
  const std::int64_t cycle = FloorDivide(since_1600, kDaysPer400Years);
  std::int64_t left = since_1600 - cycle * kDaysPer400Years;
  std::int64_t year = 1600 + cycle * 400 + left / 366;  // At most one year too early.
  const std::int64_t years = year - (1600 + cycle * 400);
  left -= years * 365 + (years + 3) / 4 - (years + 99) / 100 + (years > 0 ? 1 : 0);
  while (left >= (IsLeapYear(year) ? 366 : 365)) left -= IsLeapYear(year++) ? 366 : 365;
  date.year = year;
  date.day_of_year = static_cast<int>(left) + 1;
  for (date.day = date.day_of_year; date.day > DaysInMonth(year, date.month); ++date.month) {
    date.day -= DaysInMonth(year, date.month);
  }
  return date;
}

/// NaN for what no calendar reaches, where Prometheus' result depends on the processor.
template <double (*kCompute)(const Date&)>
double OfSeconds(double seconds) {
  if (!(std::abs(seconds) < kLargestSeconds)) return std::numeric_limits<double>::quiet_NaN();
  return kCompute(DateOf(static_cast<std::int64_t>(seconds)));
}

/// Of the values of the argument, or, without one, of the time of each step.
template <double (*kCompute)(const Date&)>
Result<Operand> Evaluate(CallArguments arguments, const Context& context) {
  const Steps& steps = context.steps;
  if (arguments.values.empty()) {
    Block block(std::make_shared<const Shape>(Shape{{Labels()}, {}}), steps.count);
    for (std::size_t i = 0; i < steps.count; ++i) {
      block.values[i] = kCompute(DateOf(steps.at(i) / 1000));
    }
    return Operand(std::move(block));
  }
  Block block = std::get<Block>(std::move(arguments.values[0]));
  for (double& value : block.values) {
    if (IsPresent(value)) value = OfSeconds<kCompute>(value);
  }
  Result<Block> named = DropNames(std::move(block), arguments.memo, context);
  if (!named) return named.error();
  return Operand(*std::move(named));
}

double Year(const Date& date) {
  return static_cast<double>(date.year);
}
double Month(const Date& date) {
  return date.month;
}
double DayOfMonth(const Date& date) {
  return date.day;
}
double DayOfWeek(const Date& date) {
  return date.weekday;
}
double DayOfYear(const Date& date) {
  return date.day_of_year;
}
double DaysInMonthOf(const Date& date) {
  return DaysInMonth(date.year, date.month);
}
double Hour(const Date& date) {
  const std::int64_t hour = date.second_of_day / 3600;
  return static_cast<double>(hour);
}
double Minute(const Date& date) {
  const std::int64_t minute = date.second_of_day / 60 % 60;
  return static_cast<double>(minute);
}

template <double (*kCompute)(const Date&)>
Function Row(std::string_view name) {
  return {.name = name,
          .args = {kVector},
          .optional_args = 1,
          .how = GeneralFunction{Evaluate<kCompute>}};
}

}  // namespace

std::vector<Function> DateFunctions() {
  return {
      Row<DayOfMonth>("day_of_month"),
      Row<DayOfWeek>("day_of_week"),
      Row<DayOfYear>("day_of_year"),
      Row<DaysInMonthOf>("days_in_month"),
      Row<Hour>("hour"),
      Row<Minute>("minute"),
      Row<Month>("month"),
      Row<Year>("year"),
  };
}

}  // namespace tocsin::promql

#include <string_view>

#include <boost/test/unit_test.hpp>

#include "tests/rules/promql/function_call.h"

namespace tocsin::promql {
namespace {

double Of(std::string_view function, double seconds) {
  FunctionCall call(function);
  const Result<Operand> result = call.Evaluate({MakeBlock({{Labels(), {seconds}}})});
  BOOST_REQUIRE(result);
  return std::get<Block>(*result).at(0, 0);
}

BOOST_AUTO_TEST_SUITE(date_functions_test)

BOOST_AUTO_TEST_CASE(SecondsAreReadInTheCalendar) {
  struct Case {
    double seconds;
    double year, month, day, hour, minute, weekday, day_of_year, days_in_month;
  };
  const Case rows[] = {
      {0, 1970, 1, 1, 0, 0, 4, 1, 31},
      {-1, 1969, 12, 31, 23, 59, 3, 365, 31},
      {-0.5, 1970, 1, 1, 0, 0, 4, 1, 31},  // Cut towards zero.
      {59.999, 1970, 1, 1, 0, 0, 4, 1, 31},
      {1136239445, 2006, 1, 2, 22, 4, 1, 2, 31},
      {1230767999, 2008, 12, 31, 23, 59, 3, 366, 31},
      {1230768000, 2009, 1, 1, 0, 0, 4, 1, 31},
      {1454284800, 2016, 2, 1, 0, 0, 1, 32, 29},
      {1456790399, 2016, 2, 29, 23, 59, 1, 60, 29},
      {1456790400, 2016, 3, 1, 0, 0, 2, 61, 31},
      {1485907200, 2017, 2, 1, 0, 0, 3, 32, 28},
      {951782400, 2000, 2, 29, 0, 0, 2, 60, 29},   // 2000 was a leap year.
      {-2203891200, 1900, 3, 1, 0, 0, 4, 60, 31},  // 1900 was none.
      {-11676096000, 1600, 1, 1, 0, 0, 6, 1, 31},
      {-62135596800, 1, 1, 1, 0, 0, 1, 1, 31},
      {-62167219200, 0, 1, 1, 0, 0, 6, 1, 31},
      {253402300799, 9999, 12, 31, 23, 59, 5, 365, 31},
      {1e15, 31690708, 7, 5, 1, 46, 0, 187, 31},
  };
  for (const Case& row : rows) {
    BOOST_TEST_CONTEXT("second " << row.seconds) {
      BOOST_TEST(Of("year", row.seconds) == row.year);
      BOOST_TEST(Of("month", row.seconds) == row.month);
      BOOST_TEST(Of("day_of_month", row.seconds) == row.day);
      BOOST_TEST(Of("hour", row.seconds) == row.hour);
      BOOST_TEST(Of("minute", row.seconds) == row.minute);
      BOOST_TEST(Of("day_of_week", row.seconds) == row.weekday);
      BOOST_TEST(Of("day_of_year", row.seconds) == row.day_of_year);
      BOOST_TEST(Of("days_in_month", row.seconds) == row.days_in_month);
    }
  }
}

BOOST_AUTO_TEST_CASE(DaysFollowEachOther) {
  // Through 1900, which was no leap year, and 2000, which was one.
  double tomorrow = Of("day_of_month", -40'177 * 86'400.0);
  for (int day = -40'177; day < 40'177; ++day) {
    const double today = Of("day_of_month", day * 86'400.0);
    BOOST_REQUIRE_MESSAGE(today == tomorrow, "day " << day);
    tomorrow = today == Of("days_in_month", day * 86'400.0) ? 1 : today + 1;
  }
}

BOOST_AUTO_TEST_CASE(NoCalendarReachesEverywhere) {
  for (const double seconds : {kNan, kInf, -kInf, 1e300}) {
    BOOST_TEST(std::isnan(Of("year", seconds)));
  }
}

BOOST_AUTO_TEST_CASE(WithoutArgumentTheTimeOfTheStepCounts) {
  FunctionCall call("minute");
  call.steps = {.start = 59'999, .step = 60'000, .count = 3};
  BOOST_TEST(call.Lines({}) == "{} 0 1 2\n");
}

BOOST_AUTO_TEST_CASE(NamesAreDropped) {
  FunctionCall call("hour");
  BOOST_TEST(call.Lines({MakeBlock({{{{"__name__", "m"}, {"a", "b"}}, {7200}}})}) ==
             "{a=\"b\"} 2\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::promql

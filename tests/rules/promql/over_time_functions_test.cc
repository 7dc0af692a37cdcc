#include <cmath>
#include <string_view>

#include <boost/test/unit_test.hpp>

#include "tests/rules/promql/function_call.h"

namespace tocsin::promql {
namespace {

constexpr double kBig = 9.988465674311579e+307;

struct Case {
  std::string_view function;
  std::string_view samples;
  double expected;
  std::vector<double> args = {};
};

BOOST_AUTO_TEST_SUITE(over_time_functions_test)

BOOST_AUTO_TEST_CASE(SamplesAreAggregated) {
  const Case rows[] = {
      {"count_over_time", "1=5", 1},
      {"count_over_time", "1=5 2=NaN 3=5", 3},
      {"present_over_time", "1=NaN", 1},
      {"first_over_time", "1=4 2=5 3=6", 4},
      {"last_over_time", "1=4 2=5 3=6", 6},
      {"last_over_time", "1=4 2=NaN", kNan},
      {"sum_over_time", "1=4", 4},
      {"sum_over_time", "1=1 2=2 3=3", 6},
      {"sum_over_time", "1=1 2=NaN", kNan},
      {"sum_over_time", "1=Inf 2=1", kInf},
      {"sum_over_time", "1=Inf 2=-Inf", kNan},
      {"avg_over_time", "1=4", 4},
      {"avg_over_time", "1=1 2=2 3=6", 3},
      {"avg_over_time", "1=Inf 2=0 3=Inf", kInf},
      {"min_over_time", "1=3 2=1 3=2", 1},
      {"max_over_time", "1=1 2=3 3=2", 3},
      {"min_over_time", "1=NaN 2=3 3=NaN 4=2", 2},
      {"max_over_time", "1=NaN 2=3 3=NaN 4=2", 3},
      {"min_over_time", "1=NaN 2=NaN", kNan},
      {"max_over_time", "1=-Inf 2=NaN", -kInf},
      {"stdvar_over_time", "1=7", 0},
      {"stdvar_over_time", "1=0 2=8 3=8 4=2 5=3", 10.56},
      {"stddev_over_time", "1=0 2=8 3=8 4=2 5=3", std::sqrt(10.56)},
      {"stdvar_over_time", "1=1 2=NaN", kNan},
      {"stdvar_over_time", "1=Inf", kNan},
      {"mad_over_time", "1=4 2=6 3=2 4=1 5=999 6=1 7=2", 1},
      {"mad_over_time", "1=5", 0},
      {"mad_over_time", "1=1 2=2 3=NaN 4=4", kNan},
      {"ts_of_first_over_time", "10.053=4 20.106=5", 10.053},
      {"ts_of_last_over_time", "10.053=4 20.106=5", 20.106},
      {"ts_of_min_over_time", "1=2 2=1 3=1 4=2", 3},
      {"ts_of_max_over_time", "1=2 2=1 3=2 4=1", 3},
      {"ts_of_max_over_time", "1=NaN 2=1 3=NaN", 2},
      {"ts_of_min_over_time", "1=NaN 2=NaN", 2},
  };
  for (const Case& row : rows) {
    const double actual = OverRange(row.function, row.samples, {.end = 100});
    BOOST_TEST(Close(actual, row.expected), row.function << " of " << row.samples << " is "
                                                         << Show(actual) << ", not "
                                                         << Show(row.expected));
  }
}

BOOST_AUTO_TEST_CASE(SumsLoseNoDigits) {
  // Exact, not close.
  const Case rows[] = {
      {"sum_over_time", "1=1 2=1e100 3=1 4=-1e100", 2},
      {"avg_over_time", "1=1 2=1e100 3=1 4=-1e100", 0.5},
      {"sum_over_time", "1=0.1 2=0.1 3=0.1 4=0.1 5=0.1 6=0.1 7=0.1 8=0.1 9=0.1 10=0.1", 1},
      {"avg_over_time", "1=52 2=52 3=52 4=52 5=52 6=52 7=52", 52},
      {"stdvar_over_time", "1=1.5990505637277868 2=1.5990505637277868 3=1.5990505637277868", 0},
      {"stdvar_over_time", "1=1000000001 2=1000000002 3=1000000003", 2.0 / 3},
  };
  for (const Case& row : rows) {
    const double actual = OverRange(row.function, row.samples, {.end = 100});
    BOOST_TEST(actual == row.expected, row.function << " of " << row.samples << " is " << actual);
  }
}

BOOST_AUTO_TEST_CASE(AMeanDoesNotOverflow) {
  const std::string big = FormatNumber(kBig);
  const std::string samples = "1=" + big + " 2=" + big + " 3=" + big;
  BOOST_TEST(OverRange("avg_over_time", samples, {.end = 100}) == kBig);
  BOOST_TEST(OverRange("sum_over_time", samples, {.end = 100}) == kInf);
}

BOOST_AUTO_TEST_CASE(QuantilesLieBetweenSamples) {
  const Case rows[] = {
      {"quantile_over_time", "1=7", 7, {0.3}},
      {"quantile_over_time", "1=4 2=0 3=1", 0, {0}},
      {"quantile_over_time", "1=4 2=0 3=1", 1, {0.5}},
      {"quantile_over_time", "1=4 2=0 3=1", 2.5, {0.75}},
      {"quantile_over_time", "1=4 2=0 3=1", 4, {1}},
      {"quantile_over_time", "1=4 2=0 3=1", -kInf, {-0.1}},
      {"quantile_over_time", "1=4 2=0 3=1", kInf, {1.1}},
      {"quantile_over_time", "1=4 2=0 3=1", kNan, {kNan}},
      {"quantile_over_time", "1=4 2=NaN 3=1", kNan, {0}},
      {"quantile_over_time", "1=4 2=NaN 3=1", 1, {0.5}},
      {"quantile_over_time", "1=4 2=NaN 3=1", 4, {1}},
      {"quantile_over_time", "1=NaN 2=NaN 3=1", kNan, {0.5}},
  };
  for (const Case& row : rows) {
    const double actual = OverRange(row.function, row.samples, {.end = 100, .args = row.args});
    BOOST_TEST(Close(actual, row.expected), "quantile " << row.args[0] << " of " << row.samples
                                                        << " is " << Show(actual) << ", not "
                                                        << Show(row.expected));
  }
}

BOOST_AUTO_TEST_CASE(AQuantileOutOfBoundsIsWarnedOf) {
  const auto& range = std::get<RangeFunction>(FindFunction("quantile_over_time")->how);
  for (const double q : {0.0, 0.5, 1.0}) {
    Annotations annotations("0123456789");
    BOOST_TEST(bool(range.check(std::vector<double>{q}, {4, 5}, annotations)));
    BOOST_TEST(annotations.warnings().empty());
  }
  for (const auto& [q, text] : {std::pair{-0.1, "-0.1"}, {2.0, "2"}, {kNan, "NaN"}}) {
    Annotations annotations("0123456789");
    BOOST_TEST(bool(range.check(std::vector<double>{q}, {4, 5}, annotations)));
    BOOST_REQUIRE(annotations.warnings().size() == 1U);
    BOOST_TEST(*annotations.warnings().begin() ==
               std::string("PromQL warning: quantile value should be between 0 and 1, got ") +
                   text + " (1:5)");
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::promql

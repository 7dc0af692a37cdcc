#include <string_view>

#include <boost/test/unit_test.hpp>

#include "tests/rules/promql/function_call.h"

namespace tocsin::promql {
namespace {

struct Case {
  std::string_view function;
  std::string_view samples;
  double expected;
  std::vector<double> args = {};
  double now = 0;
};

BOOST_AUTO_TEST_SUITE(regression_functions_test)

BOOST_AUTO_TEST_CASE(TrendsAreLines) {
  constexpr std::string_view kSawtooth =
      "0=0 300=10 600=20 900=30 1200=40 1500=0 1800=10 2100=20 2400=30 2700=40 3000=50";
  const Case rows[] = {
      {"deriv", "0=1", kAbsent},
      {"deriv", "0=1 10=2", 0.1},
      {"deriv", "0=5 10=5 20=5", 0},
      {"deriv", "0=Inf 10=Inf", kNan},
      {"deriv", "0=-Inf 10=1 20=2", kNan},
      {"deriv", "0=NaN 10=NaN", kNan},
      {"deriv", kSawtooth, 0.010606060606060607},
      {"predict_linear", "0=1", kAbsent, {60}, 10},
      {"predict_linear", "0=1 10=2", 3, {10}, 10},
      {"predict_linear", "0=1 10=2", 2, {0}, 10},
      {"predict_linear", "0=1 10=2", 1, {-10}, 10},
      {"predict_linear", "0=4 10=4", 4, {3600}, 10},
      {"predict_linear", "0=Inf 10=Inf", kNan, {3600}, 10},
      {"predict_linear", kSawtooth, 76.81818181818181, {3600}, 3000},
      {"predict_linear", kSawtooth, 51.36363636363637, {3600}, 600},  // now is what counts.
  };
  for (const Case& row : rows) {
    const double actual =
        OverRange(row.function, row.samples, {.end = 3000, .args = row.args, .now = row.now});
    BOOST_TEST(Close(actual, row.expected), row.function << " of " << row.samples << " is "
                                                         << Show(actual) << ", not "
                                                         << Show(row.expected));
  }
}

BOOST_AUTO_TEST_CASE(SlopesFarFromTheEpochLoseNoDigits) {
  constexpr std::string_view kToday = "1.7e9=1 1.70000001e9=2 1.70000002e9=3";
  BOOST_TEST(OverRange("deriv", kToday, {.end = 1.8e9}) == 0.1);
}

BOOST_AUTO_TEST_CASE(SmoothingFollowsValuesAndTrends) {
  const Case rows[] = {
      {"double_exponential_smoothing", "0=1", kAbsent, {0.5, 0.5}},
      {"double_exponential_smoothing", "0=1 10=3", 3, {0.5, 0.5}},
      {"double_exponential_smoothing", "0=10 10=20 20=30 30=40", 40, {0.01, 0.1}},
      // 0.5 x 4 + 0.5 x (3 + 2) = 4.5, trend 2; then trend 0.5 x 1.5 + 0.5 x 2 = 1.75,
      // 0.5 x 8 + 0.5 x (4.5 + 1.75) = 7.125.
      {"double_exponential_smoothing", "0=1 10=3 20=4 30=8", 7.125, {0.5, 0.5}},
  };
  for (const Case& row : rows) {
    const double actual = OverRange(row.function, row.samples, {.end = 100, .args = row.args});
    BOOST_TEST(Close(actual, row.expected),
               row.samples << " is " << Show(actual) << ", not " << Show(row.expected));
  }
}

BOOST_AUTO_TEST_CASE(FactorsLieBetweenZeroAndOne) {
  struct Bad {
    std::vector<double> args;
    std::string_view message;
  };
  const Bad rows[] = {
      {{0, 0.5}, "invalid smoothing factor. Expected: 0 < sf < 1, got: 0.000000"},
      {{1, 0.5}, "invalid smoothing factor. Expected: 0 < sf < 1, got: 1.000000"},
      {{kInf, 0.5}, "invalid smoothing factor. Expected: 0 < sf < 1, got: +Inf"},
      {{0.5, -1}, "invalid trend factor. Expected: 0 < tf < 1, got: -1.000000"},
      {{0.5, 1.5}, "invalid trend factor. Expected: 0 < tf < 1, got: 1.500000"},
  };
  const auto& range = std::get<RangeFunction>(FindFunction("double_exponential_smoothing")->how);
  Annotations annotations("");
  BOOST_TEST(bool(range.check(std::vector<double>{0.1, 0.9}, {}, annotations)));
  for (const Bad& row : rows) {
    const Status checked = range.check(row.args, {}, annotations);
    BOOST_REQUIRE(!checked);
    BOOST_TEST(checked.error().message == row.message);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::promql

#include "base/template/humanize.h"

#include <array>
#include <chrono>
#include <limits>
#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

#include "base/template/time_text.h"

namespace tocsin::text_template {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

struct Row {
  double value;
  std::string_view expected;
};

template <std::size_t N>
void Check(std::string (*print)(double), const std::array<Row, N>& rows) {
  for (const auto& [value, expected] : rows) {
    BOOST_TEST_CONTEXT(value) {
      BOOST_TEST(print(value) == expected);
    }
  }
}

BOOST_AUTO_TEST_SUITE(humanize_test)

BOOST_AUTO_TEST_CASE(NumbersGetDecimalPrefixes) {
  Check(Humanize, std::array{
                      Row{0.0, "0"},
                      Row{1.0, "1"},
                      Row{-1.0, "-1"},
                      Row{999.0, "999"},
                      Row{1234567.0, "1.235M"},
                      Row{-1234567.0, "-1.235M"},
                      Row{1e24, "1Y"},
                      Row{1e30, "1e+06Y"},
                      Row{0.12, "120m"},
                      Row{0.00012, "120u"},
                      Row{1e-30, "1e-06y"},
                      Row{999999.0, "1000k"},
                      Row{kInfinity, "+Inf"},
                      Row{-kInfinity, "-Inf"},
                      Row{kNaN, "NaN"},
                  });
}

BOOST_AUTO_TEST_CASE(NumbersGetBinaryPrefixes) {
  Check(Humanize1024, std::array{
                          Row{0.0, "0"},
                          Row{0.5, "0.5"},
                          Row{1.0, "1"},
                          Row{1023.0, "1023"},
                          Row{1024.0, "1ki"},
                          Row{1048576.0, "1Mi"},
                          Row{-3221225472.0, "-3Gi"},
                          Row{kNaN, "NaN"},
                          Row{kInfinity, "+Inf"},
                      });
}

BOOST_AUTO_TEST_CASE(SecondsBecomeDaysHoursMinutes) {
  Check(HumanizeDuration, std::array{
                              Row{0.0, "0s"},
                              Row{1.0, "1s"},
                              Row{59.9876, "59.99s"},
                              Row{60.0, "1m 0s"},
                              Row{3600.0, "1h 0m 0s"},
                              Row{86400.0, "1d 0h 0m 0s"},
                              Row{93784.9, "1d 2h 3m 4s"},
                              Row{-93784.0, "-1d 2h 3m 4s"},
                              Row{0.1, "100ms"},
                              Row{0.0125, "12.5ms"},
                              Row{-0.0125, "-12.5ms"},
                              Row{0.0001, "100us"},
                              Row{1e-9, "1ns"},
                              Row{kInfinity, "+Inf"},
                              Row{kNaN, "NaN"},
                          });
}

BOOST_AUTO_TEST_CASE(RatiosBecomePercentages) {
  Check(HumanizePercentage, std::array{
                                Row{0.0, "0%"},
                                Row{0.1234567, "12.35%"},
                                Row{1.0, "100%"},
                                Row{-0.02, "-2%"},
                                Row{kInfinity, "+Inf%"},
                                Row{kNaN, "NaN%"},
                            });
}

BOOST_AUTO_TEST_CASE(SecondsBecomeTimes) {
  constexpr std::array kRows = {
      Row{0, "1970-01-01 00:00:00 +0000 UTC"},
      Row{1435065584.128, "2015-06-23 13:19:44.128 +0000 UTC"},
      Row{-1.5, "1969-12-31 23:59:58.5 +0000 UTC"},
      Row{kInfinity, "+Inf"},
      Row{kNaN, "NaN"},
  };
  for (const auto& [value, expected] : kRows) {
    const Result<std::string> text = HumanizeTimestamp(value);
    BOOST_TEST_REQUIRE(!!text);
    BOOST_TEST(*text == expected);
  }
  const Result<std::string> too_late = HumanizeTimestamp(1e10);
  BOOST_TEST_REQUIRE(!too_late);
  BOOST_TEST(too_late.error().message ==
             "1e+10 cannot be represented as a nanoseconds timestamp since it overflows int64");
}

BOOST_AUTO_TEST_CASE(TimesAndDurationsNeedFiniteSeconds) {
  BOOST_TEST((ToTime(1.5)->time() == TimePoint(Duration(1500))));
  BOOST_TEST((ToDuration(1.5)->duration() == std::chrono::milliseconds(1500)));
  for (const double value : {kNaN, kInfinity, -kInfinity, 1e300}) {
    BOOST_TEST(!ToTime(value));
    BOOST_TEST(!ToDuration(value));
  }
}

BOOST_AUTO_TEST_CASE(NumbersAreTakenFromTextsToo) {
  BOOST_TEST(*ToNumber(Value(3)) == 3);
  BOOST_TEST(*ToNumber(Value(0.5)) == 0.5);
  BOOST_TEST(*ToNumber(Value("1e3")) == 1000);
  BOOST_TEST(*ToNumber(Value(std::chrono::nanoseconds(1'500'000'000))) == 1.5);
  BOOST_TEST(ToNumber(Value("a")).error().message ==
             "strconv.ParseFloat: parsing \"a\": invalid syntax");
  BOOST_TEST(ToNumber(Value(true)).error().message == "can't convert bool to float");
  BOOST_TEST(ToNumber(Value()).error().message == "can't convert <nil> to float");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::text_template

#include "base/duration.h"

#include <array>
#include <chrono>

#include <boost/test/unit_test.hpp>

namespace tocsin {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct Row {
  std::string_view text;
  Duration duration;
};

BOOST_AUTO_TEST_SUITE(duration_test)

BOOST_AUTO_TEST_CASE(PrintedTextsParseBack) {
  const std::array rows = {
      Row{"0s", Duration{0}},
      Row{"1ms", milliseconds(1)},
      Row{"15s", seconds(15)},
      Row{"1m30s", seconds(90)},
      Row{"1h", hours(1)},
      Row{"1h30m", seconds(5400)},
      Row{"1h1s500ms", milliseconds(3'601'500)},
      Row{"1d", hours(24)},
      Row{"36h", hours(36)},
      Row{"1w", hours(24 * 7)},
      Row{"10d", hours(240)},
      Row{"1y", hours(24 * 365)},
      Row{"2y", hours(24 * 730)},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      BOOST_TEST(FormatDuration(row.duration) == row.text);
      const Result<Duration> parsed = ParseDuration(row.text);
      BOOST_TEST_REQUIRE(!!parsed);
      BOOST_TEST((*parsed == row.duration));
    }
  }
}

BOOST_AUTO_TEST_CASE(OtherSpellingsAreTaken) {
  const std::array rows = {
      Row{"0", Duration{0}},
      Row{"0ms", Duration{0}},
      Row{"1000ms", seconds(1)},
      Row{"90s", seconds(90)},
      Row{"1d12h", hours(36)},
      Row{"007s", seconds(7)},
      Row{"1y1w1d1h1m1s1ms", hours(24 * 373 + 1) + seconds(61) + milliseconds(1)},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      const Result<Duration> parsed = ParseDuration(row.text);
      BOOST_TEST_REQUIRE(!!parsed);
      BOOST_TEST((*parsed == row.duration));
    }
  }
}

BOOST_AUTO_TEST_CASE(WhatIsNoDurationIsRefused) {
  for (const std::string_view text : {"",
                                      " ",
                                      "5",
                                      "s",
                                      "-5s",
                                      "+5s",
                                      "1.5h",
                                      "5 s",
                                      " 5s",
                                      "5s ",
                                      "5S",
                                      "5sec",
                                      "1m1h",
                                      "1s1s",
                                      "1ms1s",
                                      "1h30",
                                      "99999999999999999999s",
                                      "300000000000y",
                                      "9223372036854775807ms1s",
                                      "5\xc2\xb5s"}) {
    BOOST_TEST_CONTEXT(text) {
      const Result<Duration> parsed = ParseDuration(text);
      BOOST_TEST_REQUIRE(!parsed);
      BOOST_TEST((parsed.error().code == ErrorCode::kInvalidInput));
    }
  }
}

BOOST_AUTO_TEST_CASE(NegativeDurationsPrintWithASign) {
  BOOST_TEST(FormatDuration(seconds(-90)) == "-1m30s");
  BOOST_TEST(FormatDuration(Duration::min()) == "-2562047788015h12m55s808ms");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin

#include "base/rfc3339.h"

#include <string_view>

#include <boost/test/unit_test.hpp>

namespace tocsin {
namespace {

TimePoint At(Duration::rep milliseconds) {
  return TimePoint(Duration(milliseconds));
}

struct Good {
  std::string_view text;
  Duration::rep milliseconds;
};

constexpr Good kGood[] = {
    {"1970-01-01T00:00:00Z", 0},
    {"2015-07-01T20:10:30.781Z", 1435781430781},
    {"2015-07-01t20:10:30.7819z", 1435781430781},
    {"2015-07-01T22:10:30+02:00", 1435781430000},
    {"2015-07-01T14:40:30-05:30", 1435781430000},
    {"1969-12-31T23:59:59.5Z", -500},
    {"2024-02-29T00:00:00Z", 1709164800000},
};

constexpr std::string_view kBad[] = {
    "",
    "now",
    "2015-07-01",
    "2015-07-01T20:10:30",
    "2015-07-01 20:10:30Z",
    "2015-13-01T20:10:30Z",
    "2023-02-29T00:00:00Z",
    "2015-07-01T24:10:30Z",
    "2015-07-01T20:10:30.Z",
    "2015-07-01T20:10:30Zx",
    "2015-07-01T20:10:30+2:00",
    "-015-07-01T20:10:30Z",
};

BOOST_AUTO_TEST_SUITE(rfc3339_test)

BOOST_AUTO_TEST_CASE(ParsesMoments) {
  for (const Good& good : kGood) {
    BOOST_TEST_CONTEXT(good.text) {
      BOOST_TEST((ParseRfc3339(good.text) == At(good.milliseconds)));
    }
  }
  for (const std::string_view text : kBad) {
    BOOST_TEST_CONTEXT(text) {
      BOOST_TEST(!ParseRfc3339(text).has_value());
    }
  }
}

BOOST_AUTO_TEST_CASE(PrintsInUtcWithMilliseconds) {
  BOOST_TEST(FormatRfc3339(At(0)) == "1970-01-01T00:00:00.000Z");
  BOOST_TEST(FormatRfc3339(At(-500)) == "1969-12-31T23:59:59.500Z");
  BOOST_TEST(FormatRfc3339(At(253402300799999)) == "9999-12-31T23:59:59.999Z");
  BOOST_TEST(FormatRfc3339(At(253402300800000)) == "10000-01-01T00:00:00.000Z");
  BOOST_TEST(FormatRfc3339(At(-62198755200000)) == "-001-01-01T00:00:00.000Z");
  BOOST_TEST(FormatRfc3339(At(1435781430781)) == "2015-07-01T20:10:30.781Z");
  BOOST_TEST(FormatRfc3339(At(-500)) == "1969-12-31T23:59:59.500Z");
  BOOST_TEST(FormatRfc3339(std::nullopt) == "0001-01-01T00:00:00Z");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin

#include "base/http_date.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace tocsin {
namespace {

struct Row {
  std::string text;
  std::optional<std::int64_t> seconds;
};

const std::vector<Row> kDates = {
    {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
    {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
    {"Thu, 29 Feb 2024 23:59:59 GMT", 1709251199},
    {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
    {"Sun Nov  6 08:49:37 1994", 784111777},
    {"", std::nullopt},
    {"yesterday", std::nullopt},
    {"Sun, 06 Xxx 1994 08:49:37 GMT", std::nullopt},
    {"Sun, 32 Nov 1994 08:49:37 GMT", std::nullopt},
    {"Thu, 29 Feb 2024 24:00:00 GMT", std::nullopt},
    {"Thu, 29 Feb 2024 08:60:37 GMT", std::nullopt},
    {"Thu, 29 Feb 2024 2x:00:00 GMT", std::nullopt},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(http_date_test)

BOOST_AUTO_TEST_CASE(DatesAreRead) {
  for (const Row& row : kDates) {
    BOOST_TEST_CONTEXT("\"" << row.text << "\"") {
      const std::optional<TimePoint> date = ParseHttpDate(row.text);
      BOOST_TEST(date.has_value() == row.seconds.has_value());
      if (date && row.seconds) BOOST_TEST(UnixSeconds(*date) == static_cast<double>(*row.seconds));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin

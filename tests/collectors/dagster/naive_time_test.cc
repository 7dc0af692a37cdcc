#include "collectors/dagster/naive_time.h"

#include <cstdint>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace tocsin::collectors::dagster {

BOOST_AUTO_TEST_SUITE(naive_time_test)

BOOST_AUTO_TEST_CASE(TextsOfBothDatabasesAreRead) {
  struct Row {
    std::string text;
    std::int64_t microseconds;  ///< Since 1970.
    std::string printed;
  };
  const std::vector<Row> rows = {
      {"1970-01-01 00:00:00", 0, "1970-01-01 00:00:00.000000"},
      {"1970-01-01 00:00:01.5", 1'500'000, "1970-01-01 00:00:01.500000"},
      {"2026-11-21 14:14:01.392874", 1'795'270'441'392'874, "2026-11-21 14:14:01.392874"},
      {"2024-02-29T23:59:59.000001", 1'709'251'199'000'001, "2024-02-29 23:59:59.000001"},
      {"1969-12-31 23:59:59.999999", -1, "1969-12-31 23:59:59.999999"},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      const auto moment = ParseNaive(row.text);
      BOOST_TEST_REQUIRE(moment.has_value());
      BOOST_TEST(moment->time_since_epoch().count() == row.microseconds);
      BOOST_TEST(FormatNaive(*moment) == row.printed);
      BOOST_TEST((FromUnixSeconds(UnixSeconds(*moment)) == *moment));
    }
  }
}

BOOST_AUTO_TEST_CASE(OtherTextsAreNot) {
  for (const std::string text :
       {"", "infinity", "2026-02-30 00:00:00", "2026-11-21", "2026-11-21 24:00:00",
        "21.11.2026 14:14:01", "2026-11-21 14:14:01.", "2026-11-21 14:14:01.1234567",
        "2026-11-21 14:14:01+00", "2026-11-21 14:14:0x"}) {
    BOOST_TEST_CONTEXT(text) {
      BOOST_TEST(!ParseNaive(text).has_value());
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::dagster

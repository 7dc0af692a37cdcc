#include "collectors/kailash/iso_time.h"

#include <optional>
#include <string>

#include <boost/test/unit_test.hpp>

namespace tocsin::collectors::kailash {
namespace {

struct Row {
  std::string text;
  std::optional<double> seconds;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(iso_time_test)

BOOST_AUTO_TEST_CASE(ReadsWhatPythonWrites) {
  const Row rows[] = {
      {"2026-11-21T12:50:00.123456+00:00", 1795265400.123456},
      {"2026-11-21T12:50:00+00:00", 1795265400},
      {"2026-11-21T12:50:00", 1795265400},
      {"2026-11-21T12:50:00Z", 1795265400},
      {"2026-11-21 12:50:00.5+00:00", 1795265400.5},
      {"2026-11-22T02:50:00+14:00", 1795265400},
      {"2026-11-21T09:20:00-03:30", 1795265400},
      {"", std::nullopt},
      {"zzz", std::nullopt},
      {"2026-11-21", std::nullopt},
      {"2026-13-21T12:50:00", std::nullopt},
      {"2026-11-21T24:50:00", std::nullopt},
      {"2026-11-21T12:50:00.", std::nullopt},
      {"2026-11-21T12:50:00.1234567", std::nullopt},
      {"2026-11-21T12:50:00+00", std::nullopt},
      {"2026-11-21T12:50:00+00:00 ", std::nullopt},
      {"2026-11-21T12:50:00*00:00", std::nullopt},
      {"1795265400.1", std::nullopt},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      const std::optional<Moment> moment = ParseIso(row.text);
      BOOST_TEST_REQUIRE(moment.has_value() == row.seconds.has_value());
      if (moment) BOOST_TEST(UnixSeconds(*moment) == *row.seconds);
    }
  }
}

BOOST_AUTO_TEST_CASE(ABoundSortsBeforeEverythingInItsSecond) {
  const Moment moment = *ParseIso("2026-11-21T12:50:00.9");
  const std::string bound = FormatIsoSecond(moment);
  BOOST_TEST(bound == "2026-11-21T12:50:00");
  BOOST_TEST((bound < "2026-11-21T12:50:00+00:00"));
  BOOST_TEST((bound < "2026-11-21T12:50:00.000001+00:00"));
  BOOST_TEST((bound > "2026-11-21T12:49:59.999999+00:00"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::kailash

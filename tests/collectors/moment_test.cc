#include "collectors/moment.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include <boost/test/unit_test.hpp>

namespace tocsin::collectors {

BOOST_AUTO_TEST_SUITE(moment_test)

BOOST_AUTO_TEST_CASE(LocalTimeAndOffsetAreTold) {
  const struct {
    std::string text;
    std::optional<std::int64_t> local;  ///< Microseconds since 1970.
    std::optional<int> offset;          ///< In minutes.
  } rows[] = {
      {"1970-01-01 00:00:01.5", 1'500'000, std::nullopt},
      {"1970-01-01T00:00:01.5", 1'500'000, std::nullopt},
      {"1970-01-01T00:00:01Z", 1'000'000, 0},
      {"1970-01-01T00:00:01+00:00", 1'000'000, 0},
      {"1970-01-01T00:00:01.000001+09:30", 1'000'001, 570},
      {"1970-01-01T00:00:01-03:30", 1'000'000, -210},
      {"", std::nullopt, std::nullopt},
      {"infinity", std::nullopt, std::nullopt},
      {"1970-01-01", std::nullopt, std::nullopt},
      {"1970-02-30T00:00:00", std::nullopt, std::nullopt},
      {"1970-01-01T24:00:00", std::nullopt, std::nullopt},
      {"1970-01-01T00:00:00.", std::nullopt, std::nullopt},
      {"1970-01-01T00:00:00.1234567", std::nullopt, std::nullopt},
      {"1970-01-01T00:00:00+00", std::nullopt, std::nullopt},
      {"1970-01-01T00:00:00+24:00", std::nullopt, std::nullopt},
      {"1970-01-01T00:00:00Z ", std::nullopt, std::nullopt},
      {"1970-01-01T00:00:00z", std::nullopt, std::nullopt},
  };
  for (const auto& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      const std::optional<IsoTime> time = ParseIsoTime(row.text);
      BOOST_TEST_REQUIRE(time.has_value() == row.local.has_value());
      if (!time) continue;
      BOOST_TEST(time->local.time_since_epoch().count() == *row.local);
      BOOST_TEST_REQUIRE(time->offset.has_value() == row.offset.has_value());
      if (time->offset) BOOST_TEST(time->offset->count() == *row.offset);
    }
  }
}

BOOST_AUTO_TEST_CASE(AnyNumberIsAMoment) {
  BOOST_TEST(UnixSeconds(FromUnixSeconds(1.5)) == 1.5);
  BOOST_TEST(UnixSeconds(FromUnixSeconds(1e300)) == 253'402'300'800.0);
  BOOST_TEST(UnixSeconds(FromUnixSeconds(-std::numeric_limits<double>::infinity())) ==
             -62'135'596'800.0);
  BOOST_TEST(UnixSeconds(FromUnixSeconds(std::nan(""))) == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors

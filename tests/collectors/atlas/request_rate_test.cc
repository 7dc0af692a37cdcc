#include "collectors/atlas/request_rate.h"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace tocsin::collectors::atlas {
namespace {

BOOST_AUTO_TEST_SUITE(atlas_request_rate_test)

BOOST_AUTO_TEST_CASE(IsTheRateOfTheLastMinute) {
  const struct {
    std::string name;
    int every_seconds;
    std::vector<double> totals;
    std::optional<double> rate;
  } rows[] = {
      {"nothing yet", 15, {}, std::nullopt},
      {"one reading", 15, {100}, std::nullopt},
      {"two", 15, {100, 130}, 2},
      {"unchanged", 15, {100, 100}, 0},
      {"what is older than a minute does not count", 15, {0, 9000, 9000, 9000, 9000, 9060}, 1},
      {"begun anew", 10, {500, 510, 20}, 1.5},
      {"readings further apart than a minute", 120, {0, 120, 360}, 2},
      {"at the same moment", 0, {1, 2}, std::nullopt},
  };
  for (const auto& row : rows) {
    RequestRate rate;
    SteadyPoint at{};
    for (const double total : row.totals) {
      rate.Add(at, total);
      at += std::chrono::seconds(row.every_seconds);
    }
    BOOST_TEST_CONTEXT(row.name) {
      const std::optional<double> found = rate.PerSecond();
      BOOST_TEST(found.has_value() == row.rate.has_value());
      if (found && row.rate) BOOST_TEST(*found == *row.rate);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::collectors::atlas

#include "notify/backoff.h"

#include <vector>

#include <boost/test/unit_test.hpp>

namespace tocsin::notify {
namespace {

BOOST_AUTO_TEST_SUITE(backoff_test)

BOOST_AUTO_TEST_CASE(DoublesUpToAMinute) {
  Backoff backoff;
  std::vector<Duration::rep> waits;
  for (int i = 0; i < 9; ++i) waits.push_back(backoff.Failed(0, std::nullopt).count());
  const std::vector<Duration::rep> expected = {500,    1000,   2000,   4000,  8000,
                                               16'000, 30'000, 30'000, 30'000};
  BOOST_TEST(waits == expected, boost::test_tools::per_element());
  BOOST_TEST(backoff.Failed(0.5, std::nullopt).count() == 45'000);
  backoff.Succeeded();
  BOOST_TEST(backoff.Failed(0.5, std::nullopt).count() == 750);
}

BOOST_AUTO_TEST_CASE(WaitsForWhatTheReceiverAsks) {
  Backoff backoff;
  BOOST_TEST((backoff.Failed(0, std::chrono::seconds(7)) == std::chrono::seconds(7)));
  BOOST_TEST((backoff.Failed(0, Duration(1)) == std::chrono::seconds(1)));
  BOOST_TEST((backoff.Failed(0, std::chrono::hours(24)) == Backoff::kLongestAsked));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::notify

#include "collectors/breaker.h"

#include <boost/test/unit_test.hpp>

namespace tocsin::collectors {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr SteadyPoint kStart{seconds(1000)};
constexpr Duration kInterval = seconds(15);

}  // namespace

BOOST_AUTO_TEST_SUITE(breaker_test)

BOOST_AUTO_TEST_CASE(ClosedKeepsToTheGridAndSkipsWhatWasMissed) {
  const struct {
    Duration ended;
    Duration next;
  } rows[] = {
      {seconds(0), seconds(15)},    {milliseconds(14999), seconds(15)},
      {seconds(15), seconds(30)},   {milliseconds(15001), seconds(30)},
      {seconds(100), seconds(105)},
  };
  for (const auto& row : rows) {
    BOOST_TEST_CONTEXT("ended after " << row.ended.count() << " ms") {
      const SteadyPoint next = Breaker().NextAttempt(kStart, kInterval, kStart + row.ended, 0.5);
      BOOST_TEST((next - kStart).count() == row.next.count());
    }
  }
}

BOOST_AUTO_TEST_CASE(OpensAtTheThirdFailureInARowAndClosesAtASuccess) {
  Breaker breaker;
  breaker.Failed();
  breaker.Failed();
  breaker.Succeeded();
  breaker.Failed();
  breaker.Failed();
  BOOST_TEST(!breaker.open());
  breaker.Failed();
  BOOST_TEST(breaker.open());
  breaker.Failed();
  BOOST_TEST(breaker.open());
  breaker.Succeeded();
  BOOST_TEST(!breaker.open());
}

BOOST_AUTO_TEST_CASE(OpenSpreadsRetriesOverTheSecondHalfOfAnInterval) {
  Breaker breaker;
  for (int i = 0; i < Breaker::kFailuresToOpen; ++i) breaker.Failed();
  const struct {
    double random;
    Duration wait;
  } rows[] = {{0, milliseconds(7500)}, {0.5, milliseconds(11250)}, {0.999999, milliseconds(14999)}};
  const SteadyPoint ended = kStart + seconds(77);
  for (const auto& row : rows) {
    BOOST_TEST_CONTEXT("random " << row.random) {
      const SteadyPoint next = breaker.NextAttempt(kStart, kInterval, ended, row.random);
      BOOST_TEST((next - ended).count() == row.wait.count());
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors

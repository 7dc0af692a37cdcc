#include "rules/promql/query_slots.h"

#include <thread>

#include <boost/test/unit_test.hpp>

#include "tests/support/fake_clock.h"

namespace tocsin::promql {
namespace {

constexpr Duration kPatience(1000);

BOOST_AUTO_TEST_SUITE(query_slots_test)

BOOST_AUTO_TEST_CASE(AFreePlaceIsTakenWithoutWaiting) {
  const FakeClock clock;
  QuerySlots slots(2);
  BOOST_TEST(static_cast<bool>(slots.Enter(clock.SteadyNow(), clock, {})));
  BOOST_TEST(static_cast<bool>(slots.Enter(clock.SteadyNow(), clock, {})));
}

BOOST_AUTO_TEST_CASE(WhoWaitsGetsThePlaceThatIsLeft) {
  const FakeClock clock;
  QuerySlots slots(1);
  BOOST_REQUIRE(slots.Enter(clock.SteadyNow(), clock, {}));
  Status entered = Error{ErrorCode::kUnavailable, "not yet"};
  std::jthread waiter([&] { entered = slots.Enter(clock.SteadyNow() + kPatience, clock, {}); });
  clock.AwaitWaiters(1);
  slots.Leave();
  waiter.join();
  BOOST_TEST(static_cast<bool>(entered));
}

BOOST_AUTO_TEST_CASE(TheWaitEndsAtTheDeadline) {
  FakeClock clock;
  QuerySlots slots(1);
  BOOST_REQUIRE(slots.Enter(clock.SteadyNow(), clock, {}));
  Status entered;
  std::jthread waiter([&] { entered = slots.Enter(clock.SteadyNow() + kPatience, clock, {}); });
  clock.AwaitWaiters(1);
  clock.Advance(kPatience);
  waiter.join();
  BOOST_REQUIRE(!entered);
  BOOST_TEST((entered.error().code == ErrorCode::kTimeout));
  slots.Leave();
  BOOST_TEST(static_cast<bool>(slots.Enter(clock.SteadyNow(), clock, {})));
}

BOOST_AUTO_TEST_CASE(TheWaitEndsWithAStop) {
  const FakeClock clock;
  std::stop_source stop;
  QuerySlots slots(1);
  BOOST_REQUIRE(slots.Enter(clock.SteadyNow(), clock, {}));
  Status entered;
  std::jthread waiter(
      [&] { entered = slots.Enter(clock.SteadyNow() + kPatience, clock, stop.get_token()); });
  clock.AwaitWaiters(1);
  stop.request_stop();
  waiter.join();
  BOOST_REQUIRE(!entered);
  BOOST_TEST((entered.error().code == ErrorCode::kUnavailable));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::promql

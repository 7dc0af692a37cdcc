#include "base/moment.h"

#include <stop_token>

#include <boost/test/unit_test.hpp>

namespace tocsin {
namespace {

using std::chrono::seconds;

/// Whoever reads the wall clock is held up for so long afterwards, so many times.
class HeldUpClock final : public Clock {
 public:
  HeldUpClock(Duration how_long, int times) : how_long_(how_long), left_(times) {}

  TimePoint Now() const override {
    const TimePoint read(passed_);
    if (left_-- > 0) passed_ += how_long_;
    return read;
  }
  SteadyPoint SteadyNow() const override { return SteadyPoint(passed_); }
  bool WaitUntil(SteadyPoint /*moment*/, std::stop_token /*stop*/) const override { return true; }

 private:
  Duration how_long_;
  mutable int left_;
  mutable Duration passed_{};
};

Duration WallAheadOfSteady(const HeldUpClock& clock) {
  const Moment moment = MomentOf(clock);
  return moment.wall.time_since_epoch() - moment.steady.time_since_epoch();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(moment_test)

BOOST_AUTO_TEST_CASE(BothClocksAreReadAtOneMoment) {
  for (const int times : {0, 1, 5}) {
    BOOST_TEST_CONTEXT("held up " << times << " times") {
      BOOST_TEST(WallAheadOfSteady(HeldUpClock(seconds(40), times)).count() == 0);
    }
  }
}

BOOST_AUTO_TEST_CASE(AReadingComesToAnEnd) {
  BOOST_TEST(WallAheadOfSteady(HeldUpClock(seconds(40), 1'000'000)) == -seconds(40));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin

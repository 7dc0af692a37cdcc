#include "base/moment.h"

namespace tocsin {
namespace {

/// Readings that lie further apart are not of one moment.
constexpr Duration kApart = std::chrono::milliseconds(10);
/// A machine that never reads its clocks closer together is left with the last reading.
constexpr int kMostReadings = 100;

}  // namespace

Moment MomentOf(const Clock& clock) {
  Moment moment{.wall = {}, .steady = clock.SteadyNow()};
  for (int i = 0; i < kMostReadings; ++i) {
    const SteadyPoint before = moment.steady;
    moment = {.wall = clock.Now(), .steady = clock.SteadyNow()};
    if (moment.steady - before <= kApart) break;
  }
  return moment;
}

}  // namespace tocsin

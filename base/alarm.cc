#include "base/alarm.h"

#include <algorithm>

namespace tocsin {

void Alarm::WaitUntil(SteadyPoint moment) {
  // A moment at the end of time would overflow in the nanoseconds of the machine's clock.
  const SteadyPoint latest = clock_.SteadyNow() + std::chrono::hours(1);
  std::stop_token rung;
  {
    const MutexLock lock(mutex_);
    rung = rung_.get_token();
  }
  clock_.WaitUntil(std::min(moment, latest), rung);
  const MutexLock lock(mutex_);
  // One that rings between the wait and this is lost, and need not be heard: the caller looks now.
  if (rung_.stop_requested()) rung_ = std::stop_source();
}

void Alarm::Ring() {
  const MutexLock lock(mutex_);
  rung_.request_stop();
}

}  // namespace tocsin

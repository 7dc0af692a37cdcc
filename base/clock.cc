#include "base/clock.h"

#include <condition_variable>
#include <mutex>

namespace tocsin {

TimePoint SystemClock::Now() const {
  return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

SteadyPoint SystemClock::SteadyNow() const {
  return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
}

bool SystemClock::WaitUntil(SteadyPoint moment, std::stop_token stop) const {
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  stopped.wait_until(lock, stop, moment, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace tocsin

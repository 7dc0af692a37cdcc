// A clock that a test moves by hand.

#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <stop_token>

#include "base/clock.h"

namespace tocsin {

/// Stands still until Advance(). Wall and steady time move together, but SetWall() can make the
/// wall clock jump. Waiters wake when their moment is reached. Safe for concurrent use.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(TimePoint start = TimePoint{std::chrono::hours(24 * 365 * 50)})
      : now_(start) {}

  TimePoint Now() const override {
    const std::lock_guard lock(mutex_);
    return now_;
  }

  SteadyPoint SteadyNow() const override {
    const std::lock_guard lock(mutex_);
    return steady_;
  }

  bool WaitUntil(SteadyPoint moment, std::stop_token stop) const override {
    std::unique_lock lock(mutex_);
    ++waiters_;
    changed_.notify_all();
    const bool reached = changed_.wait(lock, stop, [&] { return steady_ >= moment; });
    --waiters_;
    return reached && !stop.stop_requested();
  }

  void Advance(Duration by) {
    const std::lock_guard lock(mutex_);
    now_ += by;
    steady_ += by;
    changed_.notify_all();
  }

  void SetWall(TimePoint now) {
    const std::lock_guard lock(mutex_);
    now_ = now;
  }

  /// Blocks until `count` threads wait on this clock, so that a test can move it knowing that
  /// nobody is on the way to a wait.
  void AwaitWaiters(std::size_t count) const {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiters_ >= count; });
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable_any changed_;
  mutable std::size_t waiters_ = 0;
  TimePoint now_;
  SteadyPoint steady_{};
};

}  // namespace tocsin

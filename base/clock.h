// Time, as something a test can own.

#pragma once

#include <chrono>
#include <stop_token>

namespace tocsin {

using Duration = std::chrono::milliseconds;

/// A moment to write down: sample timestamps, alert times. Can step backwards.
using TimePoint = std::chrono::sys_time<Duration>;

/// A moment to wait for: deadlines, intervals, backoff. Never steps.
using SteadyPoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;

/// `moment` in seconds since the Unix epoch, as metrics carry it.
inline double UnixSeconds(TimePoint moment) {
  return std::chrono::duration<double>(moment.time_since_epoch()).count();
}

/// `duration` in seconds, as metrics carry it.
inline double Seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

/// Where a loop gets its time from and does its waiting. Safe for concurrent use.
///
/// Only code that loops or waits takes a Clock. Code that computes takes a TimePoint,
/// so that its tests need no clock at all.
class Clock {
 public:
  virtual ~Clock() = default;

  virtual TimePoint Now() const = 0;
  virtual SteadyPoint SteadyNow() const = 0;

  /// Waits for `moment` or for `stop`. Returns true if `moment` came first.
  virtual bool WaitUntil(SteadyPoint moment, std::stop_token stop) const = 0;
};

/// The machine's clocks.
class SystemClock final : public Clock {
 public:
  TimePoint Now() const override;
  SteadyPoint SteadyNow() const override;
  bool WaitUntil(SteadyPoint moment, std::stop_token stop) const override;
};

}  // namespace tocsin

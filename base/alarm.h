// A wait that others can cut short.

#pragma once

#include <stop_token>

#include "base/clock.h"
#include "base/mutex.h"

namespace tocsin {

/// Lets a loop wait on a clock for its next moment, or until there is something else to do.
///
///     for (;;) {
///       alarm.WaitUntil(WorkThatIsDue());  // Looks again at everything after each wait.
///     }
///
/// Ring() by any thread, WaitUntil() by one. `clock` outlives it.
class Alarm {
 public:
  explicit Alarm(const Clock& clock) : clock_(clock) {}

  /// Returns at `moment`, after a Ring(), or after an hour: whoever waits looks again anyway. A
  /// Ring() before the call ends it at once.
  void WaitUntil(SteadyPoint moment);
  void Ring();

 private:
  const Clock& clock_;
  Mutex mutex_;
  std::stop_source rung_ TOCSIN_GUARDED_BY(mutex_);
};

}  // namespace tocsin

// When to try a receiver again that fails.

#pragma once

#include <optional>

#include "base/clock.h"

namespace tocsin::notify {

/// Counts failures in a row and says how long to wait after each: twice as long as before, from one
/// second up to a minute, of which the second half is left to chance, so that many senders that
/// lost the same receiver do not come back to it in step.
///
/// Pure: it knows no clock and draws no random numbers. One thread at a time.
class Backoff {
 public:
  static constexpr Duration kFirst = std::chrono::seconds(1);
  static constexpr Duration kLongest = std::chrono::minutes(1);
  /// What a receiver asks for counts only up to this: it should not silence alerts for a day.
  static constexpr Duration kLongestAsked = std::chrono::minutes(15);

  void Succeeded() { failures_ = 0; }
  /// The wait after one more failure. `random` is in [0, 1). `asked` is what the receiver asks for
  /// (Retry-After), which makes the wait longer, never shorter.
  Duration Failed(double random, std::optional<Duration> asked);

 private:
  int failures_ = 0;
};

}  // namespace tocsin::notify

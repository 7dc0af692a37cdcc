// What is known, and said, of a destination that fails.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "notify/notification.h"
#include "notify/notify_store.h"
#include "notify/outbox.h"
#include "notify/outcome.h"

namespace tocsin::notify {

/// Logs once when a destination begins to fail and once when it works again, so that an outage of
/// an hour is two lines; and what is given up or delivered in part, ten in a row, then one in a
/// minute. One thread at a time.
class FailureLog {
 public:
  /// `clock` and `log` outlive this.
  FailureLog(Destination destination, const Clock& clock, const Log& log);

  void Delivered(const Outcome& outcome);
  void Retried(const Outcome& outcome);
  void GivenUp(const Notification& notification, const Outcome& outcome);

  /// Since when every attempt has failed; nothing if the last one did not.
  std::optional<TimePoint> failing_since() const { return failing_since_; }
  const std::string& last_error() const { return last_error_; }

 private:
  void Remember(const Outcome& outcome);

  const Destination destination_;
  const Clock& clock_;
  const Log& log_;
  std::optional<TimePoint> failing_since_;
  std::string last_error_;
  bool is_said_ = false;  ///< That it fails.
  TokenBucket lines_;     ///< About what is given up, or delivered in part.
  std::uint64_t not_said_ = 0;
};

}  // namespace tocsin::notify

#pragma once

#include <chrono>

#include "collectors/collector.h"

namespace tocsin::collectors {

/// An attempt that has `time` from now on, and can be stopped through `stop`.
inline Attempt AttemptFor(Duration time, std::stop_token stop = {}) {
  return {std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now()) + time,
          std::move(stop)};
}

/// More than anything takes that is meant to succeed.
inline Attempt LongAttempt() {
  return AttemptFor(std::chrono::seconds(60));
}

}  // namespace tocsin::collectors

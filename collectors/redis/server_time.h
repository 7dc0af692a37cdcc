// What time it is on a Redis server.

#pragma once

#include <optional>

#include "base/clock.h"
#include "base/result.h"
#include "collectors/redis/connection.h"

namespace tocsin::collectors {

/// The answer to TIME, in seconds since the Unix epoch. Fails as CheckReply() does.
Result<double> RedisTime(const RedisReply& reply);

/// When a pipeline was sent and answered, by our own clock.
class RedisStopwatch {
 public:
  explicit RedisStopwatch(const Clock& clock)
      : clock_(clock), began_(clock.Now()), steady_began_(clock.SteadyNow()) {}

  /// The server's time minus ours in the middle between the beginning and now.
  double SkewOf(double server_seconds) const {
    const Duration passed = clock_.SteadyNow() - steady_began_;
    return server_seconds - (UnixSeconds(began_) + Seconds(passed) / 2);
  }

 private:
  const Clock& clock_;
  const TimePoint began_;
  const SteadyPoint steady_began_;
};

}  // namespace tocsin::collectors

// How far back, and how generously, `for` timers are restored after a restart.

#pragma once

#include "base/clock.h"
#include "rules/storage/sample.h"

namespace tocsin {

struct RuleRestoration {
  Millis now = 0;
  Duration outage_tolerance = std::chrono::hours(1);
  /// How long an alert waits at least after a restart; shorter `for` timers are not restored.
  Duration grace_period = std::chrono::minutes(10);
};

}  // namespace tocsin

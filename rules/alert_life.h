// What happens to one alert at one evaluation of its rule: the state machine, without any query.

#pragma once

#include <optional>

#include "base/clock.h"
#include "rules/active_alert.h"
#include "rules/alert_event.h"
#include "rules/storage/sample.h"

namespace tocsin {

/// How an evaluation has found an alert.
enum class Sighting {
  kPresent,  ///< Its condition holds.
  kFalse,    ///< Its condition does not hold.
  kGone,     ///< Its series is missing, and no policy holds the alert.
  kHeld,     ///< A policy lets it stay what it is, though its condition does not hold.
  kForced,   ///< A policy makes it fire because its series is missing.
};

/// The times that a rule gives its alerts.
struct AlertTiming {
  Duration hold{0};  ///< `for`.
  Duration keep_firing_for{0};
  Duration resolved_retention = std::chrono::minutes(15);
};

/// What has become of an alert.
struct AlertStep {
  bool erase = false;    ///< It is to be forgotten.
  bool changed = false;  ///< Something that is kept over a restart is another now.
  std::optional<AlertEvent::Kind> event;
};

/// Whether an alert whose condition does not hold at `at` goes on firing by `keep_firing_for`.
bool KeepsFiring(const ActiveAlert& alert, Millis at, const AlertTiming& timing);

/// Takes `alert` through one evaluation at `at`. A new alert comes here as pending since `at`.
/// Source: Prometheus' documentation, "Alerting rules", and what Prometheus 3 does.
AlertStep Advance(ActiveAlert& alert, Sighting sighting, Millis at, const AlertTiming& timing);

/// Whether the alert is to be told of at `at`: a resolved one at once, everything again when more
/// than `resend_delay` has passed. Pending ones never are.
bool IsDue(const ActiveAlert& alert, Millis at, Duration resend_delay);

}  // namespace tocsin

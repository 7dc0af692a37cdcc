#include "rules/alert_life.h"

#include <algorithm>

namespace tocsin {
namespace {

bool IsSeen(Sighting sighting) {
  return sighting == Sighting::kPresent || sighting == Sighting::kForced;
}

void Resolve(ActiveAlert& alert, Sighting sighting, Millis at) {
  alert.state = AlertState::kInactive;
  alert.resolved_at = at;
  alert.reason = sighting == Sighting::kGone ? AlertReason::kMissing : AlertReason::kResolved;
}

/// An alert whose condition does not hold, and that no policy holds. False if its evaluation is
/// over.
bool AdvanceAbsent(ActiveAlert& alert, Sighting sighting, Millis at, const AlertTiming& timing,
                   AlertStep& step) {
  switch (alert.state) {
    case AlertState::kPending:
      step = {.erase = true, .changed = true, .event = AlertEvent::Kind::kDropped};
      return false;
    case AlertState::kInactive:
      step.erase =
          !alert.resolved_at || at - *alert.resolved_at > timing.resolved_retention.count();
      step.changed = step.erase;
      return false;
    case AlertState::kFiring: break;
  }
  const bool keeps = KeepsFiring(alert, at, timing);
  if (timing.keep_firing_for > Duration::zero() && !alert.keep_firing_since) {
    alert.keep_firing_since = at;
    step.changed = true;
  }
  if (keeps) return true;
  Resolve(alert, sighting, at);
  step.changed = true;
  step.event = AlertEvent::Kind::kResolved;
  return false;
}

void Fire(ActiveAlert& alert, Millis at, AlertStep& step) {
  alert.state = AlertState::kFiring;
  alert.fired_at = at;
  alert.reason = AlertReason::kFiring;
  step.changed = true;
  step.event = AlertEvent::Kind::kFiring;
}

/// `for` has been raised by a reload: the alert has to wait again.
void FallBack(ActiveAlert& alert, AlertStep& step) {
  alert.state = AlertState::kPending;
  alert.fired_at.reset();
  alert.last_sent_at.reset();
  alert.keep_firing_since.reset();
  step.changed = true;
  step.event = AlertEvent::Kind::kPending;
}

}  // namespace

bool KeepsFiring(const ActiveAlert& alert, Millis at, const AlertTiming& timing) {
  return alert.state == AlertState::kFiring &&
         at - alert.keep_firing_since.value_or(at) < timing.keep_firing_for.count();
}

AlertStep Advance(ActiveAlert& alert, Sighting sighting, Millis at, const AlertTiming& timing) {
  AlertStep step;
  if (sighting == Sighting::kHeld && alert.state != AlertState::kInactive) return step;
  if (IsSeen(sighting)) {
    step.changed = alert.keep_firing_since.has_value();
    alert.keep_firing_since.reset();
  } else if (!AdvanceAbsent(alert, sighting, at, timing, step)) {
    return step;
  }
  if (sighting == Sighting::kForced && alert.state != AlertState::kInactive) {
    // Counts as one that has waited, also after its series is back.
    alert.active_at = std::min(alert.active_at, at - timing.hold.count());
  }
  // When the clock has been set back, nothing is known of how long it has waited: what fires goes
  // on.
  const bool was_set_back = alert.fired_at && at < *alert.fired_at;
  const bool has_waited = at - alert.active_at >= timing.hold.count();
  if (alert.state == AlertState::kPending && has_waited) {
    Fire(alert, at, step);
  } else if (alert.state == AlertState::kFiring && !has_waited && !was_set_back) {
    FallBack(alert, step);
  }
  return step;
}

bool IsDue(const ActiveAlert& alert, Millis at, Duration resend_delay) {
  if (alert.state == AlertState::kPending) return false;
  if (!alert.last_sent_at) return true;
  if (alert.resolved_at && *alert.resolved_at > *alert.last_sent_at) return true;
  return *alert.last_sent_at + resend_delay.count() < at;
}

}  // namespace tocsin

// When a rule group is evaluated.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/moment.h"
#include "rules/storage/sample.h"

namespace tocsin {

/// The last slot at or before `now` of the group called `name` in `file`. Slots lie `interval`
/// apart on the wall clock, at an offset that is a hash of the two names: groups spread over the
/// interval, and replicas with the same files evaluate at the same instants. `interval` is at
/// least 1 ms; `now` may be negative.
Millis SlotAtOrBefore(std::string_view file, std::string_view name, Duration interval, Millis now);

/// The slots of one group, and which of them are evaluated. One thread at a time.
///
/// What is due is waited for on the steady clock. If, when it has come, the wall clock has moved
/// otherwise, by half an interval or five seconds, then somebody has set it or the machine was
/// suspended: the sources have not been read since, and a rule would see them gone. So that turn is
/// skipped, and the next is an interval later at least.
class Timetable {
 public:
  /// The first turn is the next slot after `now`.
  Timetable(std::string_view file, std::string_view name, Duration interval, const Moment& now);

  SteadyPoint due() const { return due_; }
  Millis next_slot() const { return last_ + interval_.count(); }

  struct Turn {
    std::optional<Millis> slot;  ///< What to evaluate; none if this turn is skipped.
    std::uint64_t missed = 0;    ///< How many slots were left out: they are never evaluated.
    Duration jumped{0};          ///< How far the wall clock has jumped, if it has.
  };
  /// What to do now that due() has come, and plans the next turn. Called late, after a long
  /// evaluation, it gives the latest slot and counts those before as missed, as Prometheus does.
  Turn Next(const Moment& now);

 private:
  Millis SlotBefore(Millis now) const;
  void Plan(const Moment& now);

  Millis offset_;
  Duration interval_;
  Millis last_ = 0;    ///< The last slot that was evaluated or left out.
  Moment planned_at_;  ///< When due_ was worked out.
  SteadyPoint due_;
};

}  // namespace tocsin

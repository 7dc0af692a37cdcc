#include "rules/timetable.h"

#include <algorithm>
#include <cassert>

#include "base/labels.h"

namespace tocsin {
namespace {

constexpr Duration kLongestDrift = std::chrono::seconds(5);

Millis OffsetOf(std::string_view file, std::string_view name, Duration interval) {
  const std::uint64_t hash = Labels{{"file", file}, {"name", name}}.hash();
  return static_cast<Millis>(hash % static_cast<std::uint64_t>(interval.count()));
}

/// `now` rounded down to a multiple of `interval` plus `offset`, also before 1970.
Millis SlotBefore(Millis offset, Duration interval, Millis now) {
  const Millis length = interval.count();
  const Millis past = (now - offset) % length;
  return now - (past >= 0 ? past : past + length);
}

Millis ToMillis(TimePoint moment) {
  return moment.time_since_epoch().count();
}

}  // namespace

Millis SlotAtOrBefore(std::string_view file, std::string_view name, Duration interval, Millis now) {
  assert(interval.count() > 0);
  return SlotBefore(OffsetOf(file, name, interval), interval, now);
}

Timetable::Timetable(std::string_view file, std::string_view name, Duration interval,
                     const Moment& now)
    : offset_(OffsetOf(file, name, interval)), interval_(interval) {
  last_ = SlotBefore(ToMillis(now.wall));
  Plan(now);
}

Timetable::Turn Timetable::Next(const Moment& now) {
  const Duration jumped = (now.wall - planned_at_.wall) - (now.steady - planned_at_.steady);
  const Millis wall = ToMillis(now.wall);
  Turn turn;
  if (std::chrono::abs(jumped) > std::min(interval_ / 2, kLongestDrift)) {
    turn.jumped = jumped;
    turn.missed = 1;
    last_ = SlotBefore(wall + interval_.count() - 1);
  } else {
    // A wall clock that is slowed down may not quite have reached the slot.
    const Millis slot = std::max(next_slot(), SlotBefore(wall));
    turn.missed = static_cast<std::uint64_t>((slot - next_slot()) / interval_.count());
    turn.slot = slot;
    last_ = slot;
  }
  Plan(now);
  return turn;
}

Millis Timetable::SlotBefore(Millis now) const {
  return tocsin::SlotBefore(offset_, interval_, now);
}

void Timetable::Plan(const Moment& now) {
  planned_at_ = now;
  due_ = now.steady + Duration(next_slot() - ToMillis(now.wall));
}

}  // namespace tocsin

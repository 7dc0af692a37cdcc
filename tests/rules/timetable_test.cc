#include "rules/timetable.h"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace tocsin {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Millis kNow = 1'700'000'000'000;
constexpr Duration kInterval = seconds(60);

/// So long after a start at which the steady clock showed nothing.
Moment After(Duration steady, Duration wall) {
  return {TimePoint(Duration(kNow)) + wall, SteadyPoint(steady)};
}
Moment After(Duration time) {
  return After(time, time);
}

Timetable Start() {
  return {"a.yaml", "group", kInterval, After({})};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(timetable_test)

BOOST_AUTO_TEST_CASE(SlotsLieAnIntervalApart) {
  struct Row {
    Duration interval;
    Millis now;
  };
  const Row rows[] = {{seconds(60), kNow},  {seconds(60), 0},     {seconds(60), -1},
                      {seconds(60), -kNow}, {milliseconds(1), 7}, {hours(24), 1},
                      {hours(24), -1}};
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.interval.count() << " ms at " << row.now) {
      const Millis slot = SlotAtOrBefore("a.yaml", "group", row.interval, row.now);
      const Millis length = row.interval.count();
      BOOST_TEST(slot <= row.now);
      BOOST_TEST(slot > row.now - length);
      BOOST_TEST(SlotAtOrBefore("a.yaml", "group", row.interval, slot) == slot);
      BOOST_TEST(SlotAtOrBefore("a.yaml", "group", row.interval, slot - 1) == slot - length);
      BOOST_TEST(SlotAtOrBefore("a.yaml", "group", row.interval, slot + length) == slot + length);
    }
  }
}

BOOST_AUTO_TEST_CASE(SlotsAreTheSameInEveryProcess) {
  // As the first release has them: replicas of several versions run side by side.
  BOOST_TEST(kNow - SlotAtOrBefore("a.yaml", "group", kInterval, kNow) == 29'166);
  BOOST_TEST(kNow - SlotAtOrBefore("b.yaml", "group", kInterval, kNow) == 20'364);
}

BOOST_AUTO_TEST_CASE(GroupsSpreadOverTheInterval) {
  constexpr int kGroups = 600;
  std::vector<int> in_each_sixth(6);
  for (int i = 0; i < kGroups; ++i) {
    const Millis slot = SlotAtOrBefore("a.yaml", "group" + std::to_string(i), kInterval, kNow);
    ++in_each_sixth[static_cast<std::size_t>((kNow - slot) * 6 / kInterval.count())];
  }
  for (const int groups : in_each_sixth) {
    BOOST_TEST(groups > 60);
    BOOST_TEST(groups < 140);
  }
}

BOOST_AUTO_TEST_CASE(TheFirstTurnIsTheNextSlot) {
  const Timetable times = Start();
  BOOST_TEST(times.next_slot() ==
             SlotAtOrBefore("a.yaml", "group", kInterval, kNow) + kInterval.count());
  BOOST_TEST(times.due().time_since_epoch().count() == times.next_slot() - kNow);
}

BOOST_AUTO_TEST_CASE(TurnsFollowOneAnother) {
  Timetable times = Start();
  Millis slot = times.next_slot();
  for (int i = 0; i < 5; ++i, slot += kInterval.count()) {
    const Timetable::Turn turn = times.Next(After(Duration(slot - kNow)));
    BOOST_TEST(turn.slot.value_or(0) == slot);
    BOOST_TEST(turn.missed == 0U);
    BOOST_TEST(times.due().time_since_epoch().count() == slot - kNow + kInterval.count());
  }
}

BOOST_AUTO_TEST_CASE(ALateTurnGetsTheLatestSlotAndMissesTheOthers) {
  struct Row {
    Duration late;
    std::uint64_t missed;
  };
  const Row rows[] = {{seconds(1), 0},   {seconds(59), 0},  {seconds(60), 1},  {seconds(61), 1},
                      {seconds(119), 1}, {seconds(120), 2}, {seconds(600), 10}};
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.late.count()) {
      Timetable times = Start();
      const Millis first = times.next_slot();
      const Moment now = After(Duration(first - kNow) + row.late);
      const Timetable::Turn turn = times.Next(now);
      BOOST_TEST(turn.missed == row.missed);
      BOOST_TEST(turn.slot.value_or(0) ==
                 first + static_cast<Millis>(row.missed) * kInterval.count());
      BOOST_TEST(turn.jumped.count() == 0);
      BOOST_TEST((times.due() > now.steady));
      BOOST_TEST((times.due() <= now.steady + kInterval));
    }
  }
}

BOOST_AUTO_TEST_CASE(AJumpSkipsATurn) {
  struct Row {
    const char* name;
    Duration jump;
    bool skips;
  };
  const Row rows[] = {{"drift", milliseconds(200), false}, {"slowed", -milliseconds(200), false},
                      {"five seconds", seconds(5), false}, {"just more", milliseconds(5001), true},
                      {"an interval", kInterval, true},    {"an hour", hours(1), true},
                      {"back", -milliseconds(5001), true}, {"back a day", -hours(24), true}};
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.name) {
      Timetable times = Start();
      const Duration due = times.due().time_since_epoch();
      const Moment now = After(due, due + row.jump);
      const Millis wall = now.wall.time_since_epoch().count();
      const Timetable::Turn turn = times.Next(now);
      BOOST_TEST(turn.slot.has_value() == !row.skips);
      BOOST_TEST(turn.missed == (row.skips ? 1U : 0U));
      if (!row.skips) continue;
      BOOST_TEST(turn.jumped.count() == row.jump.count());
      // Sources are read again before the next one.
      BOOST_TEST(times.next_slot() >= wall + kInterval.count());
      BOOST_TEST(times.next_slot() < wall + 2 * kInterval.count());
      BOOST_TEST((times.due() == now.steady + Duration(times.next_slot() - wall)));
      const Moment later =
          After(times.due().time_since_epoch(), times.due().time_since_epoch() + row.jump);
      const Millis expected = times.next_slot();
      const Timetable::Turn next = times.Next(later);
      BOOST_TEST(next.slot.value_or(0) == expected);
      BOOST_TEST(next.missed == 0U);
    }
  }
}

BOOST_AUTO_TEST_CASE(ShortIntervalsNoticeShorterJumps) {
  Timetable times("a.yaml", "group", seconds(1), After({}));
  const Duration due = times.due().time_since_epoch();
  BOOST_TEST(!times.Next(After(due, due + milliseconds(501))).slot);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin

#include "notify/dispatcher.h"

#include <chrono>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "base/yaml.h"

namespace tocsin::notify {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const TimePoint kStart(hours(1000));

/// So long after the start.
Moment At(Duration after) {
  return {kStart + after, SteadyPoint(hours(5)) + after};
}

std::shared_ptr<const Route> Tree(const std::string& options) {
  Diagnostics diagnostics("f");
  const auto node = ParseYaml("route: {receiver: a, " + options + "}\n", diagnostics);
  BOOST_REQUIRE(node);
  YamlMap notify(*node, diagnostics);
  auto root = ReadRoute(notify, {"a", "b", "c"}, {});
  BOOST_REQUIRE_EQUAL(diagnostics.Text(), "");
  return root;
}

/// The other options are of no matter here: a wait of 30 s and an interval of 5 m.
std::shared_ptr<const Route> Tree() {
  return Tree("group_by: [g]");
}

struct State {
  Labels labels;
  Duration started{0};
  bool resolved = false;
  std::optional<Duration> ends = std::nullopt;
};

ReceivedAlert Make(const State& state, Duration now) {
  Alert alert;
  alert.labels = state.labels;
  alert.starts_at = kStart + state.started;
  alert.resolved = state.resolved;
  if (state.ends) alert.ends_at = kStart + *state.ends;
  return {state.labels, std::make_shared<Alert>(alert), kStart + now};
}

/// A dispatcher that is told and asked at moments of the test.
class Fixture {
 public:
  explicit Fixture(std::shared_ptr<const Route> root = Tree()) : dispatcher_(std::move(root)) {}

  const ReceivedAlert& Fire(Labels labels, Duration now, std::optional<Duration> started = {}) {
    return dispatcher_.Receive(Make({std::move(labels), started.value_or(now)}, now), At(now));
  }
  /// Until `ends`, if nothing else comes.
  void FireUntil(Labels labels, Duration now, Duration ends) {
    dispatcher_.Receive(Make({std::move(labels), {}, false, ends}, now), At(now));
  }
  void Resolve(Labels labels, Duration now, std::optional<Duration> ended = {}) {
    dispatcher_.Receive(Make({std::move(labels), {}, true, ended.value_or(now)}, now), At(now));
  }

  /// The keys and numbers of alerts of the groups that are due; settles them if told to.
  std::string Take(Duration now, bool settle = true) {
    std::string text;
    for (const Dispatcher::Due& due : dispatcher_.TakeDue(At(now))) {
      if (!text.empty()) text += ' ';
      text += due.key + "*" + std::to_string(due.alerts.size());
      if (settle) dispatcher_.Settle(due, kStart + now);
    }
    return text;
  }

  std::optional<Duration> Next() const {
    const auto next = dispatcher_.NextDue();
    if (!next) return std::nullopt;
    return *next - At({}).steady;
  }

  Dispatcher& operator*() { return dispatcher_; }
  Dispatcher* operator->() { return &dispatcher_; }

 private:
  Dispatcher dispatcher_;
};

BOOST_AUTO_TEST_SUITE(dispatcher_test)

BOOST_AUTO_TEST_CASE(AGroupWaitsForMoreAndThenForItsInterval) {
  Fixture fixture;
  BOOST_TEST(!fixture.Next().has_value());
  fixture.Fire({{"g", "1"}, {"i", "1"}}, seconds(0));
  fixture.Fire({{"g", "1"}, {"i", "2"}}, seconds(10));
  fixture.Fire({{"g", "2"}, {"i", "3"}}, seconds(20));
  BOOST_TEST((fixture.Next() == seconds(30)));
  BOOST_TEST(fixture.Take(seconds(30) - Duration(1)) == "");
  BOOST_TEST(fixture.Take(seconds(31)) == R"({}:{g="1"}*2)");
  BOOST_TEST((fixture.Next() == seconds(50)));
  fixture.Fire({{"g", "1"}, {"i", "4"}}, seconds(40));
  BOOST_TEST(fixture.Take(seconds(50)) == R"({}:{g="2"}*1)");
  BOOST_TEST((fixture.Next() == seconds(31) + minutes(5)));  // Counted from when it was looked at.
  BOOST_TEST(fixture.Take(minutes(6)) == R"({}:{g="1"}*3 {}:{g="2"}*1)");
  BOOST_TEST((fixture.Next() == minutes(11)));
}

BOOST_AUTO_TEST_CASE(WhatFiresLongerThanTheWaitIsDueAtOnce) {
  const struct {
    Duration started;
    Duration due;
  } rows[] = {
      {minutes(60), minutes(60) + seconds(30)},
      {minutes(60) - seconds(29), minutes(60) + seconds(30)},
      {minutes(60) - seconds(30), minutes(60)},
      {minutes(1), minutes(60)},
  };
  for (const auto& row : rows) {
    Fixture fixture;
    fixture.Fire({{"i", "1"}}, minutes(60), row.started);
    BOOST_TEST((fixture.Next() == row.due));
  }
  Fixture fixture;
  fixture.Fire({{"i", "1"}}, minutes(60));
  fixture.Fire({{"i", "2"}}, minutes(60) + seconds(1), minutes(1));
  BOOST_TEST((fixture.Next() == minutes(60) + seconds(1)));
  BOOST_TEST(fixture.Take(minutes(60) + seconds(1)) == "{}:{}*2");
  fixture.Fire({{"i", "3"}}, minutes(61), minutes(1));  // Later it waits for the interval.
  BOOST_TEST((fixture.Next() == minutes(65) + seconds(1)));
}

BOOST_AUTO_TEST_CASE(WithoutAWaitItIsDueAtOnce) {
  Fixture fixture(Tree("group_wait: 0s"));
  fixture.Fire({{"i", "1"}}, minutes(1));
  BOOST_TEST((fixture.Next() == minutes(1)));
  BOOST_TEST(fixture.Take(minutes(1)) == "{}:{}*1");
}

BOOST_AUTO_TEST_CASE(AlertsThatEndedLeaveWhenSettled) {
  Fixture fixture;
  fixture.Fire({{"i", "1"}}, {});
  fixture.Fire({{"i", "2"}}, {});
  fixture.FireUntil({{"i", "3"}}, {}, minutes(4));
  BOOST_TEST(fixture.Take(seconds(30)) == "{}:{}*3");
  fixture.Resolve({{"i", "1"}}, minutes(1));
  BOOST_TEST((fixture.Next() == minutes(5) + seconds(30)));
  BOOST_TEST(fixture.Take(seconds(330), false) == "{}:{}*3");
  BOOST_TEST(fixture.Take(seconds(630)) == "{}:{}*3");  // Nobody had taken care of them.
  BOOST_TEST(fixture.Take(seconds(930)) == "{}:{}*1");
  fixture.Resolve({{"i", "1"}}, seconds(940), minutes(1));  // Told again: that is known.
  BOOST_TEST(fixture.Take(seconds(1230)) == "{}:{}*1");
  fixture.Fire({{"i", "1"}}, seconds(1240));
  BOOST_TEST(fixture.Take(seconds(1530)) == "{}:{}*2");
}

BOOST_AUTO_TEST_CASE(WhatChangedMeanwhileStays) {
  Fixture fixture;
  const Labels renewed{{"i", "1"}};
  const Labels again{{"i", "2"}};
  fixture.FireUntil(renewed, {}, minutes(1));
  fixture.Fire(again, {});
  fixture.Resolve(again, seconds(90));
  const auto due = fixture->TakeDue(At(minutes(2)));
  BOOST_REQUIRE(due.size() == 1U);
  fixture.FireUntil(renewed, minutes(2), minutes(9));
  fixture.Fire(again, minutes(2));
  fixture->Settle(due[0], kStart + minutes(2));
  BOOST_TEST(fixture.Take(minutes(7)) == "{}:{}*2");
}

BOOST_AUTO_TEST_CASE(AGroupWithoutAlertsIsForgotten) {
  Fixture fixture;
  fixture.Fire({{"i", "1"}}, {});
  BOOST_TEST(fixture.Take(seconds(30)) == "{}:{}*1");
  fixture.Resolve({{"i", "1"}}, minutes(1));
  BOOST_TEST(fixture.Take(minutes(6)) == "{}:{}*1");
  BOOST_TEST(fixture->group_count() == 0U);
  BOOST_TEST(!fixture.Next().has_value());
  fixture.Fire({{"i", "1"}}, minutes(7));
  BOOST_TEST((fixture.Next() == minutes(7) + seconds(30)));
}

BOOST_AUTO_TEST_CASE(ResolvedOnesThatAreNotKnownAreGroupedOnce) {
  Fixture fixture;
  fixture.Resolve({{"i", "1"}}, minutes(10));
  BOOST_TEST((fixture.Next() == minutes(10)));  // It had fired for long.
  BOOST_TEST(fixture.Take(minutes(10)) == "{}:{}*1");
  fixture.Resolve({{"i", "1"}}, minutes(11), minutes(10));
  BOOST_TEST(!fixture.Next().has_value());
  BOOST_TEST(fixture->alert_count() == 1U);
}

BOOST_AUTO_TEST_CASE(StatesOfOneAlertAreMerged) {
  const Labels labels{{"i", "1"}};
  const struct {
    std::string what;
    State older;
    State newer;
    Duration start;
  } rows[] = {
      {"renewed", {labels, minutes(1)}, {labels, minutes(1)}, minutes(1)},
      {"later start", {labels, minutes(1)}, {labels, minutes(3)}, minutes(1)},
      {"earlier start", {labels, minutes(3)}, {labels, minutes(1)}, minutes(1)},
      {"later start before the end",
       {labels, minutes(1), false, minutes(4)},
       {labels, minutes(3)},
       minutes(1)},
      {"later start after the end",
       {labels, minutes(1), false, minutes(2)},
       {labels, minutes(3)},
       minutes(3)},
      {"after it was resolved",
       {labels, minutes(1), true, minutes(2)},
       {labels, minutes(3)},
       minutes(3)},
      {"resolved", {labels, minutes(1)}, {labels, minutes(2), true, minutes(3)}, minutes(1)},
  };
  for (const auto& row : rows) {
    BOOST_TEST_CONTEXT(row.what) {
      Fixture fixture;
      fixture->Receive(Make(row.older, minutes(5)), At(minutes(5)));
      const ReceivedAlert& merged = fixture->Receive(Make(row.newer, minutes(6)), At(minutes(6)));
      BOOST_TEST((merged.alert->starts_at == kStart + row.start));
      BOOST_TEST(merged.alert->resolved == row.newer.resolved);
      BOOST_TEST(fixture->Find(labels) == &merged);
      BOOST_TEST(fixture->alert_count() == 1U);
    }
  }
}

BOOST_AUTO_TEST_CASE(ResolveWaitBringsTheNextTimeForward) {
  Fixture fixture(Tree("resolve_wait: 10s"));
  const Labels first{{"i", "1"}};
  const Labels second{{"i", "2"}};
  fixture.Fire(first, {});
  fixture.Fire(second, {});
  fixture.Resolve(second, seconds(5));
  BOOST_TEST((fixture.Next() == seconds(30)));  // Nobody was told of it.
  BOOST_TEST(fixture.Take(seconds(30)) == "{}:{}*2");
  BOOST_TEST((fixture.Next() == seconds(330)));
  fixture.Resolve(first, seconds(62), seconds(60));
  BOOST_TEST((fixture.Next() == seconds(70)));
  fixture.Fire(second, seconds(65));
  BOOST_TEST(fixture.Take(seconds(69)) == "");
  BOOST_TEST(fixture.Take(seconds(70)) == "{}:{}*2");
  BOOST_TEST((fixture.Next() == seconds(370)));
  fixture.Resolve(second, seconds(365));
  BOOST_TEST((fixture.Next() == seconds(370)));  // The interval comes first.
}

BOOST_AUTO_TEST_CASE(ResolveWaitCountsWhatIsLate) {
  Fixture fixture(Tree("resolve_wait: 0s"));
  fixture.Fire({{"i", "1"}}, {});
  BOOST_TEST(fixture.Take(seconds(30)) == "{}:{}*1");
  fixture.Resolve({{"i", "1"}}, seconds(30), seconds(20));  // Ended before, told after.
  BOOST_TEST((fixture.Next() == seconds(30)));
  BOOST_TEST(fixture.Take(seconds(30), false) == "{}:{}*1");
  BOOST_TEST((fixture.Next() == seconds(330)));  // Not settled, but looked at.
}

BOOST_AUTO_TEST_CASE(ResolveWaitKnowsWhenAnAlertIsNotRenewed) {
  Fixture fixture(Tree("resolve_wait: 5s, group_interval: 1h"));
  const Labels labels{{"i", "1"}};
  fixture.FireUntil(labels, {}, minutes(4));
  BOOST_TEST(fixture.Take(seconds(30)) == "{}:{}*1");
  BOOST_TEST((fixture.Next() == minutes(4) + seconds(5)));
  fixture.FireUntil(labels, minutes(1), minutes(5));
  BOOST_TEST(fixture.Take(minutes(4) + seconds(5)) == "");
  BOOST_TEST((fixture.Next() == minutes(5) + seconds(5)));
  BOOST_TEST(fixture.Take(minutes(5) + seconds(4)) == "");
  BOOST_TEST(fixture.Take(minutes(5) + seconds(5)) == "{}:{}*1");
  BOOST_TEST(fixture->group_count() == 0U);
}

BOOST_AUTO_TEST_CASE(GroupsAreDueInTheOrderOfTheirRoutes) {
  Fixture fixture(
      Tree("group_by: [g], routes: [{matchers: [x=1], receiver: c, continue: true}, "
           "{matchers: [x=~\"1|2\"], receiver: b}]"));
  fixture.Fire({{"g", "2"}}, {});
  fixture.Fire({{"g", "1"}}, {});
  fixture.Fire({{"g", "1"}, {"x", "2"}}, {});
  fixture.Fire({{"g", "1"}, {"x", "1"}}, {});
  BOOST_TEST(fixture->group_count() == 4U);
  BOOST_TEST(fixture->alert_count() == 4U);
  BOOST_TEST(fixture.Take(seconds(30)) ==
             R"({}:{g="1"}*1 {}:{g="2"}*1 {}/{x="1"}:{g="1"}*1 {}/{x=~"1|2"}:{g="1"}*2)");
  const std::vector<std::string> receivers = {"c", "b"};
  BOOST_TEST(fixture->ReceiversOf({{"x", "1"}}) == receivers, boost::test_tools::per_element());
  const auto groups = fixture->Groups();
  BOOST_REQUIRE(groups.size() == 4U);
  BOOST_TEST(groups[2].route->receiver == "c");
  BOOST_TEST(groups[3].key == R"({}/{x=~"1|2"}:{g="1"})");
  BOOST_TEST(groups[3].alerts.size() == 2U);
}

BOOST_AUTO_TEST_CASE(AReceiverOfTwoRoutesIsNamedOnce) {
  Fixture fixture(Tree("routes: [{receiver: b, continue: true}, {receiver: b}]"));
  BOOST_TEST(fixture->ReceiversOf({}).size() == 1U);
}

BOOST_AUTO_TEST_CASE(AlertsStandInOrder) {
  Fixture fixture;
  fixture.Fire({{"i", "5"}, {"a", "x"}}, seconds(2), seconds(1));
  fixture.Fire({{"i", "4"}}, seconds(2), seconds(1));
  fixture.Fire({{"i", "3"}}, seconds(2), seconds(0));
  fixture.Fire({{"i", "2"}, {"instance", "b"}}, seconds(2), seconds(1));
  fixture.Fire({{"i", "1"}, {"job", "j"}, {"instance", "c"}}, seconds(2), seconds(1));
  const auto due = fixture->TakeDue(At(minutes(1)));
  BOOST_REQUIRE(due.size() == 1U);
  std::string order;
  for (const ReceivedAlert& alert : due[0].alerts) order += alert.labels.Get("i");
  BOOST_TEST(order == "12345");
  BOOST_TEST(due[0].route->receiver == "a");
  BOOST_TEST(due[0].group_labels.empty());
}

// Sorting looks at the beginning of one label before it looks at all: whatever labels alerts have
// in common, the order is that of whole label sets.
BOOST_AUTO_TEST_CASE(AlertsWithMuchInCommonStandInOrder) {
  const std::vector<std::string> values = {"",
                                           "a",
                                           "ab",
                                           "b",
                                           "\xc3\xa9",
                                           "a text of more than sixteen bytes",
                                           "a text of more than seventeen",
                                           "a text of more t",
                                           "a text of more than sixteen bytes, too",
                                           std::string("a\0", 2)};
  const std::vector<std::vector<std::string>> name_sets = {
      {"x"}, {"w", "x"}, {"instance", "x", "y"}};
  std::minstd_rand random(1);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same alerts in every run.
  for (unsigned round = 0; round < 60; ++round) {
    Fixture fixture;
    for (int i = 0; i < 40; ++i) {
      LabelsBuilder labels;
      labels.Set("alertname", "A");
      // In some rounds all alerts have the same names: an empty value is no label.
      const auto& names = name_sets[(round % 3 == 0 ? random() : round / 3) % name_sets.size()];
      for (const std::string& name : names)
        labels.Set(name, values[random() % (values.size() - 1) + (round % 2)]);
      fixture.Fire(labels.Build(), seconds(1));
    }
    const auto due = fixture->TakeDue(At(minutes(1)));
    BOOST_REQUIRE(due.size() == 1U);
    const auto comes_before = [](const Labels& a, const Labels& b) {
      const auto absent = [](const Labels& labels, const char* name) {
        return labels.Get(name).empty();
      };
      return std::tuple(absent(a, "instance"), a.Get("instance"), a.size()) <
                 std::tuple(absent(b, "instance"), b.Get("instance"), b.size()) ||
             (a.Get("instance") == b.Get("instance") && a.size() == b.size() && a < b);
    };
    for (std::size_t i = 1; i < due[0].alerts.size(); ++i) {
      const Labels& one = due[0].alerts[i - 1].labels;
      const Labels& next = due[0].alerts[i].labels;
      BOOST_TEST(comes_before(one, next), one.ToString() << " stands before " << next.ToString());
    }
  }
}

BOOST_AUTO_TEST_CASE(AnotherTreeKeepsTheTimesOfGroupsThatStay) {
  Fixture fixture(Tree("group_by: [g], routes: [{matchers: [x=1]}]"));
  fixture.Fire({{"g", "1"}}, {});
  fixture.Fire({{"g", "1"}, {"x", "1"}}, {});
  BOOST_TEST(fixture.Take(seconds(40)) == R"({}:{g="1"}*1 {}/{x="1"}:{g="1"}*1)");
  fixture.Fire({{"g", "2"}}, seconds(50));
  fixture.Fire({{"g", "3"}, {"x", "1"}}, seconds(60));
  fixture.Resolve({{"g", "1"}}, seconds(60));
  const auto old = fixture->TakeDue(At(seconds(80)));
  BOOST_REQUIRE(old.size() == 1U);

  // The route has moved; its groups are others, those of the root the same.
  fixture->SetRoute(Tree("group_by: [g], routes: [{matchers: [y=1]}, {matchers: [x=1], "
                         "group_by: [x]}]"),
                    At(seconds(85)));
  BOOST_TEST(fixture->alert_count() == 4U);
  BOOST_TEST((fixture.Next() == seconds(85)));  // An alert of the new group fires for long.
  BOOST_TEST(fixture.Take(seconds(85)) == R"({}/{x="1"}:{x="1"}*2)");
  BOOST_TEST((fixture.Next() == seconds(340)));
  BOOST_TEST(fixture.Take(seconds(340)) == R"({}:{g="1"}*1)");
  BOOST_TEST((fixture.Next() == seconds(380)));
  fixture->Settle(old[0], kStart + seconds(380));  // Of the tree before.
  BOOST_TEST(fixture->group_count() == 2U);
}

BOOST_AUTO_TEST_CASE(SettlingGroupsOfTheTreeBeforeWorks) {
  Fixture fixture;
  fixture.Fire({{"g", "1"}}, {});
  fixture.Resolve({{"g", "1"}}, seconds(10));
  const auto due = fixture->TakeDue(At(seconds(30)));
  BOOST_REQUIRE(due.size() == 1U);
  fixture->SetRoute(Tree(), At(seconds(31)));
  BOOST_TEST(fixture->group_count() == 1U);
  fixture->Settle(due[0], kStart + seconds(31));
  BOOST_TEST(fixture->group_count() == 0U);
  fixture->SetRoute(Tree(), At(seconds(32)));  // What was settled does not come back.
  BOOST_TEST(fixture->group_count() == 0U);
  BOOST_TEST(fixture->alert_count() == 1U);
}

BOOST_AUTO_TEST_CASE(OldAlertsAreForgotten) {
  Fixture fixture;
  fixture.Fire({{"i", "fires"}}, {});
  fixture.Resolve({{"i", "resolved"}}, {});
  fixture.FireUntil({{"i", "ended"}}, {}, seconds(10));
  BOOST_TEST(fixture->DropOld(kStart + hours(1)).empty());  // Nobody was told.
  BOOST_TEST(fixture.Take(seconds(30)) == "{}:{}*3");
  BOOST_TEST(fixture->DropOld(kStart + minutes(15) - Duration(1)).empty());
  const ReceivedAlerts first = fixture->DropOld(kStart + minutes(15));
  BOOST_REQUIRE(first.size() == 1U);
  BOOST_TEST(first[0].labels.Get("i") == "resolved");
  BOOST_TEST(fixture->DropOld(kStart + minutes(15) + seconds(10)).size() == 1U);
  std::size_t count = 0;
  fixture->ForEachAlert([&](const ReceivedAlert&) { ++count; });
  BOOST_TEST(count == 1U);
  BOOST_TEST(fixture->Find({{"i", "resolved"}}) == nullptr);
}

BOOST_AUTO_TEST_CASE(TheWallClockMayJump) {
  Fixture fixture(Tree("resolve_wait: 1s"));
  fixture.FireUntil({{"i", "1"}}, {}, minutes(4));
  BOOST_TEST(fixture.Take(seconds(30)) == "{}:{}*1");
  Moment back = At(minutes(4) + seconds(1));
  back.wall -= minutes(2);
  BOOST_TEST(fixture->TakeDue(back).empty());  // It has not ended.
  BOOST_TEST((fixture.Next() == seconds(330)));
}

BOOST_AUTO_TEST_CASE(ManyAlertsInGroupsOfTheirOwn) {
  constexpr int kAlerts = 100'000;
  Fixture fixture(Tree("group_by: ['...'], resolve_wait: 1s"));
  const auto labels = [](int i) { return Labels{{"i", std::to_string(i)}}; };
  for (int i = 0; i < kAlerts; ++i) fixture.FireUntil(labels(i), Duration(i), minutes(9));
  for (int i = 0; i < kAlerts; ++i) fixture.FireUntil(labels(i), minutes(2), minutes(9));
  BOOST_TEST(fixture->group_count() == std::size_t{kAlerts});
  std::size_t taken = 0;
  Duration now{0};
  while (taken < kAlerts) {
    const auto next = fixture.Next();
    BOOST_REQUIRE(next.has_value());
    now = std::max(*next, now + Duration(100));
    for (const auto& due : fixture->TakeDue(At(now))) {
      ++taken;
      fixture->Settle(due, kStart + now);
    }
  }
  for (int i = 0; i < kAlerts; ++i) fixture.Resolve(labels(i), minutes(3));
  const auto due = fixture->TakeDue(At(minutes(3) + seconds(1)));
  BOOST_TEST(due.size() == std::size_t{kAlerts});
  for (const auto& group : due) fixture->Settle(group, kStart + minutes(4));
  BOOST_TEST(fixture->group_count() == 0U);
  BOOST_TEST(fixture->DropOld(kStart + hours(1)).size() == std::size_t{kAlerts});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::notify

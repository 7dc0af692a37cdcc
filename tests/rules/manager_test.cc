#include "rules/manager.h"

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "rules/timetable.h"
#include "tests/support/await.h"
#include "tests/support/fake_clock.h"
#include "tests/support/recorded_log.h"
#include "tests/support/temporary_folder.h"

namespace tocsin {
namespace {

namespace fs = std::filesystem;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Duration kInterval = minutes(1);

/// Keeps what it is told, and can hold up who tells it.
class RecordingSink final : public AlertSink {
 public:
  void Send(std::span<const Alert> alerts) override {
    std::unique_lock lock(mutex_);
    alerts_.insert(alerts_.end(), alerts.begin(), alerts.end());
    changed_.notify_all();
    const std::string_view name = alerts.front().labels.Get("alertname");
    changed_.wait(lock, [&] { return held_ != name; });
  }
  /// From now on, whoever tells of an alert of this name waits until Hold("").
  void Hold(const std::string& name) {
    const std::lock_guard lock(mutex_);
    held_ = name;
    changed_.notify_all();
  }
  void AwaitCount(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return alerts_.size() >= count; });
  }
  void Resume(std::span<const Alert> alerts) override {
    const std::lock_guard lock(mutex_);
    resumed_.insert(resumed_.end(), alerts.begin(), alerts.end());
  }
  std::vector<Alert> resumed() {
    const std::lock_guard lock(mutex_);
    return resumed_;
  }
  std::vector<Alert> alerts() {
    const std::lock_guard lock(mutex_);
    return alerts_;
  }
  /// What somebody who was told would know: `firing {...} since 5`, one a line.
  std::string Transcript() {
    std::string text;
    for (const Alert& alert : alerts()) {
      text += alert.labels.ToString() + " " + std::string(Name(alert.reason)) + " since " +
              std::to_string(alert.starts_at.time_since_epoch().count()) + " until " +
              std::to_string(alert.ends_at.time_since_epoch().count()) + "\n";
    }
    return text;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string held_;
  std::vector<Alert> alerts_;
  std::vector<Alert> resumed_;
};

Rule OneAlert(const std::string& name, Duration hold = {}) {
  Rule rule;
  rule.name = name;
  rule.expr = "down == 1";
  rule.hold = hold;
  rule.annotations = {{"summary", "{{ $value }}"}};
  return rule;
}

/// Records at which slot it was evaluated, in seconds.
Rule SlotRule() {
  Rule rule;
  rule.kind = Rule::Kind::kRecording;
  rule.name = "slot";
  rule.expr = "vector(time())";
  return rule;
}

EffectiveGroup GroupOf(const std::string& name, std::vector<Rule> rules,
                       Duration interval = kInterval) {
  EffectiveGroup group;
  group.group.file = "a.yaml";
  group.group.name = name;
  group.group.interval = interval;
  group.group.rules = std::move(rules);
  group.policies.resize(group.group.rules.size());
  return group;
}

/// A machine on which the rules may be started again and again.
struct Machine {
  TemporaryFolder folder;
  FakeClock clock;
  FakeClock disk_clock;
  RecordedLog log;
  SampleStore samples{{}};
  promql::Engine engine{{}, samples, clock};
  RecordingSink sink;
  RuleManager::Settings settings;
  int starts = 0;
  std::unique_ptr<AlertStore> state;
  std::unique_ptr<RuleManager> manager;

  Machine() {
    settings.environment.engine = &engine;
    settings.environment.store = &samples;
    settings.environment.sink = &sink;
    settings.environment.clock = &clock;
    settings.environment.log = &log.log();
  }
  ~Machine() {
    sink.Hold("");
    manager.reset();
  }

  Millis now() const { return clock.Now().time_since_epoch().count(); }

  fs::path StateFile() const { return folder.path() / (std::to_string(starts) + ".db"); }

  void Start(std::vector<EffectiveGroup> groups, bool with_state = true) {
    if (with_state) {
      auto opened = AlertStore::Open(StateFile(), {}, disk_clock, log.log());
      BOOST_REQUIRE_MESSAGE(opened, (opened ? "" : opened.error().message));
      state = std::move(*opened);
    }
    manager = std::make_unique<RuleManager>(state.get(), clock, log.log());
    manager->Replace(std::move(groups), settings);
  }

  /// What is on disk is all that is left; whatever the process would write at its end is not.
  void Kill() {
    manager->Stop();  // Only so that no evaluation is half done: a Put() or Touch() may be missing.
    if (state) {
      state->Flush();
      const fs::path from = StateFile();
      ++starts;
      for (const char* const suffix : {"", "-wal"}) {
        const fs::path part = from.string() + suffix;
        if (fs::exists(part)) fs::copy_file(part, StateFile().string() + suffix);
      }
    }
    manager.reset();
    state.reset();
  }

  void Write(const std::string& instance, double value) {
    const SampleStore::Entry entry{Labels{{"__name__", "down"}, {"instance", instance}},
                                   {now(), value}};
    samples.Append({&entry, 1});
  }

  GroupView View(std::size_t group = 0) const { return manager->Views().at(group); }
  std::vector<ActiveAlert> Alerts(std::size_t group = 0, std::size_t rule = 0) const {
    return View(group).rules.at(rule).alerts;
  }

  void AwaitIterations(std::uint64_t iterations, std::size_t group = 0) const {
    const auto is_done = [&] { return View(group).iterations >= iterations; };
    // Mostly it takes less than AwaitThat() would wait.
    for (int i = 0; i < 10'000 && !is_done(); ++i) std::this_thread::yield();
    BOOST_REQUIRE(AwaitThat(is_done));
  }

  void AdvanceToSlot(const std::string& group = "group", Duration interval = kInterval) {
    const Millis slot = SlotAtOrBefore("a.yaml", group, interval, now()) + interval.count();
    clock.Advance(Duration(slot - now()));
  }

  /// To the next slot of the first group, and until it is evaluated. Twenty seconds before, `down`
  /// of the instance `a` becomes `value`.
  void Evaluate(double value) {
    const std::string group = View().name;
    const Duration interval = View().interval;
    const std::uint64_t iterations = View().iterations;
    const Millis slot = SlotAtOrBefore("a.yaml", group, interval, now()) + interval.count();
    if (slot - now() > 20'000) clock.Advance(Duration(slot - now() - 20'000));
    Write("a", value);
    clock.Advance(Duration(slot - now()));
    AwaitIterations(iterations + 1);
  }

  /// Oldest first.
  std::vector<AlertEvent> Events() const {
    const auto stored = state->Events({});
    BOOST_REQUIRE(stored);
    std::vector<AlertEvent> events;
    for (const auto& event : *stored) events.insert(events.begin(), event.event);
    return events;
  }
  std::vector<AlertEvent::Kind> EventKinds() const {
    std::vector<AlertEvent::Kind> kinds;
    for (const AlertEvent& event : Events()) kinds.push_back(event.kind);
    return kinds;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(manager_test, Machine)

BOOST_AUTO_TEST_CASE(GroupsAreEvaluatedAtTheirSlots) {
  Start({GroupOf("group", {SlotRule()}), GroupOf("other", {SlotRule()}, seconds(30))});
  BOOST_TEST(View(1).name == "other");
  for (std::uint64_t i = 1; i <= 3; ++i) {
    AdvanceToSlot();
    AwaitIterations(i);
    const auto group = manager->Groups().at(0);
    BOOST_REQUIRE(AwaitThat([&] { return group->LastWritten().size() == 1U; }));
    BOOST_TEST(group->LastWritten()[0].value == static_cast<double>(now()) / 1000);
  }
  BOOST_TEST(AwaitThat([&] { return View(1).iterations >= 4U; }));
  BOOST_TEST(View(0).missed == 0U);
}

BOOST_AUTO_TEST_CASE(ASlowGroupDelaysNoOtherAndMissesItsSlots) {
  Start({GroupOf("fast", {SlotRule()}), GroupOf("slow", {OneAlert("Slow")})});
  Write("a", 1);
  sink.Hold("Slow");
  AdvanceToSlot("slow");
  sink.AwaitCount(1);
  const std::uint64_t before = View(0).iterations;
  for (std::uint64_t i = 1; i <= 4; ++i) {
    clock.Advance(kInterval);
    AwaitIterations(before + i, 0);
  }
  BOOST_TEST(View(0).missed == 0U);
  BOOST_TEST(View(1).iterations == 0U);
  sink.Hold("");
  // The fifth slot is still the latest: it is evaluated, the three before are not.
  BOOST_TEST(AwaitThat([&] { return View(1).evaluations == 2U; }));
  BOOST_TEST(View(1).missed == 3U);
  BOOST_TEST(View(1).iterations == 5U);
}

BOOST_AUTO_TEST_CASE(AJumpOfTheWallClockSkipsAnEvaluationOfEachGroup) {
  Start({GroupOf("group", {OneAlert("Down")}), GroupOf("other", {SlotRule()})});
  Evaluate(0);
  clock.Advance(kInterval);
  AwaitIterations(2, 0);
  AwaitIterations(1, 1);
  const std::uint64_t evaluated = View(0).evaluations;
  clock.SetWall(clock.Now() + hours(1));
  clock.Advance(kInterval);
  BOOST_TEST(AwaitThat([&] { return View(0).missed == 1U && View(1).missed == 1U; }));
  BOOST_TEST(View(0).evaluations == evaluated);
  BOOST_TEST(log.Count("the wall clock has jumped") == 1);
  clock.Advance(kInterval);  // The slots lie as they did, because the jump was a multiple of it.
  BOOST_TEST(AwaitThat([&] { return View(0).evaluations == evaluated + 1; }));
  BOOST_TEST(View(0).missed == 1U);
}

BOOST_AUTO_TEST_CASE(AGroupThatSaysTheSameGoesOnUndisturbed) {
  Start({GroupOf("group", {OneAlert("Down", minutes(10))})});
  Evaluate(1);
  const auto group = manager->Groups().at(0);
  const auto since = Alerts().at(0).active_at;
  EffectiveGroup moved = GroupOf("group", {OneAlert("Down", minutes(10))});
  manager->Replace({GroupOf("first", {SlotRule()}), moved}, settings);
  BOOST_TEST(manager->Groups().at(1) == group);
  BOOST_TEST(Alerts(1).at(0).active_at == since);
  BOOST_TEST(View(0).name == "first");
}

BOOST_AUTO_TEST_CASE(AChangedGroupTakesOverWhatWasPending) {
  struct Row {
    const char* name;
    std::function<void(EffectiveGroup&, RuleManager::Settings&)> change;
  };
  const Row rows[] = {
      {"annotation",
       [](EffectiveGroup& group, auto&) { group.group.rules[0].annotations[0].second = "x"; }},
      {"for", [](EffectiveGroup& group, auto&) { group.group.rules[0].hold = minutes(20); }},
      {"expression", [](EffectiveGroup& group, auto&) { group.group.rules[0].expr = "down > 0"; }},
      {"limit", [](EffectiveGroup& group, auto&) { group.group.limit = 5; }},
      {"interval", [](EffectiveGroup& group, auto&) { group.group.interval = seconds(90); }},
      {"offset", [](EffectiveGroup& group, auto&) { group.group.query_offset = seconds(1); }},
      {"policy", [](EffectiveGroup& group, auto&) { group.policies[0].evaluations = 3; }},
      {"external label",
       [](EffectiveGroup&, RuleManager::Settings& changed) {
         changed.environment.external_labels = Labels{{"site", "a"}};
       }},
      {"default offset",
       [](EffectiveGroup&, RuleManager::Settings& changed) { changed.query_offset = seconds(2); }},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.name) {
      Machine machine;
      EffectiveGroup group = GroupOf("group", {OneAlert("Down", minutes(10))});
      machine.Start({group});
      machine.Evaluate(1);
      const auto old = machine.manager->Groups().at(0);
      const auto since = machine.Alerts().at(0).active_at;
      RuleManager::Settings changed = machine.settings;
      row.change(group, changed);
      machine.manager->Replace({group}, changed);
      // At once, unless the evaluation is just about to end.
      BOOST_TEST(AwaitThat([&] { return machine.manager->Groups().at(0) != old; }));
      BOOST_REQUIRE(machine.Alerts().size() == 1U);
      BOOST_TEST(machine.Alerts().at(0).active_at == since);
      machine.Evaluate(1);
      BOOST_TEST(machine.Alerts().at(0).active_at == since);
    }
  }
}

BOOST_AUTO_TEST_CASE(AChangeWaitsForTheRunningEvaluation) {
  Start({GroupOf("group", {OneAlert("Down")})});
  Write("a", 1);
  sink.Hold("Down");
  AdvanceToSlot();
  sink.AwaitCount(1);
  const auto old = manager->Groups().at(0);
  manager->Replace({GroupOf("group", {OneAlert("Down", seconds(1))})}, settings);
  manager->Replace({GroupOf("group", {OneAlert("Down"), SlotRule()})}, settings);
  BOOST_TEST(manager->Groups().at(0) == old);
  sink.Hold("");
  BOOST_TEST(AwaitThat([&] { return manager->Groups().at(0) != old; }));
  BOOST_TEST(View().rules.size() == 2U);
  BOOST_TEST(Alerts().size() == 1U);
}

BOOST_AUTO_TEST_CASE(ARemovedGroupEndsAfterTwoIntervals) {
  Start({GroupOf("group", {OneAlert("Down")}), GroupOf("other", {SlotRule()})});
  Evaluate(1);
  sink.AwaitCount(1);
  manager->Replace({GroupOf("other", {SlotRule()})}, settings);
  BOOST_TEST(manager->Views().size() == 1U);
  clock.Advance(kInterval);
  AwaitIterations(1);
  BOOST_TEST(sink.alerts().size() == 1U);
  clock.Advance(kInterval);
  sink.AwaitCount(2);
  BOOST_TEST(sink.alerts()[1].resolved);
  BOOST_TEST((sink.alerts()[1].reason == AlertReason::kRuleRemoved));
  using enum AlertEvent::Kind;
  BOOST_TEST(AwaitThat([&] { return EventKinds().size() == 2U; }));
  BOOST_TEST((EventKinds() == std::vector{kFiring, kResolved}));
  Kill();
  Start({GroupOf("group", {OneAlert("Down")})});
  BOOST_TEST(Alerts().empty());
}

BOOST_AUTO_TEST_CASE(AGroupThatComesBackInTimeGoesOn) {
  Start({GroupOf("group", {OneAlert("Down")})});
  Evaluate(1);
  const auto fired = Alerts().at(0).fired_at;
  manager->Replace({}, settings);
  BOOST_TEST(manager->Views().empty());
  clock.Advance(kInterval);
  manager->Replace({GroupOf("group", {OneAlert("Down")})}, settings);
  Evaluate(1);
  BOOST_TEST((Alerts().at(0).fired_at == fired));
  Evaluate(1);
  Evaluate(1);
  for (const Alert& alert : sink.alerts()) BOOST_TEST(!alert.resolved);
}

BOOST_AUTO_TEST_CASE(AGroupMayComeBackWhileItsLastEvaluationRuns) {
  Start({GroupOf("group", {OneAlert("Down")})});
  Write("a", 1);
  sink.Hold("Down");
  AdvanceToSlot();
  sink.AwaitCount(1);
  manager->Replace({}, settings);
  manager->Replace({GroupOf("group", {OneAlert("Down"), SlotRule()})}, settings);
  sink.Hold("");
  BOOST_TEST(AwaitThat([&] { return View().rules.size() == 2U; }));
  BOOST_TEST(Alerts().size() == 1U);
}

BOOST_AUTO_TEST_CASE(ARuleThatIsGoneResolvesItsAlerts) {
  Start({GroupOf("group", {OneAlert("Down"), OneAlert("Other")})});
  Evaluate(1);
  manager->Replace({GroupOf("group", {OneAlert("Down")})}, settings);
  Evaluate(1);
  BOOST_REQUIRE(AwaitThat([&] { return sink.alerts().back().resolved; }));
  BOOST_TEST(sink.alerts().back().labels.Get("alertname") == "Other");
  BOOST_TEST((sink.alerts().back().reason == AlertReason::kRuleRemoved));
  Kill();
  Start({GroupOf("group", {OneAlert("Down"), OneAlert("Other")})});
  BOOST_TEST(Alerts(0, 0).size() == 1U);
  BOOST_TEST(Alerts(0, 1).empty());
}

BOOST_AUTO_TEST_CASE(ALifeWithKillsIsToldAsOneWithout) {
  Rule rule = OneAlert("Down", minutes(2));
  rule.keep_firing_for = minutes(2);
  const std::vector<double> values = {0, 1, 1, 1, 1, 0, 1, 0, 0, 0, 0, 1, 0, 1, 1, 1, 0, 0, 0, 0};
  const auto live = [&](std::optional<std::size_t> kill_after) {
    Machine machine;
    machine.Start({GroupOf("group", {rule})});
    for (std::size_t i = 0; i < values.size(); ++i) {
      machine.Evaluate(values[i]);
      if (kill_after && (*kill_after == i || *kill_after == values.size())) {
        // Nobody has time to move the clock: the machine is back before the next slot.
        machine.Kill();
        machine.Start({GroupOf("group", {rule})});
      }
    }
    std::string told = machine.sink.Transcript();
    for (const AlertEvent& event : machine.Events()) {
      told += std::string(Name(event.kind)) + " at " + std::to_string(event.at) + "\n";
    }
    return told;
  };
  const std::string whole = live(std::nullopt);
  BOOST_TEST(whole.find("resolved") != std::string::npos);
  for (std::size_t i = 0; i <= values.size(); ++i) {
    BOOST_TEST_CONTEXT("killed after evaluation " << i) {
      BOOST_TEST(live(i) == whole);
    }
  }
}

BOOST_AUTO_TEST_CASE(DowntimeCountsForNoTimer) {
  Start({GroupOf("group", {OneAlert("Down", minutes(5)), OneAlert("Now")})});
  Evaluate(1);
  Evaluate(1);
  const ActiveAlert pending = Alerts(0, 0).at(0);
  const ActiveAlert firing = Alerts(0, 1).at(0);
  Kill();
  clock.Advance(minutes(10));
  Start({GroupOf("group", {OneAlert("Down", minutes(5)), OneAlert("Now")})});
  Write("a", 1);
  Evaluate(1);
  // Ten evaluations were left out.
  BOOST_TEST(Alerts(0, 0).at(0).active_at == pending.active_at + 10 * kInterval.count());
  BOOST_TEST((Alerts(0, 1).at(0).fired_at == firing.fired_at));
  BOOST_TEST(Alerts(0, 1).at(0).active_at == firing.active_at);
  // A second restart counts from what the first has made of it.
  const Millis shifted = Alerts(0, 0).at(0).active_at;
  Kill();
  Start({GroupOf("group", {OneAlert("Down", minutes(5)), OneAlert("Now")})});
  BOOST_TEST(Alerts(0, 0).at(0).active_at == shifted);
}

BOOST_AUTO_TEST_CASE(WhatEndedMeanwhileIsResolvedAtTheFirstEvaluation) {
  Start({GroupOf("group", {OneAlert("Down")})});
  Evaluate(1);
  Kill();
  clock.Advance(minutes(10));
  Start({GroupOf("group", {OneAlert("Down")})});
  Evaluate(0);
  sink.AwaitCount(2);
  BOOST_TEST(sink.alerts()[1].resolved);
  BOOST_TEST((sink.alerts()[1].starts_at == sink.alerts()[0].starts_at));
}

BOOST_AUTO_TEST_CASE(WhatWasToldIsResumedBeforeTheFirstEvaluation) {
  const auto groups = [] {
    return std::vector{GroupOf("group", {OneAlert("Waits", minutes(5)), OneAlert("Fires")})};
  };
  Start(groups());
  Evaluate(1);
  BOOST_TEST(sink.resumed().empty());
  Kill();
  Start(groups());
  BOOST_TEST_REQUIRE(sink.resumed().size() == 1U);  // Of what is pending nobody knows.
  const Alert resumed = sink.resumed()[0];
  BOOST_TEST(resumed.labels.Get("alertname") == "Fires");
  BOOST_TEST((resumed.reason == AlertReason::kRepeat));
  BOOST_TEST((resumed.starts_at == sink.alerts()[0].starts_at));
  BOOST_TEST((resumed.ends_at > clock.Now()));
  BOOST_TEST(sink.alerts().size() == 1U);
}

BOOST_AUTO_TEST_CASE(AfterALongOutagePendingStartsAnewAndFiringGoesOn) {
  Start({GroupOf("group", {OneAlert("Down", minutes(5)), OneAlert("Now")})});
  Evaluate(1);
  const ActiveAlert firing = Alerts(0, 1).at(0);
  Kill();
  clock.Advance(settings.outage_tolerance + 2 * kInterval);
  Start({GroupOf("group", {OneAlert("Down", minutes(5)), OneAlert("Now")})});
  BOOST_TEST(Alerts(0, 0).empty());
  Evaluate(1);
  BOOST_TEST(Alerts(0, 0).at(0).active_at == now());
  BOOST_TEST((Alerts(0, 1).at(0).fired_at == firing.fired_at));
}

BOOST_AUTO_TEST_CASE(RulesRemovedWhileNothingRanAreResolved) {
  Start({GroupOf("group", {OneAlert("Down"), OneAlert("Pending", minutes(5))}),
         GroupOf("other", {SlotRule()})});
  Evaluate(1);
  Kill();
  Start({GroupOf("other", {SlotRule()})});
  BOOST_REQUIRE(sink.alerts().size() == 2U);
  BOOST_TEST(sink.alerts()[1].resolved);
  BOOST_TEST((sink.alerts()[1].reason == AlertReason::kRuleRemoved));
  BOOST_TEST(sink.alerts()[1].labels.ToString() == sink.alerts()[0].labels.ToString());
  BOOST_TEST((sink.alerts()[1].starts_at == sink.alerts()[0].starts_at));
  BOOST_TEST((sink.alerts()[1].ends_at == clock.Now()));
  using enum AlertEvent::Kind;
  std::vector<AlertEvent::Kind> kinds = EventKinds();
  BOOST_TEST((kinds[2] == kResolved && kinds[3] == kDropped));
  Kill();
  Start({});
  BOOST_TEST(sink.alerts().size() == 2U);
}

BOOST_AUTO_TEST_CASE(WithoutStateTimersComeFromTheHistory) {
  const EffectiveGroup group = GroupOf("group", {OneAlert("Down", minutes(30))});
  Start({group}, false);
  for (int i = 0; i < 10; ++i) Evaluate(1);
  const Millis since = Alerts().at(0).active_at;
  Kill();
  Start({group}, false);
  Evaluate(1);
  BOOST_TEST(Alerts().at(0).active_at == now());
  Evaluate(1);
  // Prometheus counts from the last sample to the time of the restoration.
  BOOST_TEST(AwaitThat([&] { return Alerts().at(0).active_at < now() - minutes(5).count(); }));
  BOOST_TEST(Alerts().at(0).active_at >= since);
}

BOOST_AUTO_TEST_CASE(TouchedGroupsKeepTheirTimeWithoutChanges) {
  Start({GroupOf("group", {OneAlert("Down", hours(3))})});
  const int evaluations = 100;
  for (int i = 0; i < evaluations; ++i) Evaluate(1);
  const Millis since = Alerts().at(0).active_at;
  Kill();
  Start({GroupOf("group", {OneAlert("Down", hours(3))})});
  // Pending for longer than an outage may be, and never written since: still it is no outage.
  BOOST_REQUIRE(Alerts().size() == 1U);
  BOOST_TEST(Alerts().at(0).active_at == since);
}

BOOST_AUTO_TEST_CASE(StopAndTheEndNeedNoGroups) {
  Start({});
  manager->Stop();
  manager->Stop();
  BOOST_TEST(manager->Views().empty());
}

BOOST_AUTO_TEST_CASE(StopWaitsForTheRunningEvaluation) {
  Start({GroupOf("group", {OneAlert("Down")})});
  Write("a", 1);
  sink.Hold("Down");
  AdvanceToSlot();
  sink.AwaitCount(1);
  std::jthread letting_go([&] { sink.Hold(""); });
  manager->Stop();
  BOOST_TEST(View().iterations == 1U);
  clock.Advance(10 * kInterval);
  BOOST_TEST(View().iterations == 1U);
}

BOOST_AUTO_TEST_CASE(ManyThreadsMayUseIt) {
  std::vector<EffectiveGroup> groups;
  for (int i = 0; i < 20; ++i) {
    groups.push_back(
        GroupOf("group" + std::to_string(i), {OneAlert("Down"), SlotRule()}, seconds(10)));
  }
  Start(groups);
  Write("a", 1);
  {
    std::vector<std::jthread> threads;
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) clock.Advance(seconds(1));
    });
    threads.emplace_back([&] {
      for (std::size_t i = 0; i < 10; ++i) {
        std::vector<EffectiveGroup> some(groups.begin() + static_cast<std::ptrdiff_t>(i % 3),
                                         groups.end());
        some.back().group.limit = i;
        manager->Replace(some, settings);
      }
    });
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) static_cast<void>(manager->Views());
      for (const auto& group : manager->Groups()) static_cast<void>(group->LastWritten());
    });
  }
  clock.Advance(seconds(10));
  BOOST_TEST(AwaitThat([&] {
    const std::vector<GroupView> views = manager->Views();
    return std::all_of(views.begin(), views.end(),
                       [](const GroupView& view) { return view.iterations > 0; });
  }));
  manager->Stop();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin

#include "collectors/runner.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <thread>

#include <boost/test/unit_test.hpp>

#include "tests/support/fake_clock.h"
#include "tests/support/fake_collector.h"
#include "tests/support/recorded_log.h"

namespace tocsin::collectors {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr MetricDesc kValue{"fake_value", MetricType::kGauge, "A value."};
constexpr MetricDesc kLabelled{"fake_labelled", MetricType::kGauge, "A value.", {"label"}};

const Error kRefused{ErrorCode::kUnavailable, "connection refused"};

Status AddOne(const Attempt&, Collection& collection) {
  collection.points.Add(kValue, {}, 1);
  return {};
}

/// A runner on a thread of its own and a clock that the test moves.
class Running {
 public:
  explicit Running(InstanceConfig config)
      : config_(std::make_shared<const InstanceConfig>(std::move(config))),
        runner_(config_, {clock, log.log(), {}}, [this](const InstanceView&) { Wake(); }),
        thread_([this](const std::stop_token& stop) { runner_.Run(stop); }) {}
  explicit Running(CollectFunction collect) : Running(FakeConfig("fake", std::move(collect))) {}
  ~Running() { Stop(); }

  void Stop() {
    if (!thread_.joinable()) return;
    thread_.request_stop();
    thread_.join();
  }

  std::shared_ptr<const InstanceView> View() const { return runner_.View(); }

  /// Waits until the view is as wanted.
  template <class Wanted>
  std::shared_ptr<const InstanceView> Await(Wanted wanted) {
    std::unique_lock lock(mutex_);
    BOOST_REQUIRE(changed_.wait_for(lock, seconds(20), [&] { return wanted(*runner_.View()); }));
    return runner_.View();
  }

  /// Waits for the collection that begins now, and for the runner to wait for the next.
  std::shared_ptr<const InstanceView> Collected() {
    Await([&](const InstanceView& view) { return view.last_attempt == clock.Now(); });
    clock.AwaitWaiters(1);
    return View();
  }

  std::shared_ptr<const InstanceView> CollectedAfter(Duration time) {
    clock.Advance(time);
    return Collected();
  }

  FakeClock clock;
  RecordedLog log;

 private:
  void Wake() {
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  const std::shared_ptr<const InstanceConfig> config_;
  Runner runner_;
  std::jthread thread_;
};

std::uint64_t Errors(const InstanceView& view, ErrorCode code) {
  return view.errors[static_cast<std::size_t>(code)];
}

std::uint64_t Dropped(const InstanceView& view, DropReason reason) {
  return view.dropped[static_cast<std::size_t>(reason)];
}

/// Blocks collections, whatever they are told, until it is opened.
class Gate {
 public:
  void Pass() {
    entered_ = true;
    entered_.notify_all();
    open_.wait(false);
  }
  void AwaitEntered() const { entered_.wait(false); }
  void Open() {
    open_ = true;
    open_.notify_all();
  }

 private:
  std::atomic<bool> entered_ = false;
  std::atomic<bool> open_ = false;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(runner_test)

BOOST_AUTO_TEST_CASE(CollectsAtOnceAndThenOncePerInterval) {
  std::atomic<int> calls = 0;
  Running running([&](const Attempt& attempt, Collection& collection) {
    ++calls;
    return AddOne(attempt, collection);
  });
  const auto view = running.Collected();
  BOOST_TEST(view->up);
  BOOST_TEST(view->snapshot->SampleCount() == 1U);
  BOOST_TEST((view->last_success == running.clock.Now()));
  running.clock.Advance(milliseconds(14999));
  BOOST_TEST(calls == 1);
  running.CollectedAfter(milliseconds(1));
  BOOST_TEST(calls == 2);
}

BOOST_AUTO_TEST_CASE(ShowsNothingAsUpBeforeTheFirstCollection) {
  Gate gate;
  Running running([&](const Attempt& attempt, Collection& collection) {
    gate.Pass();
    return AddOne(attempt, collection);
  });
  gate.AwaitEntered();
  BOOST_TEST(!running.View()->up);
  BOOST_TEST(!running.View()->last_attempt);
  gate.Open();
  BOOST_TEST(running.Collected()->up);
}

BOOST_AUTO_TEST_CASE(TheSeriesOfAFailingSourceGoWhenTheyAreStaleAndNotBefore) {
  std::atomic<bool> fails = false;
  Running running([&](const Attempt& attempt, Collection& collection) -> Status {
    if (fails) return kRefused;
    return AddOne(attempt, collection);
  });
  running.Collected();
  fails = true;
  const auto down = running.CollectedAfter(seconds(15));
  BOOST_TEST(!down->up);
  BOOST_TEST(down->error == "connection refused");
  BOOST_TEST(Errors(*down, ErrorCode::kUnavailable) == 1U);
  BOOST_TEST((down->snapshot != nullptr));
  BOOST_TEST((running.CollectedAfter(seconds(15))->snapshot != nullptr));
  running.clock.Advance(milliseconds(14999));
  BOOST_TEST((running.View()->snapshot != nullptr));
  running.clock.Advance(milliseconds(1));
  running.Await([](const InstanceView& view) { return view.snapshot == nullptr; });
}

BOOST_AUTO_TEST_CASE(RecoversWithinOneIntervalAndSaysEachChangeOnce) {
  std::atomic<bool> fails = false;
  Running running([&](const Attempt& attempt, Collection& collection) -> Status {
    if (fails) return kRefused;
    return AddOne(attempt, collection);
  });
  running.Collected();
  BOOST_TEST(running.log.Count("\"collector up\"") == 1);
  fails = true;
  for (int i = 0; i < 8; ++i) running.CollectedAfter(seconds(15));
  BOOST_TEST(running.log.Count("\"collector down\"") == 1);
  BOOST_TEST(running.log.Count("reason=connect") == 1);
  BOOST_TEST(running.log.Count("connection refused") == 1);
  fails = false;
  const auto up = running.CollectedAfter(seconds(15));
  BOOST_TEST(up->up);
  BOOST_TEST(up->error.empty());
  BOOST_TEST((up->snapshot != nullptr));
  BOOST_TEST(running.log.Count("\"collector up again\"") == 1);
  BOOST_TEST(running.log.Count("down_for=2m") == 1);
  for (int i = 0; i < 3; ++i) running.CollectedAfter(seconds(15));
  BOOST_TEST(running.log.Count("collector up") == 2);
}

BOOST_AUTO_TEST_CASE(RemindsEveryTenMinutesThatItIsDown) {
  Running running([](const Attempt&, Collection&) -> Status { return kRefused; });
  running.Collected();
  for (int i = 0; i < 84; ++i) running.CollectedAfter(seconds(15));  // 21 minutes.
  BOOST_TEST(running.log.Count("\"collector down\"") == 1);
  BOOST_TEST(running.log.Count("\"collector still down\"") == 2);
}

BOOST_AUTO_TEST_CASE(WhatIsThrownIsAFailureAndTheCollectorIsMadeAnew) {
  std::atomic<int> made = 0;
  std::atomic<int> calls = 0;
  InstanceConfig config = FakeConfig("fake", {});
  config.make = [&](const Environment&) {
    ++made;
    return std::make_unique<FakeCollector>(
        [&](const Attempt& attempt, Collection& collection) -> Status {
          ++calls;
          if (calls == 1) throw std::runtime_error("out of cheese");
          if (calls == 2) throw 42;
          return AddOne(attempt, collection);
        });
  };
  Running running(std::move(config));
  BOOST_TEST(running.Collected()->error == "threw: out of cheese");
  const auto second = running.CollectedAfter(seconds(15));
  BOOST_TEST(second->error == "threw: something that is not a std::exception");
  BOOST_TEST(Errors(*second, ErrorCode::kInvalidInput) == 2U);
  BOOST_TEST(running.CollectedAfter(seconds(15))->up);
  running.CollectedAfter(seconds(15));
  BOOST_TEST(made == 3);
}

BOOST_AUTO_TEST_CASE(AHangingCollectionIsDownAtItsDeadlineAndItsSeriesGoWhenStale) {
  Gate gate;
  std::atomic<int> calls = 0;
  Running running([&](const Attempt& attempt, Collection& collection) {
    if (++calls == 2) gate.Pass();
    return AddOne(attempt, collection);
  });
  running.Collected();
  running.clock.Advance(seconds(15));
  gate.AwaitEntered();
  running.clock.AwaitWaiters(1);
  running.clock.Advance(milliseconds(4999));
  BOOST_TEST(running.View()->up);
  running.clock.Advance(milliseconds(1));
  const auto down = running.Await([](const InstanceView& view) { return !view.up; });
  BOOST_TEST((down->error_code == ErrorCode::kTimeout));
  BOOST_TEST(down->error == "no answer within 5s");
  BOOST_TEST(Errors(*down, ErrorCode::kTimeout) == 1U);
  BOOST_TEST((down->snapshot != nullptr));
  running.clock.AwaitWaiters(1);
  running.clock.Advance(seconds(25));
  running.Await([](const InstanceView& view) { return view.snapshot == nullptr; });
  // It was due twice meanwhile, and was not started beside itself.
  BOOST_TEST(calls == 2);
  running.clock.Advance(seconds(1));
  gate.Open();
  const auto late =
      running.Await([](const InstanceView& view) { return view.last_duration == seconds(31); });
  BOOST_TEST(!late->up);  // It succeeded, but long after its deadline.
  BOOST_TEST(Errors(*late, ErrorCode::kTimeout) == 1U);
  running.clock.AwaitWaiters(1);
  BOOST_TEST(running.CollectedAfter(seconds(14))->up);
  BOOST_TEST(calls == 3);
}

BOOST_AUTO_TEST_CASE(TheCollectorIsToldToStopAtTheDeadlineAndItsWordsAreShown) {
  Running running([](const Attempt& attempt, Collection&) -> Status {
    std::atomic<bool> told = false;
    const std::stop_callback callback(attempt.stop, [&] {
      told = true;
      told.notify_all();
    });
    told.wait(false);
    return Error{ErrorCode::kTimeout, "waiting for the answer to a query"};
  });
  running.clock.AwaitWaiters(1);
  running.clock.Advance(seconds(5));
  const auto view = running.Await(
      [](const InstanceView& seen) { return seen.error == "waiting for the answer to a query"; });
  BOOST_TEST(Errors(*view, ErrorCode::kTimeout) == 1U);
}

BOOST_AUTO_TEST_CASE(AStopInterruptsACollectionAndIsNoFailure) {
  Gate entered;
  Running running([&](const Attempt& attempt, Collection&) -> Status {
    std::atomic<bool> told = false;
    const std::stop_callback callback(attempt.stop, [&] {
      told = true;
      told.notify_all();
    });
    entered.Open();
    told.wait(false);
    return kRefused;
  });
  entered.Pass();
  running.Stop();
  BOOST_TEST(!running.View()->last_attempt);
  BOOST_TEST(running.log.text().empty());
}

BOOST_AUTO_TEST_CASE(AJumpOfTheWallClockDisturbsNeitherDueTimesNorStaleness) {
  std::atomic<int> calls = 0;
  Running running([&](const Attempt& attempt, Collection& collection) -> Status {
    if (++calls > 2) return kRefused;
    return AddOne(attempt, collection);
  });
  running.Collected();
  running.clock.SetWall(running.clock.Now() + std::chrono::hours(24 * 400));
  running.clock.Advance(milliseconds(14999));
  BOOST_TEST(calls == 1);
  BOOST_TEST((running.CollectedAfter(milliseconds(1))->snapshot != nullptr));
  running.clock.SetWall(TimePoint{});
  running.CollectedAfter(seconds(15));
  running.CollectedAfter(seconds(15));
  BOOST_TEST((running.View()->snapshot != nullptr));
  BOOST_TEST(calls == 4);
}

BOOST_AUTO_TEST_CASE(PointsThatCannotBeServedAreCountedAndTheRestIsServed) {
  InstanceConfig config = FakeConfig("fake", [](const Attempt&, Collection& collection) -> Status {
    for (int i = 0; i < 5000; ++i) collection.points.Add(kLabelled, {std::to_string(i)}, i);
    collection.points.Add(kLabelled, {"7"}, 0);
    collection.points.Add(kLabelled, {"\xff"}, 0);
    collection.points.Add(kValue, {}, 1);
    return {};
  });
  config.max_series = 1000;
  Running running(std::move(config));
  const auto view = running.Collected();
  BOOST_TEST(view->up);
  BOOST_TEST(view->snapshot->SampleCount() == 1001U);
  BOOST_TEST(Dropped(*view, DropReason::kOverflow) == 4000U);
  BOOST_TEST(Dropped(*view, DropReason::kDuplicate) == 1U);
  BOOST_TEST(Dropped(*view, DropReason::kUtf8) == 1U);
  BOOST_TEST(view->snapshot->families.at(0).values.at(7) == 7);
  BOOST_TEST(running.log.Count("duplicate=1,utf8=1,overflow=4000") == 1);
  const auto next = running.CollectedAfter(seconds(15));
  BOOST_TEST(Dropped(*next, DropReason::kOverflow) == 8000U);
  BOOST_TEST(running.log.Count("points dropped") == 1);
  BOOST_TEST((next->snapshot->families.at(0).shape == view->snapshot->families.at(0).shape));
}

BOOST_AUTO_TEST_CASE(KeepsTheSourcesThatAnsweredAndIsDownWhenNoneDid) {
  std::atomic<int> calls = 0;
  Running running([&](const Attempt& attempt, Collection& collection) -> Status {
    const int call = ++calls;
    collection.sources.push_back({"runs", call < 3 ? Status() : Status(kRefused), 0.5});
    collection.sources.push_back({"events", call != 2 && call != 3 ? Status() : Status(kRefused)});
    return AddOne(attempt, collection);
  });
  BOOST_TEST(running.Collected()->sources.size() == 2U);
  const auto partial = running.CollectedAfter(seconds(15));
  BOOST_TEST(partial->up);
  BOOST_TEST(partial->sources.at(0).up);
  BOOST_TEST(partial->sources.at(0).clock_skew_seconds.value() == 0.5);
  BOOST_TEST(!partial->sources.at(1).up);
  BOOST_TEST(partial->sources.at(1).error == "connection refused");
  BOOST_TEST(Errors(*partial, ErrorCode::kUnavailable) == 1U);
  BOOST_TEST(running.log.Count("source=events") == 1);
  const auto down = running.CollectedAfter(seconds(15));
  BOOST_TEST(!down->up);
  BOOST_TEST(down->error == "runs: connection refused; events: connection refused");
  BOOST_TEST(Errors(*down, ErrorCode::kUnavailable) == 3U);
  BOOST_TEST(running.CollectedAfter(seconds(15))->up);
  BOOST_TEST(running.log.Count("has a part back") == 1);
}

BOOST_AUTO_TEST_CASE(PartsComeAndGoBesideASourceThatFails) {
  std::atomic<bool> is_target_up = false;
  std::atomic<bool> is_rule_bad = true;
  Running running([&](const Attempt& attempt, Collection& collection) {
    collection.sources.push_back({"static", {}});
    if (is_rule_bad) collection.sources.push_back({"rules", kRefused});
    collection.parts.push_back({"target", is_target_up ? Status() : Status(kRefused)});
    if (is_rule_bad) collection.parts.push_back({"unseen", kRefused});
    return AddOne(attempt, collection);
  });
  running.Collected();
  BOOST_TEST(running.log.Count("source=rules") == 1);
  BOOST_TEST(running.log.Count("part=target") == 1);
  is_target_up = true;
  running.CollectedAfter(seconds(15));
  BOOST_TEST(running.log.Count("has a part back") == 1);
  is_target_up = false;
  running.CollectedAfter(seconds(15));
  BOOST_TEST(running.log.Count("part=target") == 3);
  BOOST_TEST(running.log.Count("part=unseen") == 1);

  // The source is not named any more: it is well, and so is what it would have told.
  is_rule_bad = false;
  running.CollectedAfter(seconds(15));
  BOOST_TEST(running.log.Count("source=rules") == 2);
  BOOST_TEST(running.log.Count("part=unseen") == 2);
  BOOST_TEST(running.log.Count("part=target") == 3);
}

BOOST_AUTO_TEST_CASE(TheViewShowsWhatIsLostAndWhatWentWithIt) {
  std::atomic<bool> is_table_there = true;
  std::atomic<bool> is_page_there = true;
  Running running([&](const Attempt& attempt, Collection& collection) {
    if (is_table_there) {
      collection.points.Add(kLabelled, {"row"}, 1);
    } else {
      collection.parts.push_back({.source = "table",
                                  .status = Error{ErrorCode::kNotFound, "no such table"},
                                  .is_fault = false,
                                  .metrics = {"fake_labelled"}});
    }
    collection.sources.push_back({"rows", {}});
    collection.sources.push_back({"page", is_page_there ? Status() : Status(kRefused)});
    return AddOne(attempt, collection);
  });
  const auto whole = running.Collected();
  BOOST_TEST(whole->lost.empty());
  BOOST_TEST((*whole->seen == FamilyNames{"fake_labelled", "fake_value"}));
  is_table_there = false;
  const auto less = running.CollectedAfter(seconds(15));
  BOOST_REQUIRE_EQUAL(less->lost.size(), 1U);
  const LostPart& table = less->lost[0];
  BOOST_TEST(table.name == "table");
  BOOST_TEST(table.error == "no such table");
  BOOST_TEST(!table.is_source);
  BOOST_TEST(table.metrics == std::vector<std::string>{"fake_labelled"},
             boost::test_tools::per_element());
  BOOST_TEST((table.before == whole->snapshot));
  BOOST_TEST((table.after == less->snapshot));
  BOOST_TEST((less->seen == whole->seen));
  // What is no fault is not told, and what is lost later does not change what was lost before.
  BOOST_TEST(!IsPartlyLost(*less));
  BOOST_TEST(LastError(*less).empty());
  is_page_there = false;
  const auto least = running.CollectedAfter(seconds(15));
  BOOST_REQUIRE_EQUAL(least->lost.size(), 2U);
  BOOST_TEST(least->lost[0].is_source);
  BOOST_TEST((least->lost[0].before == less->snapshot));
  BOOST_TEST((least->lost[1].before == whole->snapshot));
  BOOST_TEST(IsPartlyLost(*least));
  BOOST_TEST(LastError(*least) == "page: connection refused");
}

BOOST_AUTO_TEST_CASE(WhatWasLostWhileTheCollectorWasDownWentWithThePart) {
  std::atomic<int> calls = 0;
  Running running([&](const Attempt& attempt, Collection& collection) -> Status {
    const int call = ++calls;
    if (call > 1 && call < 5) return kRefused;
    if (call == 5) collection.parts.push_back({"table", kRefused});
    return AddOne(attempt, collection);
  });
  const auto first = running.Collected()->snapshot;
  for (int i = 0; i < 3; ++i) running.CollectedAfter(seconds(15));
  BOOST_TEST((running.View()->snapshot == nullptr));
  const auto up = running.CollectedAfter(seconds(15));
  BOOST_REQUIRE_EQUAL(up->lost.size(), 1U);
  BOOST_TEST((up->lost[0].before == first));
}

BOOST_AUTO_TEST_CASE(AMissingPartCountsOnceUntilItIsBack) {
  std::atomic<bool> missing = true;
  Running running([&](const Attempt& attempt, Collection& collection) {
    if (missing) {
      collection.parts.push_back({"instigators", Error{ErrorCode::kNotFound, "no such table"}});
    }
    return AddOne(attempt, collection);
  });
  running.Collected();
  const auto again = running.CollectedAfter(seconds(15));
  BOOST_TEST(again->up);
  BOOST_TEST(Errors(*again, ErrorCode::kNotFound) == 1U);
  BOOST_TEST(running.log.Count("lost a part") == 1);
  missing = false;
  BOOST_TEST(running.CollectedAfter(seconds(15))->lost.empty());
  BOOST_TEST(running.log.Count("has a part back") == 1);
  missing = true;
  BOOST_TEST(Errors(*running.CollectedAfter(seconds(15)), ErrorCode::kNotFound) == 2U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors

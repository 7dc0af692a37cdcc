#include "exporter/scheduler.h"

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <mutex>

#include <boost/test/unit_test.hpp>

#include "tests/support/fake_clock.h"
#include "tests/support/fake_collector.h"
#include "tests/support/recorded_log.h"

namespace tocsin {
namespace {

using collectors::Attempt;
using collectors::CollectFunction;
using collectors::Collection;
using collectors::FakeConfig;
using collectors::InstanceConfig;
using collectors::InstanceView;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr MetricDesc kValue{"fake_value", MetricType::kGauge, "A value."};

std::shared_ptr<const InstanceConfig> Config(const std::string& name, CollectFunction collect,
                                             const std::string& fingerprint = "") {
  InstanceConfig config = FakeConfig(name, std::move(collect));
  config.fingerprint = fingerprint;
  return std::make_shared<const InstanceConfig>(std::move(config));
}

Status AddOne(const Attempt&, Collection& collection) {
  collection.points.Add(kValue, {}, 1);
  return {};
}

/// A scheduler on a clock that the test moves, with a short patience.
class Fixture {
 public:
  /// Waits until the views are as wanted.
  template <class Wanted>
  InstanceViews Await(Wanted wanted) {
    std::unique_lock lock(mutex_);
    BOOST_REQUIRE(changed_.wait_for(lock, seconds(20), [&] { return wanted(scheduler.Views()); }));
    return scheduler.Views();
  }

  /// Waits for what hung until now: what it uses may be gone before the fixture.
  void StopAll() {
    while (!scheduler.Stop()) {
    }
  }

  /// How many views have been shown.
  int shown() {
    const std::lock_guard lock(mutex_);
    return shown_;
  }

  void AwaitAllAttempted() {
    Await([&](const InstanceViews&) { return scheduler.AllAttempted(); });
  }

  FakeClock clock;
  RecordedLog log;

 private:
  void Wake(const InstanceView&) {
    const std::lock_guard lock(mutex_);
    ++shown_;
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  int shown_ = 0;

 public:
  Scheduler scheduler{clock,
                      log.log(),
                      [this](const InstanceView& view) { Wake(view); },
                      {milliseconds(50), milliseconds(50)}};
};

/// A collector that hangs whatever it is told, until released.
class Hang {
 public:
  CollectFunction Collector() {
    return [this](const Attempt&, Collection&) -> Status {
      entered_ = true;
      entered_.notify_all();
      released_.wait(false);
      return {};
    };
  }
  void AwaitEntered() const { entered_.wait(false); }
  void Release() {
    released_ = true;
    released_.notify_all();
  }

 private:
  std::atomic<bool> entered_ = false;
  std::atomic<bool> released_ = false;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(scheduler_test)

BOOST_FIXTURE_TEST_CASE(RunsEachAndShowsThemInTheOrderOfTheConfiguration, Fixture) {
  BOOST_TEST(scheduler.AllAttempted());
  const std::uint64_t before = scheduler.generation();
  scheduler.Replace({Config("b", AddOne), Config("a", AddOne)}, {});
  BOOST_TEST(scheduler.generation() != before);
  AwaitAllAttempted();
  const InstanceViews views = scheduler.Views();
  BOOST_REQUIRE(views.size() == 2U);
  BOOST_TEST(views[0]->config->name == "b");
  BOOST_TEST(views[1]->config->name == "a");
  BOOST_TEST(views[1]->up);
}

BOOST_FIXTURE_TEST_CASE(ShowsEachBeforeItsFirstCollection, Fixture) {
  Hang hang;
  scheduler.Replace({Config("a", hang.Collector())}, {});
  // The clock stands still, so nothing but the replacement itself can have shown it.
  BOOST_TEST(shown() == 1);
  scheduler.Replace({Config("a", hang.Collector(), "changed")}, {});
  BOOST_TEST(shown() == 2);
  BOOST_TEST(!scheduler.Views()[0]->last_attempt.has_value());
  hang.Release();
  StopAll();
}

BOOST_FIXTURE_TEST_CASE(TheGenerationChangesWithEveryView, Fixture) {
  scheduler.Replace({Config("a", AddOne)}, {});
  AwaitAllAttempted();
  clock.AwaitWaiters(1);
  const std::uint64_t before = scheduler.generation();
  clock.Advance(seconds(15));
  Await([&](const InstanceViews& views) { return views[0]->last_attempt == clock.Now(); });
  BOOST_TEST(scheduler.generation() == before + 1);
}

BOOST_FIXTURE_TEST_CASE(AHangingCollectorLeavesTheOthersAlone, Fixture) {
  Hang hang;
  scheduler.Replace({Config("hangs", hang.Collector()), Config("works", AddOne)}, {});
  hang.AwaitEntered();
  Await([](const InstanceViews& views) { return views[1]->up; });
  BOOST_TEST(!scheduler.AllAttempted());
  clock.AwaitWaiters(2);
  clock.Advance(seconds(5));
  AwaitAllAttempted();
  BOOST_TEST(scheduler.Views()[0]->error == "no answer within 5s");
  clock.AwaitWaiters(1);
  clock.Advance(seconds(10));
  Await([&](const InstanceViews& views) { return views[1]->last_attempt == clock.Now(); });
  hang.Release();
  StopAll();
}

BOOST_FIXTURE_TEST_CASE(AReloadLeavesWhatIsUnchangedUndisturbed, Fixture) {
  std::atomic<int> kept = 0;
  const CollectFunction count = [&](const Attempt& attempt, Collection& collection) {
    ++kept;
    return AddOne(attempt, collection);
  };
  scheduler.Replace({Config("kept", count), Config("changed", AddOne, "1"), Config("gone", AddOne)},
                    {});
  AwaitAllAttempted();
  const auto before = scheduler.Views();
  clock.AwaitWaiters(3);
  clock.Advance(seconds(7));
  scheduler.Replace({Config("new", AddOne), Config("changed", AddOne, "2"), Config("kept", count)},
                    {});
  AwaitAllAttempted();
  const auto after = scheduler.Views();
  BOOST_REQUIRE(after.size() == 3U);
  BOOST_TEST(after[0]->config->name == "new");
  BOOST_TEST((after[1]->last_attempt == clock.Now()));
  BOOST_TEST((after[2] == before[0]));
  BOOST_TEST(kept == 1);
  clock.AwaitWaiters(3);
  clock.Advance(seconds(8));  // When the kept one is due by its own grid.
  Await([&](const InstanceViews& views) { return views[2]->last_attempt == clock.Now(); });
  BOOST_TEST(kept == 2);
  StopAll();
}

BOOST_FIXTURE_TEST_CASE(AHangingCollectorHoldsUpNeitherAReloadNorTheEnd, Fixture) {
  Hang hang;
  scheduler.Replace({Config("hangs", hang.Collector(), "1")}, {});
  hang.AwaitEntered();
  scheduler.Replace({Config("hangs", AddOne, "2")}, {});
  BOOST_TEST(log.Count("hangs and is left behind") == 1);
  AwaitAllAttempted();
  BOOST_TEST(scheduler.Views()[0]->up);
  BOOST_TEST(!scheduler.Stop());
  BOOST_TEST(scheduler.Views().empty());
  hang.Release();
  StopAll();
  BOOST_TEST(log.Count("left behind") == 1);
}

BOOST_FIXTURE_TEST_CASE(NothingIsPublishedOfAnInstanceThatWasStopped, Fixture) {
  Hang hang;
  std::atomic<int> published = 0;
  Scheduler other(clock, log.log(), [&](const InstanceView&) { ++published; },
                  {milliseconds(1), milliseconds(1)});
  other.Replace({Config("hangs", hang.Collector())}, {});
  hang.AwaitEntered();
  other.Replace({}, {});
  const int before = published;
  clock.Advance(seconds(100));
  hang.Release();
  while (!other.Stop()) {
  }
  BOOST_TEST(published == before);
}

BOOST_FIXTURE_TEST_CASE(EachInstanceHasAStateFileOfItsOwn, Fixture) {
  std::filesystem::path state_file = "unset";
  InstanceConfig config = FakeConfig("a/b", AddOne);
  const auto make = config.make;
  config.make = [&](const collectors::Environment& environment) {
    state_file = environment.state_file;
    return make(environment);
  };
  scheduler.Replace({std::make_shared<const InstanceConfig>(config)}, "storage");
  AwaitAllAttempted();
  BOOST_TEST(state_file == "storage/collectors/a%2Fb.json");
  scheduler.Replace({std::make_shared<const InstanceConfig>(config)}, {});
  AwaitAllAttempted();
  BOOST_TEST(state_file.empty());
}

BOOST_AUTO_TEST_CASE(StateFileNamesCannotLeaveTheirFolder) {
  const struct {
    const char* name;
    const char* file;
  } rows[] = {
      {"dagster", "dagster.json"},
      {"..", "%2E%2E.json"},
      {"../../etc/x", "%2E%2E%2F%2E%2E%2Fetc%2Fx.json"},
      {"a b", "a%20b.json"},
      {"a%20b", "a%2520b.json"},
      {"\xc3\xa9", "%C3%A9.json"},
  };
  for (const auto& row : rows) {
    BOOST_TEST_CONTEXT(row.name) {
      BOOST_TEST(StateFile("s", row.name) == std::filesystem::path("s/collectors") / row.file);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin

#include "rules/alert_store.h"

#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <fstream>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "base/sqlite.h"
#include "rules/alert_json.h"
#include "tests/support/alert_store_fixture.h"
#include "tests/support/await.h"

namespace tocsin {
namespace {

namespace fs = std::filesystem;
using std::chrono::hours;
using std::chrono::seconds;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(alert_store_test, AlertStoreFixture)

BOOST_AUTO_TEST_CASE(EveryPartOfAnAlertComesBack) {
  ActiveAlert plain = Pending("a");
  ActiveAlert full = Firing("\"q\" \\ \n\t\x01 \xc3\xa9");
  full.keep_firing_since = kNow + 1;
  full.resolved_at = kNow + 2;
  full.reason = AlertReason::kMissing;
  full.missing = std::numeric_limits<std::uint32_t>::max();
  full.annotations = {{"summary", std::string("a\0b\xff", 4)}, {"url", "http://x/?a=1&b={}"}};
  ActiveAlert early = Firing("early");
  early.active_at = -5;
  early.fired_at = -3;
  early.last_sent_at = 0;
  early.valid_until = std::numeric_limits<Millis>::min();
  std::vector<ActiveAlert> alerts = {plain, full, early};
  for (const double value : {0.0, -1.5, 1e300, 5e-324, HUGE_VAL, -HUGE_VAL, std::nan("")}) {
    alerts.push_back(Firing("value " + std::to_string(alerts.size())));
    alerts.back().value = value;
  }
  Open()->Put(kRule, At(kNow), alerts, {});

  std::optional<AlertStore::Kept> kept = Open()->Take(kRule);
  BOOST_REQUIRE(kept);
  BOOST_TEST((kept->as_of == At(kNow)));
  BOOST_TEST(kept->alerts.size() == alerts.size());
  for (const ActiveAlert& alert : alerts) {
    BOOST_TEST_CONTEXT(alert.labels.ToString()) {
      BOOST_TEST(std::any_of(kept->alerts.begin(), kept->alerts.end(),
                             [&](const ActiveAlert& other) { return IsSame(alert, other); }));
    }
  }
}

BOOST_AUTO_TEST_CASE(AlertsAreTakenOnceAndTheRestIsOfRulesThatAreGone) {
  const RuleKey gone{"a.yaml", "group", "Gone", R"({"severity":"page"})"};
  const RuleKey quiet{"a.yaml", "group", "Quiet", "{}"};
  const RuleKey unknown{"a.yaml", "other", "Down", "{}"};
  {
    const auto store = Open();
    store->Put(kRule, At(kNow), {Firing("a")}, {});
    store->Put(gone, At(kNow), {Firing("b")}, {});
  }
  const auto store = Open();
  BOOST_TEST(TakeAlerts(*store).size() == 1U);
  BOOST_TEST(TakeAlerts(*store).empty());
  BOOST_TEST(store->Take(quiet).has_value());  // The group was evaluated, so there were none.
  BOOST_TEST(!store->Take(unknown).has_value());
  const auto rest = store->TakeRest();
  BOOST_REQUIRE(rest.size() == 1U);
  BOOST_TEST((rest[0].first == gone));
  BOOST_TEST((rest[0].second.as_of == At(kNow)));
  BOOST_TEST(store->TakeRest().empty());
}

BOOST_AUTO_TEST_CASE(WhatIsWrittenSurvivesAKill) {
  const std::vector<std::vector<ActiveAlert>> life = {
      {Pending("a")}, {Firing("a")}, {Firing("a"), Pending("b")}, {Firing("b")}, {}};
  const auto store = Open();
  for (const std::vector<ActiveAlert>& alerts : life) {
    store->Put(kRule, At(kNow), alerts, {});
    store->Flush();
    const TemporaryFolder copy;
    const std::vector<ActiveAlert> kept = TakeAlerts(*OpenAt(AfterKill(copy)));
    BOOST_REQUIRE(kept.size() == alerts.size());
    for (std::size_t i = 0; i < kept.size(); ++i) BOOST_TEST(IsSame(kept[i], alerts[i]));
  }
}

BOOST_AUTO_TEST_CASE(ForgottenRulesAreGone) {
  {
    const auto store = Open();
    store->Put(kRule, At(kNow), {Firing("a")}, {});
    store->Forget(kRule);
  }
  BOOST_TEST(Open()->TakeRest().empty());
}

BOOST_AUTO_TEST_CASE(NothingIsWrittenWhenNothingChanges) {
  const auto store = Open();
  store->Touch("a.yaml", "group", At(kNow));
  store->Flush();
  const std::uint64_t before = store->stats().writes;
  BOOST_TEST(before == 1U);  // That the group is known.
  for (int i = 0; i < 10; ++i) {
    store->Touch("a.yaml", "group", At(kNow + i));
    store->Flush();
  }
  BOOST_TEST(store->stats().writes == before);
}

BOOST_AUTO_TEST_CASE(EvaluationsOfGroupsWithAlertsAreWrittenOnceASecond) {
  const auto store = Open();
  store->Put(kRule, At(kNow), {Firing("a")}, {});
  store->Flush();
  store->Touch("a.yaml", "group", At(kNow + 5000));
  BOOST_TEST(store->stats().writes == 1U);
  clock.AwaitWaiters(1);
  clock.Advance(seconds(1));
  BOOST_TEST(AwaitThat([&] { return store->stats().writes == 2U; }));
  const TemporaryFolder copy;
  BOOST_TEST((OpenAt(AfterKill(copy))->Take(kRule)->as_of == At(kNow + 5000)));
}

BOOST_AUTO_TEST_CASE(AStopDoesNotWaitLongForSomebodyWhoHasTheFileLocked) {
  auto store = Open();
  Result<SqliteDatabase> other = SqliteDatabase::Open(file(), SqliteDatabase::Mode::kReadWrite);
  BOOST_TEST_REQUIRE(static_cast<bool>(other));
  BOOST_TEST_REQUIRE(static_cast<bool>(other->Execute("BEGIN IMMEDIATE")));
  store->Put(kRule, At(kNow), {Firing("a")}, {});
  store->FlushFor(std::chrono::milliseconds(50));
  store.reset();  // Would take until the other is done, which it never is.
  BOOST_TEST_REQUIRE(static_cast<bool>(other->Execute("ROLLBACK")));
  BOOST_TEST(Open()->TakeRest().empty());
}

BOOST_AUTO_TEST_CASE(EventsAreGivenNewestFirstAndInPages) {
  std::vector<AlertEvent> events;
  for (int i = 0; i < 10; ++i) {
    events.push_back(
        EventOf(Firing(i % 2 == 0 ? "even" : "odd"), AlertEvent::Kind::kFiring, kNow + i * 1000));
  }
  events[9].source = std::make_shared<const EventSource>(EventSource{"a.yaml", "group", "Other"});
  events[9].alert.labels = Labels{{"alertname", "Other"}};
  const auto store = Open();
  store->Put(kRule, At(kNow), {Firing("a")}, {events.begin(), events.begin() + 6});
  store->Flush();
  store->Record({events.begin() + 6, events.end()});

  const auto is_odd = [](const Labels& labels) { return labels.Get("instance") == "odd"; };
  struct Row {
    const char* name;
    AlertStore::EventQuery query;
    std::vector<std::int64_t> ids;
  };
  const Row rows[] = {
      {"all", {}, {10, 9, 8, 7, 6, 5, 4, 3, 2, 1}},
      {"page", {.limit = 3}, {10, 9, 8}},
      {"next page", {.limit = 4, .before = 8}, {7, 6, 5, 4}},
      {"none", {.limit = 0}, {}},
      {"before all", {.before = 1}, {}},
      {"from", {.start = kNow + 7000}, {10, 9, 8}},
      {"to", {.end = kNow + 1000}, {2, 1}},
      {"between", {.start = kNow + 4000, .end = kNow + 7000}, {8, 7, 6, 5}},
      {"label", {.matchers = {Equal("instance", "odd")}}, {8, 6, 4, 2}},
      {"label, page", {.matchers = {Equal("instance", "odd")}, .limit = 2, .before = 8}, {6, 4}},
      {"alertname", {.matchers = {Equal("alertname", "Other")}}, {10}},
      {"alertname and times",
       {.start = kNow + 1000, .end = kNow + 2000, .matchers = {Equal("alertname", "Down")}},
       {3, 2}},
      {"chosen", {.matchers = {Equal("alertname", "Down")}, .wanted = is_odd, .limit = 2}, {8, 6}},
      {"no such", {.matchers = {Equal("alertname", "Nothing")}}, {}},
  };
  // Those that are not yet written, or are just being written, too.
  for (const char* const when : {"at once", "written"}) {
    for (const Row& row : rows) {
      BOOST_TEST_CONTEXT(when << ": " << row.name) {
        BOOST_TEST(Ids(*store, row.query) == row.ids, boost::test_tools::per_element());
      }
    }
    store->Flush();
  }
  const auto all = store->Events({});
  BOOST_TEST(((*all)[0].event.kind == AlertEvent::Kind::kFiring));
  BOOST_TEST((*all)[0].event.at == kNow + 9000);
  BOOST_TEST((*all)[0].event.source->rule == "Other");
  BOOST_TEST((*all)[1].event.source->group == "group");
  BOOST_TEST((*all)[1].event.source->group_file == "a.yaml");
  BOOST_TEST(IsSame((*all)[1].event.alert, events[8].alert));
}

BOOST_AUTO_TEST_CASE(EventIdsGoOnAfterARestart) {
  const AlertEvent event = EventOf(Firing("a"), AlertEvent::Kind::kFiring, kNow);
  Open()->Record({event});
  const auto store = Open();
  store->Record({event});
  BOOST_TEST(Ids(*store, {}) == (std::vector<std::int64_t>{2, 1}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(OldEventsAreDropped) {
  settings.event_retention = hours(1);
  std::vector<AlertEvent> events;
  for (int i = 0; i < 4; ++i) {
    events.push_back(EventOf(Firing("a"), AlertEvent::Kind::kFiring, kNow - i * 1'000'000));
  }
  const auto store = Open();
  store->Record({events[3]});
  store->Record(events);
  store->Flush();
  clock.Advance(std::chrono::minutes(40));  // The one at kNow - 3'000 s is too old now.
  store->Record({events[0]});
  store->Flush();
  BOOST_TEST(AwaitThat([&] { return Ids(*store, {}).size() == 3U; }));
}

BOOST_AUTO_TEST_CASE(TooManyEventsAreDroppedOldestFirst) {
  settings.max_events = 5;
  const AlertEvent event = EventOf(Firing("a"), AlertEvent::Kind::kFiring, kNow);
  {
    const auto store = Open();
    for (int i = 0; i < 17; ++i) store->Record({event});
    store->Record({event, event, event});  // Are kept together, and so are dropped together.
  }
  const auto store = Open();
  store->Record({event});
  store->Record({event, event});
  store->Flush();
  const std::vector<std::int64_t> newest = {23, 22, 21, 20, 19, 18};
  BOOST_TEST(AwaitThat([&] { return Ids(*store, {}) == newest; }));
}

BOOST_AUTO_TEST_CASE(ASecondStoreOfTheSameFileIsRefused) {
  const auto store = Open();
  const Error error = Refusal();
  BOOST_TEST((error.code == ErrorCode::kUnavailable));
  BOOST_TEST(error.message.find("another process") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(AFolderThatIsMissingIsSaid) {
  settings = {};
  const auto store =
      AlertStore::Open(folder.path() / "no" / "alerts.db", settings, clock, log.log());
  BOOST_REQUIRE(!store);
  BOOST_TEST((store.error().code == ErrorCode::kUnavailable));
  BOOST_TEST(store.error().message.find("alerts.db") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(NewerAndForeignFilesAreRefusedAndLeftAlone) {
  Open()->Put(kRule, At(kNow), {Firing("a")}, {});
  Run("PRAGMA user_version = 99");
  const Error newer = Refusal();
  BOOST_TEST((newer.code == ErrorCode::kInvalidInput));
  BOOST_TEST(newer.message.find("version 99") != std::string::npos);
  BOOST_TEST(newer.message.find("alerts.db") != std::string::npos);
  Run("PRAGMA user_version = 2; PRAGMA application_id = 7");
  const Error foreign = Refusal();
  BOOST_TEST((foreign.code == ErrorCode::kInvalidInput));
  BOOST_TEST(foreign.message.find("another program") != std::string::npos);
  Run("PRAGMA application_id = " + std::to_string(0x7463736e));
  BOOST_TEST(TakeAlerts(*Open()).size() == 1U);
}

BOOST_AUTO_TEST_CASE(DamagedFilesArePutAside) {
  struct Row {
    const char* name;
    std::function<void(const fs::path&)> damage;
  };
  const Row rows[] = {
      {"no database", [](const fs::path& path) { std::ofstream(path) << "hello, this is text"; }},
      {"bytes in the middle",
       [](const fs::path& path) {
         std::fstream out(path, std::ios::in | std::ios::out | std::ios::binary);
         out.seekp(4096);
         out << std::string(fs::file_size(path) - 4096, '\xff');
       }},
      {"cut off", [](const fs::path& path) { fs::resize_file(path, 6000); }},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.name) {
      Open()->Put(kRule, At(kNow), {Firing("a")}, {});
      row.damage(file());
      const int logged = log.Count("put aside");
      const auto store = Open();
      BOOST_TEST(log.Count("put aside") == logged + 1);
      BOOST_TEST(fs::exists(file().string() + ".damaged"));
      BOOST_TEST(store->TakeRest().empty());
      store->Put(kRule, At(kNow), {Firing("b")}, {});
      store->Flush();
      BOOST_TEST(store->stats().errors == 0U);
    }
    fs::remove(file());
  }
}

BOOST_AUTO_TEST_CASE(AnEmptyFileIsBegun) {
  std::ofstream(file()).flush();
  Open()->Put(kRule, At(kNow), {Firing("a")}, {});
  BOOST_TEST(TakeAlerts(*Open()).size() == 1U);
}

BOOST_AUTO_TEST_CASE(ATornLogLosesOnlyItsTornEnd) {
  const auto store = Open();
  store->Put(kRule, At(kNow), {Firing("a")}, {});
  store->Flush();
  const auto complete = fs::file_size(file().string() + "-wal");
  store->Put(kRule, At(kNow), {Firing("a"), Firing("b")}, {});
  store->Flush();
  const auto whole = fs::file_size(file().string() + "-wal");
  for (auto size = complete; size < whole; size += 1000) {
    const TemporaryFolder copy;
    const fs::path torn = AfterKill(copy);
    fs::resize_file(torn.string() + "-wal", size);
    BOOST_TEST(TakeAlerts(*OpenAt(torn)).size() == 1U);
  }
}

BOOST_AUTO_TEST_CASE(DamageFoundWhileWritingCostsOnlyTheHistory) {
  const AlertEvent event = EventOf(Firing("a"), AlertEvent::Kind::kFiring, kNow);
  Open()->Put(kRule, At(kNow), {Firing("a")}, {});
  std::int64_t page = 0;
  {
    auto database = SqliteDatabase::Open(file(), SqliteDatabase::Mode::kReadWrite);
    page =
        *ReadInteger(*database, "SELECT rootpage FROM sqlite_schema WHERE name = 'event_batches'");
  }
  const auto store = Open();
  {
    std::fstream out(file(), std::ios::in | std::ios::out | std::ios::binary);
    out.seekp((page - 1) * 4096);
    out << std::string(4096, '\xff');
  }
  const RuleKey other{"b.yaml", "group", "Down", "{}"};
  store->Put(other, At(kNow), {Firing("b")}, {event});
  store->Flush();
  BOOST_TEST(log.Count("put aside") == 1);
  BOOST_TEST(!store->stats().is_failing);
  BOOST_TEST(Ids(*store, {}).size() == 1U);
  const TemporaryFolder copy;
  const auto again = OpenAt(AfterKill(copy));
  BOOST_TEST(TakeAlerts(*again).size() == 1U);
  BOOST_TEST(TakeAlerts(*again, other).size() == 1U);
}

BOOST_AUTO_TEST_CASE(AFullDiskIsWaitedFor) {
  // What lies beyond the limit is refused, as on a full disk, but by a signal, too.
  const auto previous = std::signal(SIGXFSZ, SIG_IGN);
  rlimit unlimited = {};
  getrlimit(RLIMIT_FSIZE, &unlimited);
  const AlertEvent event = EventOf(Firing("a"), AlertEvent::Kind::kFiring, kNow);
  settings.max_queued_events = 3;
  const auto store = Open();
  store->Put(kRule, At(kNow), {Pending("a")}, {});
  store->Flush();

  const rlimit full = {fs::file_size(file().string() + "-wal"), unlimited.rlim_max};
  setrlimit(RLIMIT_FSIZE, &full);
  for (int i = 0; i < 5; ++i) {
    store->Put(kRule, At(kNow + i), {Firing("a")}, {event});
    store->Flush();
  }
  setrlimit(RLIMIT_FSIZE, &unlimited);
  std::signal(SIGXFSZ, previous);
  BOOST_TEST(store->stats().is_failing);
  BOOST_TEST(store->stats().errors == 5U);
  BOOST_TEST(store->stats().lost_events == 2U);
  BOOST_TEST(log.Count("cannot be kept") == 1);
  BOOST_TEST(Ids(*store, {}).size() == 3U);  // Known all the same.

  clock.AwaitWaiters(1);
  clock.Advance(settings.retry);
  BOOST_TEST(AwaitThat([&] { return !store->stats().is_failing; }));
  BOOST_TEST(log.Count("kept again") == 1);
  const TemporaryFolder copy;
  const auto kept = OpenAt(AfterKill(copy))->Take(kRule);
  BOOST_REQUIRE(kept);
  BOOST_TEST((kept->as_of == At(kNow + 4)));
  BOOST_REQUIRE(kept->alerts.size() == 1U);
  BOOST_TEST((kept->alerts[0].state == AlertState::kFiring));
}

BOOST_AUTO_TEST_CASE(ManyThreadsMayUseIt) {
  constexpr int kThreads = 4;
  constexpr int kPuts = 50;
  const auto store = Open();
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&, thread] {
        const RuleKey key{"a.yaml", std::to_string(thread), "Down", "{}"};
        for (int i = 0; i < kPuts; ++i) {
          const ActiveAlert alert = Firing(std::to_string(i));
          const AlertEvent event = EventOf(alert, AlertEvent::Kind::kFiring, kNow + i);
          store->Put(key, At(kNow + i), {alert}, {event});
          store->Touch(key.group_file, key.group, At(kNow + i));
          if (i % 10 == 0) {
            store->Flush();
            static_cast<void>(store->Events({.limit = 5}));
          }
        }
      });
    }
  }
  store->Flush();
  const std::vector<std::int64_t> ids = Ids(*store, {});
  BOOST_TEST(ids.size() == static_cast<std::size_t>(kThreads * kPuts));
  BOOST_TEST(store->stats().events == ids.size());
  const TemporaryFolder copy;
  BOOST_TEST(OpenAt(AfterKill(copy))->TakeRest().size() == static_cast<std::size_t>(kThreads));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin

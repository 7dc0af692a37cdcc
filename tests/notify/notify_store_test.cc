#include "notify/notify_store.h"

#include <sys/resource.h>

#include <csignal>
#include <fstream>
#include <functional>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "base/sqlite.h"
#include "notify/notify_schema.h"
#include "tests/support/await.h"
#include "tests/support/fake_clock.h"
#include "tests/support/recorded_log.h"
#include "tests/support/temporary_folder.h"

namespace tocsin::notify {
namespace {

namespace fs = std::filesystem;
using std::chrono::hours;
using std::chrono::seconds;
using State = HistoryRecord::State;

constexpr TimePoint kNow{seconds(1'700'000'000)};
const Destination kSlack{"team", "slack[0]"};
const Destination kMail{"team", "email[0]"};

Notification Told(const std::string& name) {
  Notification told;
  told.event_id = "event of " + name;
  told.group_key = name;
  told.decided_at = kNow;
  NotifiedAlert alert;
  alert.labels = Labels{{"alertname", name}};
  alert.fingerprint = 0xffffffff00000001;
  told.alerts.push_back(alert);
  return told;
}

PendingDelivery Pending(std::int64_t id, const std::string& key) {
  PendingDelivery pending;
  pending.id = id;
  pending.delivery.key = key;
  pending.delivery.notification = Told(key);
  pending.created_at = kNow;
  return pending;
}

Silence SilenceOf(const std::string& id) {
  Silence silence;
  silence.id = id;
  silence.matchers = {*LabelMatcher::Make("a", LabelMatcher::Kind::kEqual, "\"b\""),
                      *LabelMatcher::Make("c", LabelMatcher::Kind::kNotRegexp, "d.*")};
  silence.starts_at = kNow;
  silence.ends_at = kNow + hours(1);
  silence.updated_at = kNow + seconds(1);
  silence.created_by = "ann";
  silence.comment = "new disk";
  return silence;
}

HistoryRecord Record(const std::string& receiver, State state, std::int64_t at_seconds,
                     std::vector<std::uint64_t> alerts = {1}) {
  HistoryRecord record;
  record.at = kNow + seconds(at_seconds);
  record.destination = {receiver, "slack[0]"};
  record.event_id = "event " + std::to_string(at_seconds);
  record.group_key = "group";
  record.key = "key";
  record.reason = NotifyReason::kRepeat;
  record.firing = true;
  record.state = state;
  record.answer = "status 200";
  record.attempt = 2;
  record.alerts = std::move(alerts);
  return record;
}

/// A folder with a file, and what a store needs.
struct Fixture {
  TemporaryFolder folder;
  FakeClock clock{kNow};
  RecordedLog log;
  NotifyStore::Settings settings{.patience = std::chrono::minutes(10)};

  fs::path file() const { return folder.path() / "notify.db"; }

  std::unique_ptr<NotifyStore> Open() { return OpenAt(file()); }
  std::unique_ptr<NotifyStore> OpenAt(const fs::path& path) {
    auto store = NotifyStore::Open(path, settings, clock, log.log());
    BOOST_REQUIRE_MESSAGE(store, (store ? "" : store.error().message));
    return std::move(*store);
  }
  Error Refusal() {
    const auto store = NotifyStore::Open(file(), settings, clock, log.log());
    BOOST_REQUIRE(!store);
    return store.error();
  }

  void Flush(NotifyStore& store) const {
    store.Flush(clock.SteadyNow() + std::chrono::minutes(10));
  }

  /// What would be there after a kill -9 now.
  NotifyStore::Kept AfterKill() {
    const TemporaryFolder copy;
    for (const char* const suffix : {"", "-wal"}) {
      const fs::path from = file().string() + suffix;
      if (fs::exists(from)) fs::copy_file(from, copy.path() / from.filename());
    }
    return OpenAt(copy.path() / "notify.db")->TakeKept();
  }

  void Run(const std::string& script) const {
    auto database = SqliteDatabase::Open(file(), SqliteDatabase::Mode::kReadWrite);
    BOOST_REQUIRE(database);
    const Status done = database->Execute(script);
    BOOST_REQUIRE_MESSAGE(done, (done ? "" : done.error().message));
  }
};

void CommitDeliveries(NotifyStore& store, const std::vector<PendingDelivery>& pending,
                      std::vector<std::int64_t> superseded = {}) {
  NotifyStore::Decided decided;
  for (const PendingDelivery& one : pending) decided.outbox.emplace_back(kSlack, &one);
  decided.superseded = std::move(superseded);
  store.Commit(decided);
}

NotifyStore::Settled Done(std::int64_t id, const std::string& key) {
  return {.id = id,
          .attempts = 1,
          .destination = kSlack,
          .key = key,
          .record = Record("team", State::kDelivered, id)};
}

std::vector<std::int64_t> Ids(const NotifyStore::Kept& kept) {
  std::vector<std::int64_t> ids;
  for (const auto& [destination, pending] : kept.outbox) ids.push_back(pending.id);
  return ids;
}

std::vector<std::int64_t> Ids(const NotifyStore& store, const NotifyStore::HistoryQuery& query) {
  const auto records = store.History(query);
  BOOST_REQUIRE(records);
  std::vector<std::int64_t> ids;
  for (const HistoryRecord& record : *records) ids.push_back(record.id);
  return ids;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(notify_store_test, Fixture)

BOOST_AUTO_TEST_CASE(WhatWasCommittedSurvivesAKill) {
  const auto store = Open();
  const PendingDelivery pending = Pending(store->NextId(), "group a");
  const Notification last = Told("group a");
  NotifyStore::Decided decided;
  decided.log.push_back(
      {{"group a", kSlack}, {kNow, {1, 0xfedcba9876543210}, {}}, &last, kNow + hours(4)});
  decided.outbox.emplace_back(kSlack, &pending);
  store->Commit(decided);

  const NotifyStore::Kept kept = AfterKill();
  BOOST_REQUIRE(kept.outbox.size() == 1U);
  BOOST_TEST((kept.outbox[0].first == kSlack));
  const PendingDelivery& again = kept.outbox[0].second;
  BOOST_TEST(again.id == pending.id);
  BOOST_TEST(again.delivery.key == "group a");
  BOOST_TEST((again.created_at == kNow));
  BOOST_TEST(again.delivery.notification.event_id == "event of group a");
  BOOST_REQUIRE(kept.log.size() == 1U);
  const auto& [key, told] = *kept.log.begin();
  BOOST_TEST((key == NotifyStore::LogKey{"group a", kSlack}));
  BOOST_TEST((told.entry == decided.log[0].entry));
  BOOST_TEST(ToJson(told.last) == ToJson(last));
}

BOOST_AUTO_TEST_CASE(WhatIsSettledIsNotKept) {
  const auto store = Open();
  CommitDeliveries(*store, {Pending(1, "a"), Pending(2, "b"), Pending(3, "c")});
  store->Settle(Done(1, "a"));
  NotifyStore::Settled retried = Done(2, "b");
  retried.done = false;
  retried.attempts = 7;
  retried.memory = "{\"ts\":1}";
  store->Settle(retried);
  Flush(*store);
  const NotifyStore::Kept kept = AfterKill();
  BOOST_TEST(Ids(kept) == (std::vector<std::int64_t>{2, 3}), boost::test_tools::per_element());
  BOOST_TEST(kept.outbox[0].second.attempts == 7);
  BOOST_REQUIRE(kept.memories.size() == 1U);
  BOOST_TEST((kept.memories.begin()->first == std::pair(kSlack, std::string("b"))));
  BOOST_TEST(kept.memories.begin()->second == "{\"ts\":1}");
  store->Settle(Done(2, "b"));  // Remembers nothing any more.
  Flush(*store);
  BOOST_TEST(AfterKill().memories.empty());
}

BOOST_AUTO_TEST_CASE(ADeliveryAndWhatItSupersedesAreOneTransaction) {
  const auto store = Open();
  CommitDeliveries(*store, {Pending(1, "a")});
  const std::uint64_t before = store->stats().writes;
  CommitDeliveries(*store, {Pending(2, "a")}, {1});
  BOOST_TEST(store->stats().writes == before + 1);
  BOOST_TEST(Ids(AfterKill()) == (std::vector<std::int64_t>{2}), boost::test_tools::per_element());
  // One that was being sent, and goes into the newer one only now.
  PendingDelivery coalesced = Pending(2, "a");
  coalesced.delivery.notification = Told("both");
  NotifyStore::Settled superseded = Done(1, "a");
  superseded.successor = &coalesced;
  store->Settle(superseded);
  Flush(*store);
  BOOST_TEST(AfterKill().outbox[0].second.delivery.notification.event_id == "event of both");
  // The newer one is done with: it does not come back.
  store->Settle(Done(2, "a"));
  store->Settle(superseded);
  Flush(*store);
  BOOST_TEST(Ids(AfterKill()).empty());
}

BOOST_AUTO_TEST_CASE(IdsGoOnAfterARestart) {
  std::int64_t last = 0;
  {
    const auto store = Open();
    CommitDeliveries(*store, {Pending(store->NextId(), "a")});
    last = store->NextId();
    CommitDeliveries(*store, {Pending(last, "b")});
    store->Settle(Done(last, "b"));
  }
  BOOST_TEST(Open()->NextId() == last + 1);
}

BOOST_AUTO_TEST_CASE(WhatIsKeptIsGivenOnce) {
  CommitDeliveries(*Open(), {Pending(1, "a")});
  const auto store = Open();
  BOOST_TEST(store->TakeKept().outbox.size() == 1U);
  BOOST_TEST(store->TakeKept().outbox.empty());
}

BOOST_AUTO_TEST_CASE(SilencesComeBack) {
  const Silence silences[] = {SilenceOf("1"), SilenceOf("2")};
  const std::string forgotten[] = {"2"};
  const auto store = Open();
  BOOST_TEST(static_cast<bool>(store->PutSilences(silences, {})));
  BOOST_TEST(AfterKill().silences.size() == 2U);
  BOOST_TEST(static_cast<bool>(store->PutSilences({}, forgotten)));
  const NotifyStore::Kept kept = AfterKill();
  BOOST_REQUIRE(kept.silences.size() == 1U);
  const Silence& again = kept.silences[0];
  BOOST_TEST(again.id == "1");
  BOOST_REQUIRE(again.matchers.size() == 2U);
  BOOST_TEST(again.matchers[0].ToString() == silences[0].matchers[0].ToString());
  BOOST_TEST(again.matchers[1].ToString() == silences[0].matchers[1].ToString());
  BOOST_TEST((again.starts_at == silences[0].starts_at));
  BOOST_TEST((again.ends_at == silences[0].ends_at));
  BOOST_TEST((again.updated_at == silences[0].updated_at));
  BOOST_TEST(again.created_by == "ann");
  BOOST_TEST(again.comment == "new disk");
}

BOOST_AUTO_TEST_CASE(TheLogAndMemoriesAreForgottenInTheEnd) {
  settings.history_retention = hours(1);
  const auto store = Open();
  const Notification last = Told("a");
  NotifyStore::Decided decided;
  decided.log.push_back({{"a", kSlack}, {kNow, {1}, {}}, &last, kNow + hours(1)});
  decided.log.push_back({{"b", kSlack}, {kNow, {1}, {}}, &last, kNow + hours(3)});
  store->Commit(decided);
  NotifyStore::Settled settled = Done(1, "a");
  settled.memory = "x";
  store->Settle(settled);
  store->DropExpired(kNow + hours(1));
  Flush(*store);
  BOOST_TEST(AfterKill().log.size() == 1U);
  BOOST_TEST(AfterKill().memories.size() == 1U);
  store->DropExpired(kNow + hours(2));
  Flush(*store);
  BOOST_TEST(AfterKill().memories.empty());
}

BOOST_AUTO_TEST_CASE(ManyResultsAreFewTransactions) {
  constexpr int kMany = 10'000;
  std::vector<PendingDelivery> pending;
  for (int i = 1; i <= kMany; ++i) pending.push_back(Pending(i, std::to_string(i)));
  const auto store = Open();
  CommitDeliveries(*store, pending);
  for (int i = 1; i <= kMany; ++i) store->Settle(Done(i, std::to_string(i)));
  BOOST_TEST(store->stats().writes == 1U);
  clock.AwaitWaiters(1);
  clock.Advance(NotifyStore::kSettleDelay);
  BOOST_TEST(AwaitThat([&] { return store->stats().writes == 2U; }));
  BOOST_TEST(Ids(AfterKill()).empty());
}

BOOST_AUTO_TEST_CASE(AHundredThousandDeliveriesAreKept) {
  constexpr int kMany = 100'000;
  {
    std::vector<PendingDelivery> pending;
    for (int i = 1; i <= kMany; ++i) pending.push_back(Pending(i, std::to_string(i)));
    CommitDeliveries(*Open(), pending);
  }
  const auto store = Open();
  const NotifyStore::Kept kept = store->TakeKept();
  BOOST_REQUIRE(kept.outbox.size() == static_cast<std::size_t>(kMany));
  BOOST_TEST(kept.outbox.back().second.id == kMany);
  BOOST_TEST(store->NextId() == kMany + 1);
}

BOOST_AUTO_TEST_CASE(TheHistoryIsGivenNewestFirstAndInPages) {
  const auto store = Open();
  for (int i = 1; i <= 6; ++i) {
    NotifyStore::Settled settled = Done(i, "key");
    settled.record = Record(i % 2 == 0 ? "even" : "odd", State::kDelivered, i,
                            {static_cast<std::uint64_t>(i), 0xffffffffffffffff});
    store->Settle(settled);
    if (i == 4) Flush(*store);
  }
  struct Row {
    const char* name;
    NotifyStore::HistoryQuery query;
    std::vector<std::int64_t> ids;
  };
  const Row rows[] = {
      {"all", {}, {6, 5, 4, 3, 2, 1}},
      {"page", {.limit = 3}, {6, 5, 4}},
      {"next page", {.limit = 2, .before = 4}, {3, 2}},
      {"none", {.limit = 0}, {}},
      {"from", {.start = kNow + seconds(4)}, {6, 5, 4}},
      {"to", {.end = kNow + seconds(2)}, {2, 1}},
      {"receiver", {.receiver = "even"}, {6, 4, 2}},
      {"alert", {.alert = 3}, {3}},
      {"alert of all", {.alert = 0xffffffffffffffff, .limit = 3}, {6, 5, 4}},
      {"no such alert", {.alert = 77}, {}},
  };
  for (const char* const when : {"at once", "written"}) {
    for (const Row& row : rows) {
      BOOST_TEST_CONTEXT(when << ": " << row.name) {
        BOOST_TEST(Ids(*store, row.query) == row.ids, boost::test_tools::per_element());
      }
    }
    Flush(*store);
  }
  const HistoryRecord record = store->History({.limit = 1})->front();
  BOOST_TEST((record.at == kNow + seconds(6)));
  BOOST_TEST((record.destination == Destination{"even", "slack[0]"}));
  BOOST_TEST(record.event_id == "event 6");
  BOOST_TEST(record.group_key == "group");
  BOOST_TEST(record.key == "key");
  BOOST_TEST((record.reason == NotifyReason::kRepeat));
  BOOST_TEST(record.firing);
  BOOST_TEST((record.state == State::kDelivered));
  BOOST_TEST(record.answer == "status 200");
  BOOST_TEST(record.attempt == 2);
  BOOST_TEST((record.alerts == std::vector<std::uint64_t>{6, 0xffffffffffffffff}));
}

BOOST_AUTO_TEST_CASE(DeadLettersAreKept) {
  settings.max_dead_letters = 2;
  {
    const auto store = Open();
    for (int i = 1; i <= 3; ++i) {
      NotifyStore::Settled settled = Done(i, "a");
      settled.record = Record("team", State::kGivenUp, i);
      settled.dead_letter = Told(std::to_string(i));
      store->Settle(settled);
    }
    BOOST_TEST(store->DeadLetters(1)->size() == 1U);
    BOOST_TEST(store->DeadLetters(10)->size() == 3U);
  }
  const auto store = Open();
  store->Settle(Done(4, "a"));
  Flush(*store);
  BOOST_TEST(AwaitThat([&] { return store->DeadLetters(10)->size() == 2U; }));
  const DeadLetter newest = store->DeadLetters(10)->front();
  BOOST_TEST(newest.id == 3);
  BOOST_TEST((newest.at == kNow));
  BOOST_TEST((newest.destination == kSlack));
  BOOST_TEST(newest.answer == "status 200");
  BOOST_TEST(ToJson(newest.notification) == ToJson(Told("3")));
}

BOOST_AUTO_TEST_CASE(OldRecordsAreDroppedWithTheirAlerts) {
  settings.max_history = 3;
  settings.history_retention = hours(1);
  {
    const auto store = Open();
    for (int i = 1; i <= 5; ++i) store->Settle(Done(i, "a"));
  }
  const auto store = Open();
  store->Settle(Done(6, "a"));
  Flush(*store);
  BOOST_TEST(AwaitThat([&] { return Ids(*store, {}) == std::vector<std::int64_t>{6, 5, 4}; }));
  clock.Advance(hours(2));
  HistoryRecord young = Record("team", State::kDelivered, 7'200);
  store->Settle({.id = 7, .destination = kSlack, .key = "a", .record = young});
  Flush(*store);
  BOOST_TEST(AwaitThat([&] { return Ids(*store, {}) == std::vector<std::int64_t>{7}; }));
  auto database = SqliteDatabase::Open(file(), SqliteDatabase::Mode::kReadOnly);
  BOOST_REQUIRE(database);
  BOOST_TEST(*ReadInteger(*database, "SELECT count(*) FROM history_alerts") == 1);
}

BOOST_AUTO_TEST_CASE(AStoreInMemoryAnswersToo) {
  const auto store = OpenAt(":memory:");
  CommitDeliveries(*store, {Pending(1, "a")});
  store->Settle(Done(1, "a"));
  BOOST_TEST(Ids(*store, {}).size() == 1U);
  Flush(*store);
  BOOST_TEST(Ids(*store, {}).size() == 1U);
  BOOST_TEST(store->DeadLetters(1)->empty());
  BOOST_TEST(store->stats().errors == 0U);
  BOOST_TEST(!fs::exists(":memory:.lock"));
}

BOOST_AUTO_TEST_CASE(ASecondStoreOfTheSameFileIsRefused) {
  const auto store = Open();
  const Error error = Refusal();
  BOOST_TEST((error.code == ErrorCode::kUnavailable));
  BOOST_TEST(error.message.find("another process") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(NewerAndForeignFilesAreRefusedAndLeftAlone) {
  CommitDeliveries(*Open(), {Pending(1, "a")});
  Run("PRAGMA user_version = 99");
  const Error newer = Refusal();
  BOOST_TEST((newer.code == ErrorCode::kInvalidInput));
  BOOST_TEST(newer.message.find("version 99") != std::string::npos);
  BOOST_TEST(newer.message.find("notify.db") != std::string::npos);
  Run("PRAGMA user_version = 1; PRAGMA application_id = 7");
  const Error foreign = Refusal();
  BOOST_TEST((foreign.code == ErrorCode::kInvalidInput));
  BOOST_TEST(foreign.message.find("another program") != std::string::npos);
  Run("PRAGMA application_id = " + std::to_string(0x74636e6f));
  BOOST_TEST(Open()->TakeKept().outbox.size() == 1U);
}

BOOST_AUTO_TEST_CASE(OlderFilesAreUpgradedInPlace) {
  Open();
  const StateSchema schema = NotifySchema();
  std::vector<std::string_view> steps(schema.upgrades.begin(), schema.upgrades.end());
  const auto newest = static_cast<std::int64_t>(steps.size());
  steps.emplace_back("ALTER TABLE outbox ADD COLUMN colour TEXT;");
  auto database = SqliteDatabase::Open(file(), SqliteDatabase::Mode::kReadWrite);
  BOOST_REQUIRE(database);
  BOOST_TEST(static_cast<bool>(UpgradeSchema(*database, {schema.application, steps})));
  BOOST_TEST(*ReadInteger(*database, "PRAGMA user_version") == newest + 1);
  steps.emplace_back("CREATE TABLE half (a); ALTER TABLE missing ADD COLUMN b TEXT;");
  BOOST_TEST(!UpgradeSchema(*database, {schema.application, steps}));
  BOOST_TEST(*ReadInteger(*database, "PRAGMA user_version") == newest + 1);
  BOOST_TEST(!database->Prepare("SELECT a FROM half"));
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
      CommitDeliveries(*Open(), {Pending(1, "a")});
      row.damage(file());
      const int logged = log.Count("put aside");
      const auto store = Open();
      BOOST_TEST(log.Count("put aside") == logged + 1);
      BOOST_TEST(fs::exists(file().string() + ".damaged"));
      BOOST_TEST(store->TakeKept().outbox.empty());
      CommitDeliveries(*store, {Pending(1, "b")});
      BOOST_TEST(store->stats().errors == 0U);
    }
    fs::remove(file());
  }
}

BOOST_AUTO_TEST_CASE(RowsWithoutSenseCostOnlyThemselves) {
  {
    const auto store = Open();
    CommitDeliveries(*store, {Pending(1, "a"), Pending(2, "b")});
    const Silence silence = SilenceOf("1");
    BOOST_TEST(static_cast<bool>(store->PutSilences({&silence, 1}, {})));
  }
  Run("UPDATE outbox SET notification = '{' WHERE id = 1; UPDATE silences SET matchers = 'x'");
  const NotifyStore::Kept kept = Open()->TakeKept();
  BOOST_TEST(Ids(kept) == (std::vector<std::int64_t>{2}), boost::test_tools::per_element());
  BOOST_TEST(kept.silences.empty());
  BOOST_TEST(log.Count("not readable") == 1);
  BOOST_TEST(log.Count("rows=2") == 1);
}

BOOST_AUTO_TEST_CASE(DamageFoundWhileWritingCostsOnlyTheHistory) {
  CommitDeliveries(*Open(), {Pending(1, "a")});
  std::int64_t page = 0;
  {
    auto database = SqliteDatabase::Open(file(), SqliteDatabase::Mode::kReadWrite);
    page = *ReadInteger(*database, "SELECT rootpage FROM sqlite_schema WHERE name = 'history'");
  }
  const auto store = Open();
  {
    std::fstream out(file(), std::ios::in | std::ios::out | std::ios::binary);
    out.seekp((page - 1) * 4096);
    out << std::string(4096, '\xff');
  }
  const Silence silence = SilenceOf("1");
  BOOST_TEST(static_cast<bool>(store->PutSilences({&silence, 1}, {})));
  store->Settle(Done(9, "x"));
  Flush(*store);
  BOOST_TEST(log.Count("put aside") == 1);
  BOOST_TEST(!store->stats().is_failing);
  BOOST_TEST(Ids(*store, {}).size() == 1U);
  const NotifyStore::Kept kept = AfterKill();
  BOOST_TEST(Ids(kept) == (std::vector<std::int64_t>{1}), boost::test_tools::per_element());
  BOOST_TEST(kept.silences.size() == 1U);
}

BOOST_AUTO_TEST_CASE(AFullDiskIsWaitedFor) {
  // What lies beyond the limit is refused, as on a full disk, but by a signal, too.
  const auto previous = std::signal(SIGXFSZ, SIG_IGN);
  rlimit unlimited = {};
  getrlimit(RLIMIT_FSIZE, &unlimited);
  settings.max_queued_records = 3;
  const auto store = Open();
  CommitDeliveries(*store, {Pending(1, "a")});

  const rlimit full = {fs::file_size(file().string() + "-wal"), unlimited.rlim_max};
  setrlimit(RLIMIT_FSIZE, &full);
  CommitDeliveries(*store, {Pending(2, "b")}, {1});
  BOOST_TEST(store->stats().is_failing);
  CommitDeliveries(*store, {Pending(3, "c")});  // Goes on at once.
  const Silence silence = SilenceOf("1");
  BOOST_TEST(!store->PutSilences({&silence, 1}, {}));
  for (int i = 10; i < 15; ++i) store->Settle(Done(i, "x"));
  Flush(*store);
  setrlimit(RLIMIT_FSIZE, &unlimited);
  std::signal(SIGXFSZ, previous);
  BOOST_TEST(store->stats().is_failing);
  BOOST_TEST(store->stats().errors == 2U);
  BOOST_TEST(store->stats().lost_records == 2U);
  BOOST_TEST(log.Count("cannot be kept") == 1);
  BOOST_TEST(Ids(*store, {}).size() == 3U);  // Known all the same.

  clock.AwaitWaiters(1);
  clock.Advance(settings.retry);
  BOOST_TEST(AwaitThat([&] { return !store->stats().is_failing; }));
  BOOST_TEST(log.Count("kept again") == 1);
  const NotifyStore::Kept kept = AfterKill();
  BOOST_TEST(Ids(kept) == (std::vector<std::int64_t>{2, 3}), boost::test_tools::per_element());
  BOOST_TEST(kept.silences.size() == 1U);
}

BOOST_AUTO_TEST_CASE(ASlowDiskIsNotWaitedForTooLong) {
  settings.patience = std::chrono::milliseconds(20);
  const auto store = Open();
  auto other = SqliteDatabase::Open(file(), SqliteDatabase::Mode::kReadWrite);
  BOOST_REQUIRE(other);
  BOOST_TEST(static_cast<bool>(other->Execute("BEGIN IMMEDIATE")));
  CommitDeliveries(*store, {Pending(1, "a")});
  BOOST_TEST(store->stats().errors == 1U);
  BOOST_TEST(log.Count("the disk is slow") == 1);
  BOOST_TEST(static_cast<bool>(other->Execute("ROLLBACK")));
  BOOST_TEST(AwaitThat([&] { return store->stats().writes == 1U; }));
  BOOST_TEST(Ids(AfterKill()).size() == 1U);
}

BOOST_AUTO_TEST_CASE(ManyThreadsMayUseIt) {
  constexpr int kThreads = 4;
  constexpr int kTurns = 50;
  const auto store = Open();
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&] {
        for (int i = 0; i < kTurns; ++i) {
          const std::int64_t id = store->NextId();
          CommitDeliveries(*store, {Pending(id, std::to_string(id))});
          if (i % 10 == 0) static_cast<void>(store->History({.limit = 5}));
          store->Settle(Done(id, std::to_string(id)));
        }
      });
    }
  }
  Flush(*store);
  BOOST_TEST(Ids(AfterKill()).empty());
  BOOST_TEST(Ids(*store, {.limit = 1000}).size() == static_cast<std::size_t>(kThreads * kTurns));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::notify

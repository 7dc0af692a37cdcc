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
#include "notify/notify_history.h"
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

  /// The first column of the first row.
  std::int64_t Integer(const std::string& query) const {
    auto database = SqliteDatabase::Open(file(), SqliteDatabase::Mode::kReadWrite);
    BOOST_REQUIRE(database);
    const Result<std::int64_t> value = ReadInteger(*database, query);
    BOOST_REQUIRE_MESSAGE(value, (value ? "" : value.error().message));
    return *value;
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

NotifyStore::Settled Done(std::int64_t id, const std::string& key,
                          std::vector<std::uint64_t> alerts = {1}) {
  return {.id = id,
          .attempts = 1,
          .destination = kSlack,
          .key = key,
          .record = Record("team", State::kDelivered, id, std::move(alerts))};
}

/// What a group's one destination is told, as the notifier decides it: the log has it, too.
void CommitTold(NotifyStore& store, const PendingDelivery& pending,
                std::vector<std::int64_t> superseded = {}) {
  const Notification& told = pending.delivery.notification;
  NotifyStore::Decided decided;
  decided.log.push_back(
      {{told.group_key, kSlack}, {kNow, {told.alerts[0].fingerprint}, {}}, &told, kNow + hours(4)});
  decided.outbox.emplace_back(kSlack, &pending);
  decided.superseded = std::move(superseded);
  store.Commit(decided);
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

BOOST_AUTO_TEST_CASE(WhatIsToldStandsOnceInTheFile) {
  const auto store = Open();
  CommitTold(*store, Pending(store->NextId(), "a"));
  BOOST_TEST(Integer("SELECT count(*) FROM outbox WHERE notification IS NULL") == 1);
  BOOST_TEST(Integer("SELECT count(*) FROM log JOIN outbox USING (id)") == 1);
  // A part of what is told, or more than that, is a text of its own.
  for (const char* const change : {"a part", "more", "another key", "another reason"}) {
    BOOST_TEST_CONTEXT(change) {
      PendingDelivery pending = Pending(store->NextId(), change);
      Notification& told = pending.delivery.notification;
      told.alerts.push_back(told.alerts.front());
      told.alerts.back().fingerprint = 2;
      const Notification all = told;
      if (change == std::string("a part")) told.alerts.pop_back();
      if (change == std::string("more")) told.alerts.push_back(told.alerts.front());
      if (change == std::string("another key")) pending.delivery.key = "k";
      if (change == std::string("another reason")) told.reason = NotifyReason::kRepeat;
      NotifyStore::Decided decided;
      decided.log.push_back({{all.group_key, kSlack}, {kNow, {2}, {}}, &all, kNow + hours(4)});
      decided.outbox.emplace_back(kSlack, &pending);
      store->Commit(decided);
      const NotifyStore::Kept kept = AfterKill();
      BOOST_TEST(ToJson(kept.outbox.back().second.delivery.notification) == ToJson(told));
      BOOST_TEST(kept.outbox.back().second.delivery.key == pending.delivery.key);
      BOOST_TEST(ToJson(kept.log.at(decided.log[0].key).last) == ToJson(all));
    }
  }
  BOOST_TEST(Integer("SELECT count(*) FROM outbox WHERE notification IS NULL") == 1);
}

BOOST_AUTO_TEST_CASE(ADeliveryOutlivesWhatTheLogSaysOfIt) {
  const std::function<void(NotifyStore&)> rows[] = {
      [](NotifyStore& store) {  // The group is told of again; nothing is superseded, as it is sent.
        PendingDelivery newer = Pending(store.NextId(), "a");
        newer.delivery.notification.event_id = "newer";
        CommitTold(store, newer);
      },
      [](NotifyStore& store) { store.DropExpired(kNow + hours(4)); },
  };
  for (const auto& change : rows) {
    {
      const auto store = Open();
      const std::int64_t id = store->NextId();
      CommitTold(*store, Pending(id, "a"));
      change(*store);
      Flush(*store);
      const NotifyStore::Kept kept = AfterKill();
      BOOST_TEST(kept.outbox.front().first.entry == kSlack.entry);
      BOOST_TEST(kept.outbox.front().second.id == id);
      BOOST_TEST(kept.outbox.front().second.delivery.key == "a");
      BOOST_TEST(kept.outbox.front().second.delivery.notification.event_id == "event of a");
      BOOST_TEST(Integer("SELECT count(*) FROM log WHERE id = " + std::to_string(id)) == 0);
    }
    fs::remove(file());
  }
}

BOOST_AUTO_TEST_CASE(OfAGroupTheLogHasTheLastThatWasTold) {
  {
    const auto store = Open();
    for (int i = 0; i < 3; ++i) {
      PendingDelivery pending = Pending(store->NextId(), "a");
      pending.delivery.notification.event_id = std::to_string(i);
      CommitTold(*store, pending);
      store->Settle(Done(pending.id, "a"));
    }
  }
  BOOST_TEST(Integer("SELECT count(*) FROM log") == 1);
  Run("INSERT INTO log SELECT 1, group_key, receiver, entry, 0, firing, believed, resolved, "
      "expires_at, NULL FROM log");
  const auto store = Open();
  const NotifyStore::Kept kept = store->TakeKept();
  BOOST_REQUIRE(kept.log.size() == 1U);
  BOOST_TEST(kept.log.begin()->second.last.event_id == "2");
  Flush(*store);
  BOOST_TEST(Integer("SELECT count(*) FROM log") == 1);
}

BOOST_AUTO_TEST_CASE(WhateverIsSettledLeavesTheOthers) {
  constexpr std::int64_t kMany = 100;
  const auto store = Open();
  std::vector<std::int64_t> left;
  for (std::int64_t i = 1; i <= kMany; ++i) CommitTold(*store, Pending(i, std::to_string(i)));
  for (std::int64_t i = kMany; i > 0; --i) {
    if (i % 7 == 0 || i > 95) {
      left.insert(left.begin(), i);
    } else {
      store->Settle(Done(i, std::to_string(i)));
    }
    if (i == 50) Flush(*store);
  }
  Flush(*store);
  BOOST_TEST(Ids(AfterKill()) == left, boost::test_tools::per_element());
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
  // Where many come, more are awaited, until few do.
  std::uint64_t writes = 2;
  for (const Duration delay : {NotifyStore::kBurstDelay, NotifyStore::kSettleDelay}) {
    store->Settle(Done(1, "1"));
    clock.AwaitWaiters(1);
    clock.Advance(delay - std::chrono::milliseconds(1));
    BOOST_TEST(store->stats().writes == writes);
    clock.Advance(std::chrono::milliseconds(1));
    BOOST_TEST(AwaitThat([&] { return store->stats().writes == writes + 1; }));
    ++writes;
  }
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
    for (int i = 1; i <= 5; ++i) store->Settle(Done(i, "a", {1, 2}));
  }
  const auto store = Open();
  store->Settle(Done(6, "a", {1, 2}));
  Flush(*store);
  BOOST_TEST(AwaitThat([&] { return Ids(*store, {}) == std::vector<std::int64_t>{6, 5, 4}; }));
  clock.Advance(hours(2));
  HistoryRecord young = Record("team", State::kDelivered, 7'200, {1, 2});
  store->Settle({.id = 7, .destination = kSlack, .key = "a", .record = young});
  Flush(*store);
  BOOST_TEST(AwaitThat([&] { return Ids(*store, {}) == std::vector<std::int64_t>{7}; }));
  auto database = SqliteDatabase::Open(file(), SqliteDatabase::Mode::kReadOnly);
  BOOST_REQUIRE(database);
  BOOST_TEST(*ReadInteger(*database, "SELECT count(*) FROM history_alerts") == 2);
}

BOOST_AUTO_TEST_CASE(AttemptsOfOneEventHaveTheirAlertsOnce) {
  const std::vector<std::uint64_t> alerts = {1, 2, 0xffffffffffffffff};
  const auto store = Open();
  CommitDeliveries(*store, {Pending(1, "a"), Pending(2, "b")});
  for (const int attempt : {1, 2, 3}) {
    NotifyStore::Settled settled = Done(1, "a", alerts);
    settled.record->event_id = "a";
    settled.attempts = attempt;
    settled.done = attempt == 3;
    store->Settle(settled);
    if (attempt == 2) Flush(*store);
  }
  store->Settle(Done(2, "b", {2, 3}));
  Flush(*store);
  BOOST_TEST(Integer("SELECT count(*) FROM history_alerts") == 5);
  const std::vector<HistoryRecord> records = *store->History({.alert = 1});
  for (const HistoryRecord& record : records) {
    BOOST_TEST(record.alerts == alerts, boost::test_tools::per_element());
  }
  BOOST_TEST(Ids(*store, {.alert = 1}) == (std::vector<std::int64_t>{3, 2, 1}),
             boost::test_tools::per_element());
  BOOST_TEST(Ids(*store, {.alert = 2}) == (std::vector<std::int64_t>{4, 3, 2, 1}),
             boost::test_tools::per_element());
  BOOST_TEST(Ids(*store, {.alert = 3}) == (std::vector<std::int64_t>{4}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(ARecordKeepsItsAlertsWhenTheEventsFirstIsDropped) {
  settings.max_history = 1;
  {
    const auto store = Open();
    CommitDeliveries(*store, {Pending(1, "a")});
    NotifyStore::Settled settled = Done(1, "a", {1, 2});
    settled.done = false;
    store->Settle(settled);
    store->Settle(settled);
    Flush(*store);
  }
  const auto store = Open();
  CommitDeliveries(*store, {Pending(2, "b")});
  BOOST_TEST(AwaitThat([&] { return Ids(*store, {}) == std::vector<std::int64_t>{2}; }));
  BOOST_TEST(store->History({.alert = 2})->size() == 1U);
  BOOST_TEST(store->History({})->front().alerts.size() == 2U);
  BOOST_TEST(Integer("SELECT count(*) FROM history_alerts") == 2);
}

BOOST_AUTO_TEST_CASE(RecordsOfAnAlertAreFoundByIndexes) {
  Open();
  auto database = SqliteDatabase::Open(file(), SqliteDatabase::Mode::kReadWrite);
  BOOST_REQUIRE(database);
  const NotifyStore::HistoryQuery queries[] = {{.alert = 1},
                                               {.start = kNow, .end = kNow, .alert = 1},
                                               {.alert = 1, .receiver = "team", .before = 5}};
  for (const NotifyStore::HistoryQuery& query : queries) {
    auto plan = database->Prepare("EXPLAIN QUERY PLAN " + HistoryStatement(query));
    BOOST_REQUIRE(plan);
    std::string steps;
    for (Result<bool> row = plan->Step(); row && *row; row = plan->Step()) {
      steps += plan->Text(3) + "\n";
    }
    BOOST_TEST_CONTEXT(steps) {
      for (const char* const step :
           {"SEARCH history USING INTEGER PRIMARY KEY (rowid=?)", "INDEX history_alert (alert=?)",
            "INDEX history_alerts_alert (alert=?)", "INDEX history_event (event=?)"}) {
        BOOST_TEST(steps.find(step) != std::string::npos);
      }
      BOOST_TEST(steps.find("SCAN") == std::string::npos);
    }
  }
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
  const std::string newest = std::to_string(NotifySchema().upgrades.size());
  Run("PRAGMA user_version = " + newest + "; PRAGMA application_id = 7");
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

BOOST_AUTO_TEST_CASE(AFileOfVersion1ComesWithAllItHas) {
  {
    const StateSchema schema = NotifySchema();
    auto database = SqliteDatabase::Open(file(), SqliteDatabase::Mode::kReadWrite);
    BOOST_REQUIRE(database);
    BOOST_TEST(static_cast<bool>(
        UpgradeSchema(*database, {schema.application, schema.upgrades.first(1)})));
  }
  const std::string told =
      R"({"version":1,"event_id":"e","receiver":"team","group_key":"g","group_labels":{},)"
      R"("reason":"first notification","decided_at":1,"alerts":[{"labels":{"alertname":"a"},)"
      R"("annotations":{},"starts_at":1,"ends_at":0,"resolved":false,"reason":"firing",)"
      R"("is_new":true,"fingerprint":"0000000000000007"}]})";
  Run("INSERT INTO outbox VALUES (41, 'team', 'slack[0]', 'g', 5, 3, '" + told + "');" +
      "INSERT INTO outbox VALUES (42, 'team', 'slack[0]', 'x', 5, 3, '" + told + "');" +
      "DELETE FROM outbox WHERE id = 42;" +  //
      "INSERT INTO log VALUES ('g', 'team', 'slack[0]', 5, '0000000000000007', '', '', 1" +
      std::to_string(kNow.time_since_epoch().count()) + ", '" + told + "');" +
      "INSERT INTO log VALUES ('h', 'team', 'slack[0]', 5, '', '0000000000000008', "
      "'0000000000000007,0000000000000009', 1" +
      std::to_string(kNow.time_since_epoch().count()) + ", '');" +
      "INSERT INTO memories VALUES ('team', 'slack[0]', 'g', 5, 'm');"
      "INSERT INTO silences VALUES ('s', '[]', 1, 2, 3, 'ann', 'c');"
      "INSERT INTO history VALUES (3, 10, 'team', 'slack[0]', 'e1', 'g', 'g', 'test', 1, "
      "'retried', 'no', 1);"
      "INSERT INTO history VALUES (4, 11, 'team', 'slack[0]', 'e2', 'g', 'k', 'test', 0, "
      "'retried', 'no', 1);"
      "INSERT INTO history VALUES (5, 12, 'team', 'slack[0]', 'e2', 'g', 'k', 'test', 0, "
      "'delivered', 'yes', 2);"
      "INSERT INTO history VALUES (9, 13, 'team', 'slack[0]', 'e3', 'g', 'g', 'test', 0, "
      "'delivered', 'yes', 1);"
      "DELETE FROM history WHERE id = 9;"
      "INSERT INTO history_alerts VALUES ('e1', 7), ('e2', -1), ('e2', 7), ('e3', 7);"
      "INSERT INTO dead_letters VALUES (6, 14, 'team', 'slack[0]', 'no', '" +
      told + "')");
  const auto store = Open();
  BOOST_TEST(log.Count("not readable") == 0);
  const NotifyStore::Kept kept = store->TakeKept();
  BOOST_REQUIRE(kept.outbox.size() == 1U);
  const PendingDelivery& pending = kept.outbox[0].second;
  BOOST_TEST((kept.outbox[0].first == kSlack));
  BOOST_TEST(pending.id == 41);
  BOOST_TEST(pending.delivery.key == "g");
  BOOST_TEST(pending.attempts == 3);
  BOOST_TEST(pending.delivery.notification.event_id == "e");
  BOOST_REQUIRE(kept.log.size() == 2U);
  const NotifyStore::Kept::Told& first = kept.log.at({"g", kSlack});
  BOOST_TEST((first.entry == LogEntry{TimePoint(Duration(5)), {7}, {}}));
  BOOST_TEST(first.last.alerts.at(0).labels.Get("alertname") == "a");
  const NotifyStore::Kept::Told& second = kept.log.at({"h", kSlack});
  BOOST_TEST((second.entry == LogEntry{TimePoint(Duration(5)), {}, {7, 9}, {8}}));
  BOOST_TEST(second.last.alerts.empty());
  BOOST_TEST(kept.memories.size() == 1U);
  BOOST_TEST(kept.silences.size() == 1U);
  BOOST_TEST(store->NextId() > 42);
  const std::vector<HistoryRecord> records = *store->History({});
  BOOST_REQUIRE(records.size() == 3U);
  BOOST_TEST(records[0].id == 5);
  BOOST_TEST(records[0].key == "k");
  BOOST_TEST((records[0].alerts == std::vector<std::uint64_t>{7, 0xffffffffffffffff}));
  BOOST_TEST((records[1].alerts == records[0].alerts));
  BOOST_TEST(records[2].key == "g");
  BOOST_TEST((records[2].alerts == std::vector<std::uint64_t>{7}));
  BOOST_TEST(Ids(*store, {.alert = 7}) == (std::vector<std::int64_t>{5, 4, 3}),
             boost::test_tools::per_element());
  BOOST_TEST(store->DeadLetters(1)->at(0).id == 6);
  // It goes on from there.
  CommitTold(*store, Pending(store->NextId(), "g"), {41});
  store->Settle(Done(50, "x"));
  Flush(*store);
  const NotifyStore::Kept after = AfterKill();
  BOOST_TEST(after.outbox.size() == 1U);
  BOOST_TEST(after.log.size() == 2U);
  BOOST_TEST(after.log.at({"g", kSlack}).last.event_id == "event of g");
  BOOST_TEST(store->History({.limit = 1})->front().id == 10);
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

BOOST_AUTO_TEST_CASE(ADeliveryWithoutItsRowInTheLogIsNotReadable) {
  {
    const auto store = Open();
    CommitTold(*store, Pending(store->NextId(), "a"));
    CommitTold(*store, Pending(store->NextId(), "b"));
    CommitTold(*store, Pending(store->NextId(), "c"));
  }
  Run("DELETE FROM log WHERE id = 1; UPDATE log SET firing = 'x' WHERE id = 2");
  for (const char* const rows : {"rows=2", "rows=1"}) {  // The log's row is gone the second time.
    const auto store = Open();
    const NotifyStore::Kept kept = store->TakeKept();
    BOOST_TEST(Ids(kept) == (std::vector<std::int64_t>{2, 3}), boost::test_tools::per_element());
    BOOST_TEST(kept.outbox[0].second.delivery.notification.event_id == "event of b");
    BOOST_TEST(kept.log.size() == 1U);
    BOOST_TEST(log.Count(rows) == 1);
    Flush(*store);
  }
}

BOOST_AUTO_TEST_CASE(DamageFoundWhileWritingCostsOnlyTheHistory) {
  CommitDeliveries(*Open(), {Pending(1, "a")});
  std::int64_t page = 0;
  {
    auto database = SqliteDatabase::Open(file(), SqliteDatabase::Mode::kReadWrite);
    page = *ReadInteger(*database, "SELECT rootpage FROM sqlite_schema WHERE name = 'history_at'");
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

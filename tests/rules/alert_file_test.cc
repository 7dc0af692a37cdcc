#include "rules/alert_file.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "rules/alert_json.h"
#include "rules/alert_schema.h"
#include "tests/support/alert_store_fixture.h"

namespace tocsin {

// Through the store, which is how the file is used.
BOOST_FIXTURE_TEST_SUITE(alert_file_test, AlertStoreFixture)

BOOST_AUTO_TEST_CASE(WhateverChangesIsWhatIsKept) {
  // Alerts of many sizes come, grow, shrink and go; few of many at a time, so that packs have room
  // and have none, become empty, and are filled again.
  std::mt19937 random(7);
  const auto up_to = [&](std::size_t most) { return random() % (most + 1); };
  std::map<std::string, ActiveAlert> now;
  auto store = Open();
  for (int round = 0; round < 60; ++round) {
    const std::size_t changes = up_to(round % 4 == 0 ? 200 : 5);
    for (std::size_t i = 0; i < changes; ++i) {
      const std::string name = std::to_string(up_to(150));
      if (up_to(2) == 0) {
        now.erase(name);
      } else {
        ActiveAlert& alert = now[name] = Firing(name);
        const std::size_t longest = up_to(20) == 0 ? 10'000 : 500;
        alert.annotations = {{"summary", std::string(up_to(longest), 'x')}};
      }
    }
    std::vector<ActiveAlert> alerts;
    for (const auto& [name, alert] : now) alerts.push_back(alert);
    store->Put(kRule, At(kNow), alerts, {});
    if (round % 10 == 9) {
      store.reset();
      store = Open();
    }
    store->Flush();
    const TemporaryFolder copy;
    const std::vector<ActiveAlert> kept = TakeAlerts(*OpenAt(AfterKill(copy)));
    BOOST_REQUIRE(kept.size() == now.size());
    for (const ActiveAlert& alert : kept) {
      BOOST_REQUIRE(IsSame(alert, now.at(std::string(alert.labels.Get("instance")))));
    }
    BOOST_REQUIRE(Number("SELECT count(*) FROM alert_packs WHERE alerts = '[]'") == 0);
    BOOST_REQUIRE(Number("SELECT count(*) FROM alert_packs WHERE length(alerts) > 4000 "
                         "AND json_array_length(alerts) > 1") == 0);
  }
}

BOOST_AUTO_TEST_CASE(OnlyPacksWithChangesAreWritten) {
  std::vector<ActiveAlert> alerts;
  for (int i = 0; i < 1000; ++i) alerts.push_back(Firing(std::to_string(i)));
  const auto store = Open();
  store->Put(kRule, At(kNow), alerts, {});
  store->Flush();
  const std::int64_t packs = Number("SELECT count(*) FROM alert_packs");
  BOOST_TEST(packs > 50);
  BOOST_TEST(packs < 150);
  Run("CREATE TABLE written (id INTEGER);"
      "CREATE TRIGGER note AFTER INSERT ON alert_packs BEGIN "
      "INSERT INTO written VALUES (new.id); END;");
  alerts[300].value = 2;
  alerts[301].value = 2;
  alerts.push_back(Firing("new"));
  store->Put(kRule, At(kNow), alerts, {});
  store->Flush();
  BOOST_TEST(Number("SELECT count(*) FROM written") <= 3);
  BOOST_TEST(Number("SELECT count(*) FROM alerts") == 1001);
  store->Forget(kRule);
  store->Flush();
  BOOST_TEST(Number("SELECT count(*) FROM alert_packs") == 0);
}

BOOST_AUTO_TEST_CASE(EventsOfOneEvaluationShareRows) {
  constexpr int kCount = 250;
  std::vector<AlertEvent> events;
  for (int i = 0; i < kCount; ++i) {
    events.push_back(EventOf(Firing(std::to_string(i)), AlertEvent::Kind::kFiring, kNow));
  }
  const auto store = Open();
  store->Record(events);
  for (AlertEvent& event : events) event.at = kNow + 1000;
  store->Record(events);
  store->Flush();
  BOOST_TEST(Number("SELECT count(*) FROM event_batches") == 6);
  BOOST_TEST(Number("SELECT sum(count) FROM event_batches") == 2 * kCount);
  // Page by page, whichever size, each is there once.
  for (const std::size_t limit : {1U, 7U, 99U, 100U, 101U, 499U, 500U}) {
    std::int64_t next = 2 * kCount;
    while (next > 0) {
      const std::vector<std::int64_t> page = Ids(*store, {.limit = limit, .before = next + 1});
      BOOST_REQUIRE(page.size() == std::min<std::size_t>(limit, static_cast<std::size_t>(next)));
      for (const std::int64_t id : page) BOOST_REQUIRE(id == next--);
    }
  }
  BOOST_TEST(Ids(*store, {.matchers = {Equal("instance", "130")}}) ==
                 (std::vector<std::int64_t>{kCount + 131, 131}),
             boost::test_tools::per_element());
  BOOST_TEST(Ids(*store, {.end = kNow, .limit = 1}).at(0) == kCount);
}

BOOST_AUTO_TEST_CASE(OlderFilesAreUpgradedInPlace) {
  Open();
  const StateSchema schema = AlertSchema();
  std::vector<std::string_view> steps(schema.upgrades.begin(), schema.upgrades.end());
  const auto newest = static_cast<std::int64_t>(steps.size());
  steps.emplace_back("ALTER TABLE alert_packs ADD COLUMN colour TEXT;");
  auto database = SqliteDatabase::Open(file(), SqliteDatabase::Mode::kReadWrite);
  BOOST_REQUIRE(database);
  BOOST_TEST(static_cast<bool>(UpgradeSchema(*database, {schema.application, steps})));
  BOOST_TEST(*ReadInteger(*database, "PRAGMA user_version") == newest + 1);
  BOOST_TEST(static_cast<bool>(database->Prepare("SELECT colour FROM alert_packs")));
  // One that fails half-way leaves the file as it was.
  steps.emplace_back("CREATE TABLE half (a); ALTER TABLE missing ADD COLUMN b TEXT;");
  BOOST_TEST(!UpgradeSchema(*database, {schema.application, steps}));
  BOOST_TEST(*ReadInteger(*database, "PRAGMA user_version") == newest + 1);
  BOOST_TEST(!database->Prepare("SELECT a FROM half"));
}

BOOST_AUTO_TEST_CASE(ViewsHaveARowForEachAlertAndEvent) {
  ActiveAlert full = Firing("\"q\"");
  full.sample_labels = Labels{{"__name__", "up"}, {"instance", "\"q\""}};
  full.value = -0.1;
  full.keep_firing_since = kNow + 1;
  full.resolved_at = kNow + 2;
  full.reason = AlertReason::kMissing;
  full.missing = 3;
  ActiveAlert infinite = Pending("b");
  infinite.value = HUGE_VAL;
  ActiveAlert none = Pending("c");
  none.value = std::nan("");
  const AlertEvent event = EventOf(full, AlertEvent::Kind::kFiring, kNow);
  const auto store = Open();
  store->Put(kRule, At(kNow), {full, infinite, none}, {event, event, event});
  store->Flush();
  const std::string rest =
      R"({"alertname":"Down","instance":"\"q\""}|{"instance":"\"q\"","__name__":"up"}|-0.1|firing|)"
      "1700000000000|1700000060000|1700000000001|1700000000002|1700000060000|1700000300000|"
      R"({"summary":"\"q\" is down"}|missing|3)";
  const char* const columns =
      "labels, sample_labels, value, state, active_at, fired_at, keep_firing_since, resolved_at, "
      "last_sent_at, valid_until, annotations, reason, missing";
  const std::vector<std::string> alerts =
      Rows(std::string("SELECT group_file, group_name, rule, rule_labels, ") + columns +
           " FROM alerts ORDER BY value");
  BOOST_REQUIRE(alerts.size() == 3U);
  BOOST_TEST(alerts[0] ==
             R"(a.yaml|group|Down|{}|{"alertname":"Down","instance":"c"}|{"instance":"c"}|)"
             "|pending|1700000000000|||||0|{}|firing|0");
  BOOST_TEST(alerts[1] == "a.yaml|group|Down|{}|" + rest);
  BOOST_TEST(alerts[2] ==
             R"(a.yaml|group|Down|{}|{"alertname":"Down","instance":"b"}|{"instance":"b"}|)"
             "+Inf|pending|1700000000000|||||0|{}|firing|0");
  const std::vector<std::string> events =
      Rows(std::string("SELECT id, at, kind, group_file, group_name, rule, ") + columns +
           " FROM events ORDER BY id");
  BOOST_REQUIRE(events.size() == 3U);
  BOOST_TEST(events[0] == "1|1700000000000|firing|a.yaml|group|Down|" + rest);
  BOOST_TEST(events[2] == "3|1700000000000|firing|a.yaml|group|Down|" + rest);
  // What is damaged does not keep anybody from the rest.
  for (const std::string damaged : {"[\"x\"]", "[null]", "[5]", "[[]]", "[{\"labels\":\"x\"}]",
                                    "[{\"labels\":{},\"sample\":5}]", "{", "5", ""}) {
    BOOST_TEST_CONTEXT(damaged) {
      Run("INSERT INTO alert_packs VALUES (NULL, 'a', 'b', 'c', '{}', '" + damaged +
          "'); INSERT INTO event_batches VALUES (NULL, 1, 0, 'a', 'b', 'c', '" + damaged + "')");
      BOOST_TEST(Rows(std::string("SELECT ") + columns + " FROM alerts").size() == 3U);
      BOOST_TEST(Rows(std::string("SELECT ") + columns + " FROM events").size() == 3U);
    }
  }
  Run("UPDATE event_batches SET events = '['; UPDATE alert_packs SET alerts = '{'");
  BOOST_TEST(Number("SELECT count(*) FROM alerts") + Number("SELECT count(*) FROM events") == 0);
}

BOOST_AUTO_TEST_CASE(AFileOfVersion1IsTakenOver) {
  {
    const StateSchema schema = AlertSchema();
    auto database = SqliteDatabase::Open(file(), SqliteDatabase::Mode::kReadWrite);
    BOOST_REQUIRE(database);
    BOOST_REQUIRE(UpgradeSchema(*database, {schema.application, schema.upgrades.first(1)}));
  }
  Run(R"(
    INSERT INTO groups VALUES ('a.yaml', 'group', 1700000000000);
    INSERT INTO alerts VALUES ('a.yaml', 'group', 'Down', '{}',
      '{"alertname":"Down","instance":"\u000a\"a\""}', '{"__name__":"up","instance":"\u000a\"a\""}',
      0.1, 'firing', 1, 2, 3, 4, 5, 6, '{"summary":"it''s down"}', 'missing', 7);
    INSERT INTO alerts VALUES ('a.yaml', 'group', 'Down', '{}', '{"alertname":"Down","n":"1"}', '{}',
      NULL, 'pending', -1, NULL, NULL, NULL, NULL, 0, '{}', 'firing', 0);
    INSERT INTO alerts VALUES ('a.yaml', 'group', 'Down', '{}', '{"alertname":"Down","x":"y"}', '{}',
      -9e999, 'pending', -1, NULL, NULL, NULL, NULL, 0, '{}', 'firing', 0);
    INSERT INTO alerts VALUES ('a.yaml', 'group', 'Down', '{}', '{"alertname', '{}',
      1, 'pending', 1, NULL, NULL, NULL, NULL, 0, '{}', 'firing', 0);
    INSERT INTO events SELECT 7, 1700000000000, 'firing', group_file, group_name, rule, labels,
      sample_labels, value, state, active_at, fired_at, keep_firing_since, resolved_at,
      last_sent_at, valid_until, annotations, reason, missing FROM alerts WHERE missing = 7;
    INSERT INTO events SELECT 8, at + 1, 'resolved', group_file, group_name, rule, labels,
      sample_labels, value, state, active_at, fired_at, keep_firing_since, resolved_at,
      last_sent_at, valid_until, annotations, reason, missing FROM events;
    INSERT INTO events SELECT 9, at, kind, group_file, group_name, rule, labels,
      sample_labels, value, state, active_at, fired_at, keep_firing_since, resolved_at,
      last_sent_at, valid_until, annotations, reason, missing FROM events WHERE id = 8;
    DELETE FROM events WHERE id = 9;
  )");
  ActiveAlert firing;
  firing.labels = Labels{{"alertname", "Down"}, {"instance", "\n\"a\""}};
  firing.sample_labels = Labels{{"__name__", "up"}, {"instance", "\n\"a\""}};
  firing.value = 0.1;
  firing.state = AlertState::kFiring;
  firing.active_at = 1;
  firing.fired_at = 2;
  firing.keep_firing_since = 3;
  firing.resolved_at = 4;
  firing.last_sent_at = 5;
  firing.valid_until = 6;
  firing.annotations = {{"summary", "it's down"}};
  firing.reason = AlertReason::kMissing;
  firing.missing = 7;
  const auto store = Open();
  BOOST_TEST(log.Count("not readable") == 1);
  const std::optional<AlertStore::Kept> kept = store->Take(kRule);
  BOOST_REQUIRE(kept);
  BOOST_TEST((kept->as_of == At(kNow)));
  BOOST_REQUIRE(kept->alerts.size() == 3U);
  const auto called = [&](const char* name, const char* value) -> const ActiveAlert& {
    return *std::find_if(kept->alerts.begin(), kept->alerts.end(),
                         [&](const ActiveAlert& alert) { return alert.labels.Get(name) == value; });
  };
  BOOST_TEST(IsSame(called("instance", "\n\"a\""), firing));
  BOOST_TEST(called("x", "y").value == -HUGE_VAL);
  BOOST_TEST(called("x", "y").sample_labels.empty());
  BOOST_TEST(std::isnan(called("n", "1").value));

  store->Record({EventOf(Firing("new"), AlertEvent::Kind::kFiring, kNow)});
  store->Flush();
  const auto events = store->Events({});
  BOOST_REQUIRE(events);
  BOOST_REQUIRE(events->size() == 3U);
  BOOST_TEST((*events)[0].id == 10);  // 9 has been given.
  BOOST_TEST((*events)[1].id == 8);
  BOOST_TEST(((*events)[1].event.kind == AlertEvent::Kind::kResolved));
  BOOST_TEST((*events)[1].event.at == kNow + 1);
  BOOST_TEST((*events)[2].id == 7);
  BOOST_TEST((*events)[2].event.source->group == "group");
  BOOST_TEST(IsSame((*events)[2].event.alert, firing));
}

BOOST_AUTO_TEST_CASE(RowsWithoutSenseCostOnlyThemselves) {
  Open()->Put(kRule, At(kNow), {Firing("a"), Firing("b"), Firing("c")}, {});
  Run("UPDATE alert_packs SET alerts = replace(alerts, '\"a is down\"', '7')");
  BOOST_TEST(TakeAlerts(*Open()).size() == 2U);
  BOOST_TEST(log.Count("not readable") == 1);
}

BOOST_AUTO_TEST_CASE(APackWithoutSenseIsLeftOutAndItsNumberNotUsedAgain) {
  const RuleKey other{"b.yaml", "group", "Down", "{}"};
  {
    const auto store = Open();
    store->Put(kRule, At(kNow), {Firing("a"), Firing("b")}, {});
    store->Put(other, At(kNow), {Firing("c")}, {});
  }
  Run("UPDATE alert_packs SET alerts = '[{' WHERE group_file = 'b.yaml'");
  Open()->Put(other, At(kNow), {Firing("d"), Firing("e")}, {});
  const auto store = Open();
  BOOST_TEST(log.Count("not readable") == 2);  // It stays, for somebody to look at.
  BOOST_TEST(TakeAlerts(*store).size() == 2U);
  BOOST_TEST(TakeAlerts(*store, other).size() == 2U);
}

BOOST_AUTO_TEST_CASE(EventsWithoutSenseCostOnlyThemselves) {
  std::vector<AlertEvent> events;
  for (const char* const instance : {"a", "b", "c"}) {
    events.push_back(EventOf(Firing(instance), AlertEvent::Kind::kFiring, kNow));
  }
  const auto store = Open();
  for (int i = 0; i < 4; ++i) store->Record(events);
  store->Flush();
  Run("UPDATE event_batches SET events = replace(events, '\"b is down\"', '7') WHERE id = 12;"
      "UPDATE event_batches SET events = '[' WHERE id = 9;"
      "UPDATE event_batches SET count = 4 WHERE id = 6;");
  BOOST_TEST(Ids(*store, {}) == (std::vector<std::int64_t>{12, 10, 3, 2, 1}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin

// A store of alerts, and alerts to put into it.

#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "base/sqlite.h"
#include "base/state_file.h"
#include "rules/alert_store.h"
#include "tests/support/fake_clock.h"
#include "tests/support/recorded_log.h"
#include "tests/support/temporary_folder.h"

namespace tocsin {

inline constexpr Millis kNow = 1'700'000'000'000;
inline const RuleKey kRule{"a.yaml", "group", "Down", "{}"};

inline TimePoint At(Millis millis) {
  return TimePoint(Duration(millis));
}

inline ActiveAlert Pending(const std::string& instance) {
  ActiveAlert alert;
  alert.labels = Labels{{"alertname", "Down"}, {"instance", instance}};
  alert.sample_labels = Labels{{"instance", instance}};
  alert.value = 1;
  alert.active_at = kNow;
  return alert;
}

inline ActiveAlert Firing(const std::string& instance) {
  ActiveAlert alert = Pending(instance);
  alert.state = AlertState::kFiring;
  alert.fired_at = kNow + 60'000;
  alert.last_sent_at = kNow + 60'000;
  alert.valid_until = kNow + 300'000;
  alert.annotations = {{"summary", instance + " is down"}};
  return alert;
}

inline AlertEvent EventOf(const ActiveAlert& alert, AlertEvent::Kind kind, Millis at) {
  AlertEvent event;
  event.kind = kind;
  event.at = at;
  event.source =
      std::make_shared<const EventSource>(EventSource{kRule.group_file, kRule.group, kRule.rule});
  event.alert = alert;
  return event;
}

/// A folder with a state file, and what a store needs.
struct AlertStoreFixture {
  TemporaryFolder folder;
  FakeClock clock{At(kNow)};
  RecordedLog log;
  AlertStore::Settings settings;

  std::filesystem::path file() const { return folder.path() / "alerts.db"; }

  std::unique_ptr<AlertStore> Open() { return OpenAt(file()); }
  std::unique_ptr<AlertStore> OpenAt(const std::filesystem::path& path) {
    auto store = AlertStore::Open(path, settings, clock, log.log());
    BOOST_REQUIRE_MESSAGE(store, (store ? "" : store.error().message));
    return std::move(*store);
  }
  Error Refusal() {
    const auto store = AlertStore::Open(file(), settings, clock, log.log());
    BOOST_REQUIRE(!store);
    return store.error();
  }

  /// The files as a kill -9 now would leave them, in another folder.
  std::filesystem::path AfterKill(const TemporaryFolder& copy) const {
    for (const char* const suffix : {"", "-wal"}) {
      const std::filesystem::path from = file().string() + suffix;
      if (std::filesystem::exists(from))
        std::filesystem::copy_file(from, copy.path() / from.filename());
    }
    return copy.path() / "alerts.db";
  }

  std::int64_t Number(const std::string& query) const {
    auto database = SqliteDatabase::Open(file(), SqliteDatabase::Mode::kReadOnly);
    BOOST_REQUIRE(database);
    const Result<std::int64_t> number = ReadInteger(*database, query);
    BOOST_REQUIRE_MESSAGE(number, (number ? "" : number.error().message));
    return *number;
  }
  /// The rows, with '|' between the columns as the sqlite3 shell prints them.
  std::vector<std::string> Rows(const std::string& query) const {
    auto database = SqliteDatabase::Open(file(), SqliteDatabase::Mode::kReadOnly);
    BOOST_REQUIRE(database);
    auto statement = database->Prepare(query);
    BOOST_REQUIRE_MESSAGE(statement, (statement ? "" : statement.error().message));
    std::vector<std::string> rows;
    for (;;) {
      const Result<bool> row = statement->Step();
      BOOST_REQUIRE_MESSAGE(row, (row ? "" : row.error().message));
      if (!*row) return rows;
      std::string& text = rows.emplace_back();
      for (int column = 0; column < statement->columns(); ++column) {
        text += (column == 0 ? "" : "|") + statement->Text(column);
      }
    }
  }

  void Run(const std::string& script) const {
    auto database = SqliteDatabase::Open(file(), SqliteDatabase::Mode::kReadWrite);
    BOOST_REQUIRE(database);
    const Status done = database->Execute(script);
    BOOST_REQUIRE_MESSAGE(done, (done ? "" : done.error().message));
  }
};

inline std::vector<ActiveAlert> TakeAlerts(AlertStore& store, const RuleKey& key = kRule) {
  std::optional<AlertStore::Kept> kept = store.Take(key);
  return kept ? std::move(kept->alerts) : std::vector<ActiveAlert>();
}

inline std::vector<std::int64_t> Ids(const AlertStore& store, const AlertStore::EventQuery& query) {
  const auto events = store.Events(query);
  BOOST_REQUIRE(events);
  std::vector<std::int64_t> ids;
  for (const AlertStore::StoredEvent& event : *events) ids.push_back(event.id);
  return ids;
}

inline Matcher Equal(std::string_view name, std::string_view value) {
  return *Matcher::Make(MatchType::kEqual, name, value);
}

}  // namespace tocsin

// The SQLite file with the state of alerts and the history of their changes.

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/sqlite.h"
#include "rules/active_alert.h"
#include "rules/alert_event.h"
#include "rules/alert_store.h"

namespace tocsin {

/// A group's file and name.
using GroupKey = std::pair<std::string, std::string>;

/// Alerts of one rule that are kept in one row.
struct AlertPack {
  std::int64_t id = 0;  ///< From 1.
  RuleKey rule;
  std::vector<ActiveAlert> alerts;
  std::size_t bytes = 0;  ///< Of their text.
};

/// Changes of alerts, in the order in which they happened, with ids that go up by one.
struct EventRun {
  std::int64_t first_id = 0;
  std::vector<AlertEvent> events;
};

/// One connection to the file, for its one writer. Errors are those of SqliteDatabase; kCorrupt
/// means that the file is damaged. docs/alert-state.md has the tables. One thread at a time.
class AlertFile {
 public:
  /// Opens or makes the file and brings its tables up to this version. Fails with kInvalidInput if
  /// it is of a newer version, or of another program.
  static Result<AlertFile> Open(const std::filesystem::path& path);
  /// Once that is requested everything fails with kTimeout, waits for somebody who has the file
  /// locked included.
  void SetGiveUp(std::stop_token give_up) { give_up_ = std::move(give_up); }

  struct Contents {
    std::vector<AlertPack> packs;  ///< By id.
    std::int64_t last_pack = 0;    ///< The greatest id of one, readable or not.
    std::map<GroupKey, TimePoint> evaluated;
    std::int64_t last_event = 0;  ///< The greatest id that an event has had.
    std::size_t unreadable = 0;   ///< Alerts that make no sense, and packs of which none does.
  };
  Result<Contents> Load();

  /// Makes one transaction of what `changes` writes. All or nothing; on the disk when it returns.
  Status Write(const std::function<Status()>& changes);

  // Only while Write() runs.

  /// `alerts` is an array of what AppendAlert() writes. One with that id is replaced.
  Status PutPack(std::int64_t id, const RuleKey& rule, std::string_view alerts);
  Status RemovePack(std::int64_t id);
  Status PutEvaluated(const GroupKey& group, TimePoint at);
  Status AddEvents(const EventRun& run);

  /// Drops events before `oldest`, and all but the newest `most`; not all at once, and only where
  /// nothing in their row shall stay. Says whether there may be more to drop.
  Result<bool> DropEvents(TimePoint oldest, std::size_t most);

  /// Events with an id below `below`, newest first. Uses a connection of its own, so that it can be
  /// called while the file is written.
  static Result<std::vector<AlertStore::StoredEvent>> ReadEvents(
      const std::filesystem::path& path, const AlertStore::EventQuery& query, std::int64_t below);

 private:
  struct Statements {
    SqliteStatement put_pack;
    SqliteStatement remove_pack;
    SqliteStatement evaluated;
    SqliteStatement add_events;
  };
  AlertFile(SqliteDatabase database, Statements statements)
      : database_(std::move(database)), statements_(std::move(statements)) {}
  static Result<Statements> PrepareAll(SqliteDatabase& database);
  Status AddBatch(const EventRun& run, std::size_t first, std::size_t count);
  void SetLimit();

  SqliteDatabase database_;
  Statements statements_;  // Go before the database.
  std::string text_;       ///< A member for its room.
  std::stop_token give_up_;
};

/// Whether the query asks for such an event, whatever its id.
bool Matches(const AlertStore::EventQuery& query, const AlertEvent& event);

}  // namespace tocsin

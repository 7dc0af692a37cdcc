// The SQLite file with the state of alerts and the history of their changes.

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/sqlite.h"
#include "rules/active_alert.h"
#include "rules/alert_store.h"

namespace tocsin {

/// A group's file and name.
using GroupKey = std::pair<std::string, std::string>;

/// What one transaction does. What is pointed to lives until the transaction is over.
struct AlertChanges {
  struct Row {
    const RuleKey* rule;
    const ActiveAlert* alert;
  };
  std::vector<Row> put;
  std::vector<Row> gone;  ///< Only their labels matter.
  std::map<GroupKey, TimePoint> evaluated;
  std::vector<const AlertStore::StoredEvent*> events;

  bool empty() const { return put.empty() && gone.empty() && evaluated.empty() && events.empty(); }
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
    std::map<RuleKey, std::vector<ActiveAlert>> alerts;
    std::map<GroupKey, TimePoint> evaluated;
    std::int64_t last_event = 0;  ///< The greatest id that an event has had.
    std::size_t unreadable = 0;   ///< Alerts whose row makes no sense.
  };
  Result<Contents> Load();

  /// All or nothing; on the disk when it returns.
  Status Write(const AlertChanges& changes);

  /// Drops events before `oldest`, and all but the newest `most`; not all at once. Says whether
  /// there may be more to drop.
  Result<bool> DropEvents(TimePoint oldest, std::size_t most);

  /// Events with an id below `below`, newest first. Uses a connection of its own, so that it can be
  /// called while the file is written.
  static Result<std::vector<AlertStore::StoredEvent>> ReadEvents(
      const std::filesystem::path& path, const AlertStore::EventQuery& query, std::int64_t below);

 private:
  struct Statements {
    SqliteStatement put;
    SqliteStatement remove;
    SqliteStatement evaluated;
    SqliteStatement add_event;
  };
  AlertFile(SqliteDatabase database, Statements statements)
      : database_(std::move(database)), statements_(std::move(statements)) {}
  static Result<Statements> PrepareAll(SqliteDatabase& database);
  Status WriteRows(const AlertChanges& changes);
  void SetLimit();

  SqliteDatabase database_;
  Statements statements_;  // Go before the database.
  std::stop_token give_up_;
};

/// Whether the query asks for such an event, whatever its id.
bool Matches(const AlertStore::EventQuery& query, const AlertEvent& event);

}  // namespace tocsin

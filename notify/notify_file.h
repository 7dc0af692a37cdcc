// The SQLite file with the notifier's state.

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/sqlite.h"
#include "notify/notify_rows.h"

namespace tocsin::notify {

/// One connection to the file, for its one writer. Errors are those of SqliteDatabase; kCorrupt
/// means that the file is damaged. docs/notify-state.md has the tables. One thread at a time.
class NotifyFile {
 public:
  /// How long to wait for somebody who has the file locked, such as a person with the sqlite3
  /// shell.
  static constexpr Duration kLongestWait = std::chrono::seconds(10);
  /// Beyond that, for each row that is written: on a slow machine, too, much must get done at last.
  static constexpr Duration kLongestPerRow = std::chrono::milliseconds(1);
  /// All of the outbox and the log, on a slow machine.
  static constexpr Duration kLongestLoad = std::chrono::minutes(10);

  /// Opens or makes the file and brings its tables up to this version. Fails with kInvalidInput if
  /// it is of a newer version, or of another program.
  static Result<NotifyFile> Open(const std::filesystem::path& path);

  struct Contents {
    std::vector<NotifyChanges::Outbox> outbox;       ///< By id.
    std::vector<std::shared_ptr<const LogRow>> log;  ///< By id.
    std::vector<std::int64_t> unreadable_log;        ///< Ids. They count as unreadable.
    std::map<MemoryKey, std::shared_ptr<const MemoryRow>> memories;
    std::map<std::string, std::shared_ptr<const Silence>> silences;
    std::int64_t last_delivery = 0;  ///< The greatest ids there have been.
    std::int64_t last_record = 0;
    std::int64_t last_dead_letter = 0;
    std::size_t unreadable = 0;  ///< Rows that make no sense.
  };
  Result<Contents> Load();

  /// All or nothing; on the disk when it returns. Waits for a lock for `patience` at most.
  Status Write(const NotifyChanges& changes, Duration patience = kLongestWait);

  /// Drops records before `oldest`, and all but the newest `most`, and dead letters but the newest
  /// `most_letters`; not all at once. Says whether there may be more to drop.
  Result<bool> DropOld(TimePoint oldest, std::size_t most, std::size_t most_letters);

  /// Once that is requested everything fails with kTimeout.
  void SetGiveUp(std::stop_token give_up) { give_up_ = std::move(give_up); }

  /// For what reads through this connection.
  SqliteDatabase& database() { return database_; }

 private:
  struct Statements {
    SqliteStatement put_delivery;
    SqliteStatement set_attempts;
    SqliteStatement remove_deliveries;
    SqliteStatement put_log;
    SqliteStatement remove_log;
    SqliteStatement put_memory;
    SqliteStatement remove_memory;
    SqliteStatement put_silence;
    SqliteStatement remove_silence;
    SqliteStatement add_record;
    SqliteStatement find_record_alert;
    SqliteStatement add_record_alert;
    SqliteStatement add_dead_letter;
    SqliteStatement set_last_ids;
  };
  NotifyFile(SqliteDatabase database, Statements statements)
      : database_(std::move(database)), statements_(std::move(statements)) {}
  static Result<Statements> PrepareAll(SqliteDatabase& database);
  Status WriteRows(const NotifyChanges& changes);
  Status WriteOutbox(const NotifyChanges& changes);
  Status PutDelivery(const NotifyChanges::Outbox& delivery);
  Status WriteLog(const NotifyChanges& changes);
  Status PutLog(const LogRow& row);
  Status WriteMemories(const NotifyChanges& changes);
  Status WriteSilences(const NotifyChanges& changes);
  Status WriteHistory(const NotifyChanges& changes);
  Status WriteAlerts(const HistoryRecord& record);
  Status WriteDeadLetters(const NotifyChanges& changes);
  Status WriteLastIds(const NotifyChanges& changes);
  Result<std::int64_t> DropRecords(std::int64_t last);
  void SetLimit(Duration patience);

  SqliteDatabase database_;
  Statements statements_;  // Go before the database.
  std::stop_token give_up_;
};

}  // namespace tocsin::notify

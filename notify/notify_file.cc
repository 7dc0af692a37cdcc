#include "notify/notify_file.h"

#include <chrono>
#include <optional>
#include <string_view>

#include "notify/notify_schema.h"

namespace tocsin::notify {
namespace {

/// How many records one call drops, so that no transaction is long.
constexpr std::int64_t kMostDropped = 10'000;

TimePoint ToTime(std::int64_t millis) {
  return TimePoint(Duration(millis));
}

std::int64_t ToMillis(TimePoint time) {
  return time.time_since_epoch().count();
}

void Bind(SqliteStatement& statement, int number, const Destination& destination) {
  statement.Bind(number, destination.receiver);
  statement.Bind(number + 1, destination.entry);
}

Destination ReadDestination(const SqliteStatement& row, int column) {
  return {row.Text(column), row.Text(column + 1)};
}

/// Calls `take` with each row of `query`; it says whether the row made sense.
template <class Take>
Status ForEachRow(SqliteDatabase& database, std::string_view query, std::size_t& unreadable,
                  const Take& take) {
  Result<SqliteStatement> rows = database.Prepare(query);
  if (!rows) return rows.error();
  for (;;) {
    const Result<bool> row = rows->Step();
    if (!row) return row.error();
    if (!*row) return {};
    if (!take(*rows)) ++unreadable;
  }
}

Status LoadOutbox(SqliteDatabase& database, NotifyFile::Contents& contents) {
  return ForEachRow(database,
                    "SELECT id, receiver, entry, key, created_at, attempts, notification "
                    "FROM outbox ORDER BY id",
                    contents.unreadable, [&](const SqliteStatement& row) {
                      auto delivery = std::make_shared<OutboxRow>();
                      delivery->destination = ReadDestination(row, 1);
                      delivery->key = row.Text(3);
                      delivery->created_at = ToTime(row.Integer(4));
                      delivery->notification = row.Text(6);
                      contents.outbox.push_back({.id = row.Integer(0),
                                                 .row = std::move(delivery),
                                                 .attempts = static_cast<int>(row.Integer(5))});
                      return true;
                    });
}

Status LoadLog(SqliteDatabase& database, NotifyFile::Contents& contents) {
  return ForEachRow(
      database,
      "SELECT group_key, receiver, entry, at, firing, resolved, expires_at, notification, believed "
      "FROM log",
      contents.unreadable, [&](const SqliteStatement& row) {
        std::optional<std::vector<std::uint64_t>> firing = FingerprintsFromText(row.Text(4));
        std::optional<std::vector<std::uint64_t>> resolved = FingerprintsFromText(row.Text(5));
        std::optional<std::vector<std::uint64_t>> believed = FingerprintsFromText(row.Text(8));
        if (!firing || !resolved || !believed) return false;
        auto told = std::make_shared<LogRow>();
        told->entry = {ToTime(row.Integer(3)), std::move(*firing), std::move(*resolved),
                       std::move(*believed)};
        told->expires = ToTime(row.Integer(6));
        told->notification = row.Text(7);
        contents.log[{row.Text(0), ReadDestination(row, 1)}] = std::move(told);
        return true;
      });
}

Status LoadMemories(SqliteDatabase& database, NotifyFile::Contents& contents) {
  return ForEachRow(database, "SELECT receiver, entry, key, used_at, memory FROM memories",
                    contents.unreadable, [&](const SqliteStatement& row) {
                      auto memory = std::make_shared<MemoryRow>();
                      memory->used_at = ToTime(row.Integer(3));
                      memory->memory = row.Text(4);
                      contents.memories[{ReadDestination(row, 0), row.Text(2)}] = std::move(memory);
                      return true;
                    });
}

Status LoadSilences(SqliteDatabase& database, NotifyFile::Contents& contents) {
  return ForEachRow(
      database,
      "SELECT id, matchers, starts_at, ends_at, updated_at, created_by, comment FROM silences",
      contents.unreadable, [&](const SqliteStatement& row) {
        std::optional<LabelMatchers> matchers = MatchersFromJson(row.Text(1));
        if (!matchers) return false;
        auto silence = std::make_shared<Silence>();
        silence->id = row.Text(0);
        silence->matchers = std::move(*matchers);
        silence->starts_at = ToTime(row.Integer(2));
        silence->ends_at = ToTime(row.Integer(3));
        silence->updated_at = ToTime(row.Integer(4));
        silence->created_by = row.Text(5);
        silence->comment = row.Text(6);
        contents.silences[silence->id] = std::move(silence);
        return true;
      });
}

Result<std::int64_t> LastId(SqliteDatabase& database, const std::string& table) {
  return ReadInteger(database, "SELECT seq FROM sqlite_sequence WHERE name = '" + table + "'");
}

Status LoadLastIds(SqliteDatabase& database, NotifyFile::Contents& contents) {
  const Result<std::int64_t> delivery = LastId(database, "outbox");
  if (!delivery) return delivery.error();
  const Result<std::int64_t> record = LastId(database, "history");
  if (!record) return record.error();
  const Result<std::int64_t> letter = LastId(database, "dead_letters");
  if (!letter) return letter.error();
  contents.last_delivery = *delivery;
  contents.last_record = *record;
  contents.last_dead_letter = *letter;
  return {};
}

}  // namespace

Result<NotifyFile> NotifyFile::Open(const std::filesystem::path& path) {
  Result<SqliteDatabase> database = OpenStateFile(path, NotifySchema(), kLongestWait);
  if (!database) return database.error();
  Result<Statements> statements = PrepareAll(*database);
  if (!statements) return statements.error();
  return NotifyFile(std::move(*database), std::move(*statements));
}

Result<NotifyFile::Statements> NotifyFile::PrepareAll(SqliteDatabase& database) {
  // In the order of the members of Statements.
  constexpr std::string_view kTexts[] = {
      R"(INSERT OR REPLACE INTO outbox (id, receiver, entry, key, created_at, attempts,
          notification) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7))",
      "UPDATE outbox SET attempts = ?2 WHERE id = ?1",
      "DELETE FROM outbox WHERE id = ?1",
      R"(INSERT OR REPLACE INTO log (group_key, receiver, entry, at, firing, resolved, expires_at,
          notification, believed) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9))",
      "DELETE FROM log WHERE group_key = ?1 AND receiver = ?2 AND entry = ?3",
      R"(INSERT OR REPLACE INTO memories (receiver, entry, key, used_at, memory)
          VALUES (?1, ?2, ?3, ?4, ?5))",
      "DELETE FROM memories WHERE receiver = ?1 AND entry = ?2 AND key = ?3",
      R"(INSERT OR REPLACE INTO silences (id, matchers, starts_at, ends_at, updated_at, created_by,
          comment) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7))",
      "DELETE FROM silences WHERE id = ?1",
      R"(INSERT INTO history (id, at, receiver, entry, event_id, group_key, key, reason, firing,
          state, answer, attempt) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12))",
      "INSERT OR IGNORE INTO history_alerts (event_id, alert) VALUES (?1, ?2)",
      R"(INSERT INTO dead_letters (id, at, receiver, entry, answer, notification)
          VALUES (?1, ?2, ?3, ?4, ?5, ?6))"};
  std::vector<SqliteStatement> all;
  all.reserve(std::size(kTexts));
  for (const std::string_view text : kTexts) {
    Result<SqliteStatement> statement = database.Prepare(text);
    if (!statement) return statement.error();
    all.push_back(std::move(*statement));
  }
  auto next = std::make_move_iterator(all.begin());
  return Statements{.put_delivery = *next++,
                    .set_attempts = *next++,
                    .remove_delivery = *next++,
                    .put_log = *next++,
                    .remove_log = *next++,
                    .put_memory = *next++,
                    .remove_memory = *next++,
                    .put_silence = *next++,
                    .remove_silence = *next++,
                    .add_record = *next++,
                    .add_record_alert = *next++,
                    .add_dead_letter = *next++};
}

Result<NotifyFile::Contents> NotifyFile::Load() {
  SetLimit(kLongestLoad);
  Contents contents;
  for (const auto load : {&LoadOutbox, &LoadLog, &LoadMemories, &LoadSilences, &LoadLastIds}) {
    if (const Status loaded = load(database_, contents); !loaded) return loaded.error();
  }
  return contents;
}

Status NotifyFile::Write(const NotifyChanges& changes, Duration patience) {
  SetLimit(patience);
  Status written = database_.Execute("BEGIN IMMEDIATE");
  if (!written) return written;
  SetLimit(patience + static_cast<Duration::rep>(changes.rows()) * kLongestPerRow);
  written = WriteRows(changes);
  if (written) written = database_.Execute("COMMIT");
  // Fails if SQLite has rolled back by itself, as it does when the disk is full.
  if (!written) static_cast<void>(database_.Execute("ROLLBACK"));
  return written;
}

Status NotifyFile::WriteRows(const NotifyChanges& changes) {
  for (const auto write :
       {&NotifyFile::WriteOutbox, &NotifyFile::WriteLog, &NotifyFile::WriteMemories,
        &NotifyFile::WriteSilences, &NotifyFile::WriteHistory, &NotifyFile::WriteDeadLetters}) {
    if (Status written = (this->*write)(changes); !written) return written;
  }
  return {};
}

Status NotifyFile::WriteOutbox(const NotifyChanges& changes) {
  for (const NotifyChanges::Outbox& delivery : changes.outbox) {
    SqliteStatement* statement = &statements_.remove_delivery;
    if (delivery.row != nullptr && !delivery.is_new) {
      statement = &statements_.set_attempts;
      statement->Bind(2, std::int64_t{delivery.attempts});
    } else if (delivery.row != nullptr) {
      statement = &statements_.put_delivery;
      Bind(*statement, 2, delivery.row->destination);
      statement->Bind(4, delivery.row->key);
      statement->Bind(5, ToMillis(delivery.row->created_at));
      statement->Bind(6, std::int64_t{delivery.attempts});
      statement->Bind(7, delivery.row->notification);
    }
    statement->Bind(1, delivery.id);
    if (Status done = Run(*statement); !done) return done;
  }
  return {};
}

Status NotifyFile::WriteLog(const NotifyChanges& changes) {
  for (const auto& [key, row] : changes.log) {
    SqliteStatement& statement = row != nullptr ? statements_.put_log : statements_.remove_log;
    statement.Bind(1, key.first);
    Bind(statement, 2, key.second);
    if (row != nullptr) {
      statement.Bind(4, ToMillis(row->entry.at));
      statement.Bind(5, FingerprintsToText(row->entry.firing));
      statement.Bind(6, FingerprintsToText(row->entry.resolved));
      statement.Bind(7, ToMillis(row->expires));
      statement.Bind(8, row->notification);
      statement.Bind(9, FingerprintsToText(row->entry.believed));
    }
    if (Status done = Run(statement); !done) return done;
  }
  return {};
}

Status NotifyFile::WriteMemories(const NotifyChanges& changes) {
  for (const auto& [key, row] : changes.memories) {
    SqliteStatement& statement =
        row != nullptr ? statements_.put_memory : statements_.remove_memory;
    Bind(statement, 1, key.first);
    statement.Bind(3, key.second);
    if (row != nullptr) {
      statement.Bind(4, ToMillis(row->used_at));
      statement.Bind(5, row->memory);
    }
    if (Status done = Run(statement); !done) return done;
  }
  return {};
}

Status NotifyFile::WriteSilences(const NotifyChanges& changes) {
  for (const auto& [id, row] : changes.silences) {
    SqliteStatement& statement =
        row != nullptr ? statements_.put_silence : statements_.remove_silence;
    statement.Bind(1, id);
    if (row != nullptr) {
      statement.Bind(2, MatchersToJson(row->matchers));
      statement.Bind(3, ToMillis(row->starts_at));
      statement.Bind(4, ToMillis(row->ends_at));
      statement.Bind(5, ToMillis(row->updated_at));
      statement.Bind(6, row->created_by);
      statement.Bind(7, row->comment);
    }
    if (Status done = Run(statement); !done) return done;
  }
  return {};
}

Status NotifyFile::WriteHistory(const NotifyChanges& changes) {
  for (const HistoryRecord& record : changes.history) {
    SqliteStatement& add = statements_.add_record;
    add.Bind(1, record.id);
    add.Bind(2, ToMillis(record.at));
    Bind(add, 3, record.destination);
    add.Bind(5, record.event_id);
    add.Bind(6, record.group_key);
    add.Bind(7, record.key);
    add.Bind(8, Name(record.reason));
    add.Bind(9, std::int64_t{record.firing ? 1 : 0});
    add.Bind(10, Name(record.state));
    add.Bind(11, record.answer);
    add.Bind(12, std::int64_t{record.attempt});
    if (Status added = Run(add); !added) return added;
    statements_.add_record_alert.Bind(1, record.event_id);
    for (const std::uint64_t alert : record.alerts) {
      statements_.add_record_alert.Bind(2, static_cast<std::int64_t>(alert));
      if (Status added = Run(statements_.add_record_alert); !added) return added;
    }
  }
  return {};
}

Status NotifyFile::WriteDeadLetters(const NotifyChanges& changes) {
  for (const DeadLetter& letter : changes.dead_letters) {
    SqliteStatement& add = statements_.add_dead_letter;
    add.Bind(1, letter.id);
    add.Bind(2, ToMillis(letter.at));
    Bind(add, 3, letter.destination);
    add.Bind(5, letter.answer);
    add.Bind(6, ToJson(letter.notification));
    if (Status added = Run(add); !added) return added;
  }
  return {};
}

Result<bool> NotifyFile::DropOld(TimePoint oldest, std::size_t most, std::size_t most_letters) {
  SetLimit(kLongestWait);
  // The last record that is too old, or too many, but no more than a transaction should drop.
  Result<SqliteStatement> last = database_.Prepare(
      "SELECT min(max(coalesce((SELECT max(id) FROM history WHERE at < ?1), 0), max(id) - ?2), "
      "min(id) + ?3 - 1) FROM history");
  if (!last) return last.error();
  last->Bind(1, ToMillis(oldest));
  last->Bind(2, static_cast<std::int64_t>(most));
  last->Bind(3, kMostDropped);
  const Result<bool> row = last->Step();
  if (!row) return row.error();
  const std::int64_t id = last->Integer(0);
  last->Reset();
  Status dropped = database_.Execute("BEGIN IMMEDIATE");
  if (!dropped) return dropped.error();
  dropped = DropRecords(id);
  const std::int64_t count = database_.changes();
  if (dropped) {
    dropped = database_.Execute(
        "DELETE FROM dead_letters WHERE id <= (SELECT max(id) FROM dead_letters) - " +
        std::to_string(most_letters));
  }
  if (dropped) dropped = database_.Execute("COMMIT");
  if (!dropped) {
    static_cast<void>(database_.Execute("ROLLBACK"));
    return dropped.error();
  }
  return count >= kMostDropped;
}

/// All up to `last`. A later record of the same event keeps the event's alerts.
Status NotifyFile::DropRecords(std::int64_t last) {
  Result<SqliteStatement> alerts = database_.Prepare(
      "DELETE FROM history_alerts WHERE event_id IN (SELECT event_id FROM history AS old "
      "WHERE id <= ?1 AND NOT EXISTS (SELECT 1 FROM history WHERE event_id = old.event_id "
      "AND id > ?1))");
  if (!alerts) return alerts.error();
  alerts->Bind(1, last);
  if (Status dropped = Run(*alerts); !dropped) return dropped;
  Result<SqliteStatement> records = database_.Prepare("DELETE FROM history WHERE id <= ?1");
  if (!records) return records.error();
  records->Bind(1, last);
  return Run(*records);
}

void NotifyFile::SetLimit(Duration patience) {
  database_.SetLimit(SystemClock().SteadyNow() + patience, give_up_);
}

}  // namespace tocsin::notify

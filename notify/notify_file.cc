#include "notify/notify_file.h"

#include <chrono>
#include <iterator>
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

/// Both must stay until the statement has run.
void BindBorrowed(SqliteStatement& statement, int number, const Destination& destination) {
  statement.BindBorrowed(number, destination.receiver);
  statement.BindBorrowed(number + 1, destination.entry);
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
                    "SELECT id, created_at, outbox.attempts, outbox.notification IS NULL, "
                    "coalesce(outbox.receiver, log.receiver), coalesce(outbox.entry, log.entry), "
                    "coalesce(key, group_key), coalesce(outbox.notification, log.notification) "
                    "FROM outbox LEFT JOIN log USING (id) ORDER BY id",
                    contents.unreadable, [&](const SqliteStatement& row) {
                      auto delivery = std::make_shared<OutboxRow>();
                      delivery->created_at = ToTime(row.Integer(1));
                      delivery->destination = ReadDestination(row, 4);
                      delivery->key = row.Text(6);
                      delivery->notification = std::make_shared<const std::string>(row.Text(7));
                      contents.outbox.push_back({.id = row.Integer(0),
                                                 .row = std::move(delivery),
                                                 .attempts = static_cast<int>(row.Integer(2)),
                                                 .is_in_log = row.Integer(3) != 0});
                      return true;
                    });
}

Status LoadLog(SqliteDatabase& database, NotifyFile::Contents& contents) {
  return ForEachRow(
      database,
      "SELECT id, group_key, receiver, entry, at, firing, resolved, believed, expires_at, "
      "notification FROM log ORDER BY id",
      contents.unreadable, [&](const SqliteStatement& row) {
        std::optional<std::vector<std::uint64_t>> firing = FingerprintsFromText(row.Text(5));
        std::optional<std::vector<std::uint64_t>> resolved = FingerprintsFromText(row.Text(6));
        std::optional<std::vector<std::uint64_t>> believed = FingerprintsFromText(row.Text(7));
        if (!firing || !resolved || !believed) {
          contents.unreadable_log.push_back(row.Integer(0));
          return false;
        }
        auto told = std::make_shared<LogRow>();
        told->id = row.Integer(0);
        told->key = {row.Text(1), ReadDestination(row, 2)};
        told->entry = {ToTime(row.Integer(4)), std::move(*firing), std::move(*resolved),
                       std::move(*believed)};
        told->expires = ToTime(row.Integer(8));
        if (!row.IsNull(9)) told->notification = std::make_shared<const std::string>(row.Text(9));
        contents.log.push_back(std::move(told));
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

/// Rows have the last word: ids may have been given to them by hand.
Status LoadLastIds(SqliteDatabase& database, NotifyFile::Contents& contents) {
  struct Last {
    std::string_view query;
    std::int64_t& id;
  };
  const Last all[] = {
      {"SELECT max(coalesce(max(delivery), 0), coalesce((SELECT max(id) FROM outbox), 0), "
       "coalesce((SELECT max(id) FROM log), 0)) FROM last_ids",
       contents.last_delivery},
      {"SELECT max(coalesce(max(record), 0), coalesce((SELECT max(id) FROM history), 0)) FROM "
       "last_ids",
       contents.last_record},
      {"SELECT seq FROM sqlite_sequence WHERE name = 'dead_letters'", contents.last_dead_letter}};
  for (const Last& last : all) {
    const Result<std::int64_t> id = ReadInteger(database, last.query);
    if (!id) return id.error();
    last.id = *id;
  }
  return {};
}

}  // namespace

Result<NotifyFile> NotifyFile::Open(const std::filesystem::path& path) {
  Result<SqliteDatabase> database = OpenStateFile(path, NotifySchema(), kLongestLoad);
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
      "DELETE FROM outbox WHERE id BETWEEN ?1 AND ?2",
      R"(INSERT OR REPLACE INTO log (id, group_key, receiver, entry, at, firing, resolved, believed,
          expires_at, notification) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10))",
      "DELETE FROM log WHERE id = ?1",
      R"(INSERT OR REPLACE INTO memories (receiver, entry, key, used_at, memory)
          VALUES (?1, ?2, ?3, ?4, ?5))",
      "DELETE FROM memories WHERE receiver = ?1 AND entry = ?2 AND key = ?3",
      R"(INSERT OR REPLACE INTO silences (id, matchers, starts_at, ends_at, updated_at, created_by,
          comment) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7))",
      "DELETE FROM silences WHERE id = ?1",
      R"(INSERT INTO history (id, at, receiver, entry, event_id, group_key, key, reason, firing,
          state, answer, attempt, alert, event)
          VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14))",
      "SELECT 1 FROM history_alerts WHERE event = ?1 LIMIT 1",
      "INSERT OR IGNORE INTO history_alerts (event, alert) VALUES (?1, ?2)",
      R"(INSERT INTO dead_letters (id, at, receiver, entry, answer, notification)
          VALUES (?1, ?2, ?3, ?4, ?5, ?6))",
      "UPDATE last_ids SET delivery = ?1, record = ?2"};
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
                    .remove_deliveries = *next++,
                    .put_log = *next++,
                    .remove_log = *next++,
                    .put_memory = *next++,
                    .remove_memory = *next++,
                    .put_silence = *next++,
                    .remove_silence = *next++,
                    .add_record = *next++,
                    .find_record_alert = *next++,
                    .add_record_alert = *next++,
                    .add_dead_letter = *next++,
                    .set_last_ids = *next++};
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
        &NotifyFile::WriteSilences, &NotifyFile::WriteHistory, &NotifyFile::WriteDeadLetters,
        &NotifyFile::WriteLastIds}) {
    if (Status written = (this->*write)(changes); !written) return written;
  }
  return {};
}

Status NotifyFile::WriteOutbox(const NotifyChanges& changes) {
  for (auto delivery = changes.outbox.begin(); delivery != changes.outbox.end(); ++delivery) {
    Status done;
    if (delivery->row == nullptr) {
      const std::int64_t first = delivery->id;
      while (std::next(delivery) != changes.outbox.end() &&
             std::next(delivery)->is_gone_with_previous) {
        ++delivery;
      }
      statements_.remove_deliveries.Bind(1, first);
      statements_.remove_deliveries.Bind(2, delivery->id);
      done = Run(statements_.remove_deliveries);
    } else if (delivery->is_new) {
      done = PutDelivery(*delivery);
    } else {
      statements_.set_attempts.Bind(1, delivery->id);
      statements_.set_attempts.Bind(2, std::int64_t{delivery->attempts});
      done = Run(statements_.set_attempts);
    }
    if (!done) return done;
  }
  return {};
}

Status NotifyFile::PutDelivery(const NotifyChanges::Outbox& delivery) {
  SqliteStatement& put = statements_.put_delivery;
  put.Bind(1, delivery.id);
  put.Bind(5, ToMillis(delivery.row->created_at));
  put.Bind(6, std::int64_t{delivery.attempts});
  if (delivery.is_in_log) {
    for (const int number : {2, 3, 4, 7}) put.Bind(number, nullptr);
  } else {
    BindBorrowed(put, 2, delivery.row->destination);
    put.BindBorrowed(4, delivery.row->key);
    put.BindBorrowed(7, *delivery.row->notification);
  }
  return Run(put);
}

Status NotifyFile::WriteLog(const NotifyChanges& changes) {
  for (const auto& [id, row] : changes.log) {
    SqliteStatement& statement = row != nullptr ? statements_.put_log : statements_.remove_log;
    statement.Bind(1, id);
    if (Status done = row != nullptr ? PutLog(*row) : Run(statement); !done) return done;
  }
  return {};
}

/// But for its id.
Status NotifyFile::PutLog(const LogRow& row) {
  SqliteStatement& put = statements_.put_log;
  const std::string firing = FingerprintsToText(row.entry.firing);
  const std::string resolved = FingerprintsToText(row.entry.resolved);
  const std::string believed = FingerprintsToText(row.entry.believed);
  put.BindBorrowed(2, row.key.first);
  BindBorrowed(put, 3, row.key.second);
  put.Bind(5, ToMillis(row.entry.at));
  put.BindBorrowed(6, firing);
  put.BindBorrowed(7, resolved);
  put.BindBorrowed(8, believed);
  put.Bind(9, ToMillis(row.expires));
  row.notification != nullptr ? put.BindBorrowed(10, *row.notification) : put.Bind(10, nullptr);
  return Run(put);
}

Status NotifyFile::WriteMemories(const NotifyChanges& changes) {
  for (const auto& [key, row] : changes.memories) {
    SqliteStatement& statement =
        row != nullptr ? statements_.put_memory : statements_.remove_memory;
    BindBorrowed(statement, 1, key.first);
    statement.BindBorrowed(3, key.second);
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
    BindBorrowed(add, 3, record.destination);
    add.BindBorrowed(5, record.event_id);
    add.BindBorrowed(6, record.group_key);
    record.key == record.group_key ? add.Bind(7, nullptr) : add.BindBorrowed(7, record.key);
    add.BindBorrowed(8, Name(record.reason));
    add.Bind(9, std::int64_t{record.firing ? 1 : 0});
    add.BindBorrowed(10, Name(record.state));
    add.BindBorrowed(11, record.answer);
    add.Bind(12, std::int64_t{record.attempt});
    const bool is_alone = record.alerts.size() == 1;
    is_alone ? add.Bind(13, static_cast<std::int64_t>(record.alerts.front()))
             : add.Bind(13, nullptr);
    is_alone ? add.Bind(14, nullptr) : add.Bind(14, record.first);
    if (Status added = Run(add); !added) return added;
    if (is_alone) continue;
    if (Status added = WriteAlerts(record); !added) return added;
  }
  return {};
}

/// Unless an earlier record of the event has brought them.
Status NotifyFile::WriteAlerts(const HistoryRecord& record) {
  if (record.first != record.id) {
    SqliteStatement& find = statements_.find_record_alert;
    find.Bind(1, record.first);
    const Result<bool> found = find.Step();
    find.Reset();
    if (!found) return found.error();
    if (*found) return {};
  }
  SqliteStatement& add = statements_.add_record_alert;
  add.Bind(1, record.first);
  for (const std::uint64_t alert : record.alerts) {
    add.Bind(2, static_cast<std::int64_t>(alert));
    if (Status added = Run(add); !added) return added;
  }
  return {};
}

Status NotifyFile::WriteDeadLetters(const NotifyChanges& changes) {
  for (const DeadLetter& letter : changes.dead_letters) {
    SqliteStatement& add = statements_.add_dead_letter;
    add.Bind(1, letter.id);
    add.Bind(2, ToMillis(letter.at));
    BindBorrowed(add, 3, letter.destination);
    add.Bind(5, letter.answer);
    add.Bind(6, ToJson(letter.notification));
    if (Status added = Run(add); !added) return added;
  }
  return {};
}

Status NotifyFile::WriteLastIds(const NotifyChanges& changes) {
  statements_.set_last_ids.Bind(1, changes.last_delivery);
  statements_.set_last_ids.Bind(2, changes.last_record);
  return Run(statements_.set_last_ids);
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
  const Result<std::int64_t> count = DropRecords(id);
  if (!count) dropped = count.error();
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
  return *count >= kMostDropped;
}

/// All up to `last`; says how many. A later record of the same event keeps the event's alerts.
Result<std::int64_t> NotifyFile::DropRecords(std::int64_t last) {
  Result<SqliteStatement> records = database_.Prepare("DELETE FROM history WHERE id <= ?1");
  if (!records) return records.error();
  records->Bind(1, last);
  if (Status dropped = Run(*records); !dropped) return dropped.error();
  const std::int64_t count = database_.changes();
  Result<SqliteStatement> alerts = database_.Prepare(
      "DELETE FROM history_alerts WHERE event <= ?1 "
      "AND event NOT IN (SELECT event FROM history WHERE event <= ?1)");
  if (!alerts) return alerts.error();
  alerts->Bind(1, last);
  if (Status dropped = Run(*alerts); !dropped) return dropped.error();
  return count;
}

void NotifyFile::SetLimit(Duration patience) {
  database_.SetLimit(SystemClock().SteadyNow() + patience, give_up_);
}

}  // namespace tocsin::notify

#include "rules/alert_file.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>

#include <fmt/format.h>

#include "rules/alert_row.h"
#include "rules/alert_schema.h"
#include "rules/text_object.h"

namespace tocsin {
namespace {

using StoredEvent = AlertStore::StoredEvent;

/// How long to wait for somebody who has the file locked, such as a person with the sqlite3 shell.
constexpr Duration kLongestWait = std::chrono::seconds(10);

/// How many events one call drops, so that no transaction is long.
constexpr std::int64_t kMostDropped = 10'000;

TimePoint ToTime(Millis millis) {
  return TimePoint(Duration(millis));
}

Millis ToMillis(TimePoint time) {
  return time.time_since_epoch().count();
}

/// "?1, ?2, ..."
std::string Parameters(int count) {
  std::string list;
  for (int number = 1; number <= count; ++number) {
    list += fmt::format("{}?{}", number == 1 ? "" : ", ", number);
  }
  return list;
}

void BindRule(SqliteStatement& statement, const RuleKey& key) {
  statement.Bind(1, key.group_file);
  statement.Bind(2, key.group);
  statement.Bind(3, key.rule);
  statement.Bind(4, key.labels);
}

Status LoadGroups(SqliteDatabase& database, AlertFile::Contents& contents) {
  Result<SqliteStatement> rows = database.Prepare("SELECT file, name, evaluated_at FROM groups");
  if (!rows) return rows.error();
  for (;;) {
    const Result<bool> row = rows->Step();
    if (!row) return row.error();
    if (!*row) return {};
    contents.evaluated[{rows->Text(0), rows->Text(1)}] = ToTime(rows->Integer(2));
  }
}

Status LoadAlerts(SqliteDatabase& database, AlertFile::Contents& contents) {
  Result<SqliteStatement> rows = database.Prepare(fmt::format(
      "SELECT group_file, group_name, rule, rule_labels, {} FROM alerts", kAlertColumns));
  if (!rows) return rows.error();
  for (;;) {
    const Result<bool> row = rows->Step();
    if (!row) return row.error();
    if (!*row) return {};
    std::optional<ActiveAlert> alert = ReadAlert(*rows, 4);
    if (!alert) {
      ++contents.unreadable;
      continue;
    }
    const RuleKey key{rows->Text(0), rows->Text(1), rows->Text(2), rows->Text(3)};
    contents.alerts[key].push_back(std::move(*alert));
  }
}

/// Which ids a query is about, newest first. An equality of `alertname` is found by index, because
/// it is the name of the rule. SQLite would rather go through all events than sort what an index
/// has found, and so it is told which index to use.
Result<SqliteStatement> SelectIds(SqliteDatabase& database, const AlertStore::EventQuery& query,
                                  std::int64_t below) {
  const auto named =
      std::find_if(query.matchers.begin(), query.matchers.end(), [](const Matcher& matcher) {
        return matcher.type() == MatchType::kEqual && matcher.name().text() == "alertname";
      });
  const bool has_rule = named != query.matchers.end();
  std::string text = "SELECT id FROM events ";
  if (has_rule) {
    text += "INDEXED BY events_rule ";
  } else if (query.start) {
    text += "INDEXED BY events_at ";
  }
  text += "WHERE id < ?1";
  if (query.start) text += " AND at >= ?2";
  if (query.end) text += " AND at <= ?3";
  if (has_rule) text += " AND rule = ?4";
  Result<SqliteStatement> ids = database.Prepare(text + " ORDER BY id DESC");
  if (!ids) return ids.error();
  ids->Bind(1, below);
  if (query.start) ids->Bind(2, *query.start);
  if (query.end) ids->Bind(3, *query.end);
  if (has_rule) ids->Bind(4, named->value());
  return ids;
}

std::optional<AlertEvent::Kind> KindCalled(std::string_view name) {
  using enum AlertEvent::Kind;
  for (const AlertEvent::Kind kind : {kPending, kFiring, kResolved, kDropped}) {
    if (Name(kind) == name) return kind;
  }
  return std::nullopt;
}

std::optional<StoredEvent> ReadEvent(const SqliteStatement& row) {
  const std::optional<AlertEvent::Kind> kind = KindCalled(row.Text(2));
  std::optional<ActiveAlert> alert = ReadAlert(row, 6);
  if (!kind || !alert) return std::nullopt;
  StoredEvent event;
  event.id = row.Integer(0);
  event.event.at = row.Integer(1);
  event.event.kind = *kind;
  event.event.group_file = row.Text(3);
  event.event.group = row.Text(4);
  event.event.rule = row.Text(5);
  event.event.alert = std::move(*alert);
  return event;
}

}  // namespace

bool Matches(const AlertStore::EventQuery& query, const AlertEvent& event) {
  if (query.start && event.at < *query.start) return false;
  if (query.end && event.at > *query.end) return false;
  const bool matches =
      std::all_of(query.matchers.begin(), query.matchers.end(), [&](const Matcher& matcher) {
        return matcher.Matches(event.alert.labels.Get(matcher.name()).text());
      });
  return matches && (!query.wanted || query.wanted(event.alert.labels));
}

Result<AlertFile> AlertFile::Open(const std::filesystem::path& path) {
  Result<SqliteDatabase> database = OpenStateFile(path, AlertSchema(), kLongestWait);
  if (!database) return database.error();
  Result<Statements> statements = PrepareAll(*database);
  if (!statements) return statements.error();
  return AlertFile(std::move(*database), std::move(*statements));
}

Result<AlertFile::Statements> AlertFile::PrepareAll(SqliteDatabase& database) {
  Result<SqliteStatement> put = database.Prepare(fmt::format(
      "INSERT OR REPLACE INTO alerts (group_file, group_name, rule, rule_labels, {}) VALUES ({})",
      kAlertColumns, Parameters(4 + kAlertColumnCount)));
  if (!put) return put.error();
  Result<SqliteStatement> remove = database.Prepare(
      "DELETE FROM alerts WHERE group_file = ?1 AND group_name = ?2 AND rule = ?3 "
      "AND rule_labels = ?4 AND labels = ?5");
  if (!remove) return remove.error();
  Result<SqliteStatement> evaluated = database.Prepare(
      "INSERT OR REPLACE INTO groups (file, name, evaluated_at) VALUES (?1, ?2, ?3)");
  if (!evaluated) return evaluated.error();
  Result<SqliteStatement> add_event = database.Prepare(
      fmt::format("INSERT INTO events (id, at, kind, group_file, group_name, rule, {}) VALUES ({})",
                  kAlertColumns, Parameters(6 + kAlertColumnCount)));
  if (!add_event) return add_event.error();
  return Statements{std::move(*put), std::move(*remove), std::move(*evaluated),
                    std::move(*add_event)};
}

Result<AlertFile::Contents> AlertFile::Load() {
  SetLimit();
  Contents contents;
  if (Status loaded = LoadGroups(database_, contents); !loaded) return loaded.error();
  if (Status loaded = LoadAlerts(database_, contents); !loaded) return loaded.error();
  const Result<std::int64_t> last =
      ReadInteger(database_, "SELECT seq FROM sqlite_sequence WHERE name = 'events'");
  if (!last) return last.error();
  contents.last_event = *last;
  return contents;
}

Status AlertFile::Write(const AlertChanges& changes) {
  SetLimit();
  Status written = database_.Execute("BEGIN IMMEDIATE");
  if (!written) return written;
  written = WriteRows(changes);
  if (written) written = database_.Execute("COMMIT");
  // Fails if SQLite has rolled back by itself, as it does when the disk is full.
  if (!written) static_cast<void>(database_.Execute("ROLLBACK"));
  return written;
}

Status AlertFile::WriteRows(const AlertChanges& changes) {
  for (const AlertChanges::Row& row : changes.gone) {
    BindRule(statements_.remove, *row.rule);
    statements_.remove.Bind(5, ToTextObject(row.alert->labels));
    if (Status removed = Run(statements_.remove); !removed) return removed;
  }
  for (const AlertChanges::Row& row : changes.put) {
    BindRule(statements_.put, *row.rule);
    BindAlert(statements_.put, 5, *row.alert);
    if (Status put = Run(statements_.put); !put) return put;
  }
  for (const auto& [group, at] : changes.evaluated) {
    statements_.evaluated.Bind(1, group.first);
    statements_.evaluated.Bind(2, group.second);
    statements_.evaluated.Bind(3, ToMillis(at));
    if (Status kept = Run(statements_.evaluated); !kept) return kept;
  }
  for (const StoredEvent* event : changes.events) {
    SqliteStatement& add = statements_.add_event;
    add.Bind(1, event->id);
    add.Bind(2, event->event.at);
    add.Bind(3, Name(event->event.kind));
    add.Bind(4, event->event.group_file);
    add.Bind(5, event->event.group);
    add.Bind(6, event->event.rule);
    BindAlert(add, 7, event->event.alert);
    if (Status added = Run(add); !added) return added;
  }
  return {};
}

Result<bool> AlertFile::DropEvents(TimePoint oldest, std::size_t most) {
  SetLimit();
  Result<SqliteStatement> drop = database_.Prepare(
      "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE at < ?1 LIMIT ?3) "
      "OR id IN (SELECT id FROM events WHERE id <= (SELECT max(id) FROM events) - ?2 LIMIT ?3)");
  if (!drop) return drop.error();
  drop->Bind(1, ToMillis(oldest));
  drop->Bind(2, static_cast<std::int64_t>(most));
  drop->Bind(3, kMostDropped);
  if (Status dropped = Run(*drop); !dropped) return dropped.error();
  return database_.changes() >= kMostDropped;
}

void AlertFile::SetLimit() {
  database_.SetLimit(SystemClock().SteadyNow() + kLongestWait, give_up_);
}

Result<std::vector<StoredEvent>> AlertFile::ReadEvents(const std::filesystem::path& path,
                                                       const AlertStore::EventQuery& query,
                                                       std::int64_t below) {
  Result<SqliteDatabase> database = SqliteDatabase::Open(path, SqliteDatabase::Mode::kReadOnly);
  if (!database) return database.error();
  database->SetLimit(SystemClock().SteadyNow() + kLongestWait, {});
  Result<SqliteStatement> ids = SelectIds(*database, query, below);
  if (!ids) return ids.error();
  Result<SqliteStatement> row = database->Prepare(
      fmt::format("SELECT id, at, kind, group_file, group_name, rule, {} FROM events WHERE id = ?1",
                  kAlertColumns));
  if (!row) return row.error();
  std::vector<StoredEvent> events;
  while (events.size() < query.limit) {
    const Result<bool> id = ids->Step();
    if (!id) return id.error();
    if (!*id) break;
    row->Reset();
    row->Bind(1, ids->Integer(0));
    const Result<bool> found = row->Step();
    if (!found) return found.error();
    if (!*found) continue;
    std::optional<StoredEvent> event = ReadEvent(*row);
    if (event && Matches(query, event->event)) events.push_back(std::move(*event));
  }
  return events;
}

}  // namespace tocsin

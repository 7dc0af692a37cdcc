#include "rules/alert_file.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>

#include "rules/alert_json.h"
#include "rules/alert_schema.h"

namespace tocsin {
namespace {

using StoredEvent = AlertStore::StoredEvent;

/// How long to wait for somebody who has the file locked, such as a person with the sqlite3 shell.
constexpr Duration kLongestWait = std::chrono::seconds(10);

/// How many rows of events one call drops, so that no transaction is long.
constexpr std::int64_t kMostDropped = 2000;

/// Of events in a row: few rows for many events, and few events to read for one page of them, or to
/// lose with a row that is damaged.
constexpr std::size_t kMostInBatch = 100;

TimePoint ToTime(Millis millis) {
  return TimePoint(Duration(millis));
}

Millis ToMillis(TimePoint time) {
  return time.time_since_epoch().count();
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

/// What of a row can be read; what cannot is counted.
std::vector<ActiveAlert> ReadPack(std::string_view json, std::size_t& unreadable) {
  std::vector<ActiveAlert> alerts;
  const std::optional<AlertArray> array = AlertArray::Parse(json);
  if (!array) ++unreadable;
  for (std::size_t i = 0; array && i < array->size(); ++i) {
    if (std::optional<ActiveAlert> alert = array->AlertAt(i)) {
      alerts.push_back(std::move(*alert));
    } else {
      ++unreadable;
    }
  }
  return alerts;
}

Status LoadPacks(SqliteDatabase& database, AlertFile::Contents& contents) {
  Result<SqliteStatement> rows = database.Prepare(
      "SELECT id, group_file, group_name, rule, rule_labels, alerts FROM alert_packs ORDER BY id");
  if (!rows) return rows.error();
  for (;;) {
    const Result<bool> row = rows->Step();
    if (!row) return row.error();
    if (!*row) return {};
    contents.last_pack = rows->Integer(0);
    const std::string json = rows->Text(5);
    std::vector<ActiveAlert> alerts = ReadPack(json, contents.unreadable);
    if (alerts.empty()) continue;
    contents.packs.push_back({.id = rows->Integer(0),
                              .rule = {rows->Text(1), rows->Text(2), rows->Text(3), rows->Text(4)},
                              .alerts = std::move(alerts),
                              .bytes = json.size()});
  }
}

/// Which rows hold what a query is about, newest first. An equality of `alertname` is found by
/// index, because it is the name of the rule. SQLite would rather go through all rows than sort
/// what an index has found, and so it is told which index to use.
Result<SqliteStatement> SelectIds(SqliteDatabase& database, const AlertStore::EventQuery& query,
                                  std::int64_t below) {
  const auto named =
      std::find_if(query.matchers.begin(), query.matchers.end(), [](const Matcher& matcher) {
        return matcher.type() == MatchType::kEqual && matcher.name().text() == "alertname";
      });
  const bool has_rule = named != query.matchers.end();
  std::string text = "SELECT id FROM event_batches ";
  if (has_rule) {
    text += "INDEXED BY event_batches_rule ";
  } else if (query.start) {
    text += "INDEXED BY event_batches_at ";
  }
  // A row is called by its last event: the first one that is not below may begin below.
  text += "WHERE id <= coalesce((SELECT min(id) FROM event_batches WHERE id >= ?1), ?1)";
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

/// Adds to `events` what a row holds for `query`, newest first. What makes no sense is left out; of
/// a row that holds another number of events than it says, nobody knows which is which.
void AddMatching(const SqliteStatement& row, const AlertStore::EventQuery& query,
                 std::int64_t below, std::vector<StoredEvent>& events) {
  const std::optional<AlertArray> array = AlertArray::Parse(row.Text(6));
  if (!array || static_cast<std::int64_t>(array->size()) != row.Integer(1)) return;
  const auto source =
      std::make_shared<const EventSource>(EventSource{row.Text(3), row.Text(4), row.Text(5)});
  std::int64_t id = row.Integer(0);
  for (std::size_t i = array->size(); i-- > 0 && events.size() < query.limit; --id) {
    if (id >= below) continue;
    const std::optional<AlertEvent::Kind> kind = array->KindAt(i);
    std::optional<ActiveAlert> alert = array->AlertAt(i);
    if (!kind || !alert) continue;
    AlertEvent event{
        .kind = *kind, .at = row.Integer(2), .source = source, .alert = std::move(*alert)};
    if (Matches(query, event)) events.push_back({id, std::move(event)});
  }
}

bool GoTogether(const AlertEvent& a, const AlertEvent& b) {
  return a.at == b.at && (a.source == b.source || *a.source == *b.source);
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
  Result<SqliteStatement> put_pack = database.Prepare(
      "INSERT OR REPLACE INTO alert_packs (id, group_file, group_name, rule, rule_labels, alerts) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
  if (!put_pack) return put_pack.error();
  Result<SqliteStatement> remove_pack = database.Prepare("DELETE FROM alert_packs WHERE id = ?1");
  if (!remove_pack) return remove_pack.error();
  Result<SqliteStatement> evaluated = database.Prepare(
      "INSERT OR REPLACE INTO groups (file, name, evaluated_at) VALUES (?1, ?2, ?3)");
  if (!evaluated) return evaluated.error();
  Result<SqliteStatement> add_events = database.Prepare(
      "INSERT INTO event_batches (id, count, at, group_file, group_name, rule, events) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
  if (!add_events) return add_events.error();
  return Statements{std::move(*put_pack), std::move(*remove_pack), std::move(*evaluated),
                    std::move(*add_events)};
}

Result<AlertFile::Contents> AlertFile::Load() {
  SetLimit();
  Contents contents;
  if (Status loaded = LoadGroups(database_, contents); !loaded) return loaded.error();
  if (Status loaded = LoadPacks(database_, contents); !loaded) return loaded.error();
  const Result<std::int64_t> last =
      ReadInteger(database_, "SELECT seq FROM sqlite_sequence WHERE name = 'event_batches'");
  if (!last) return last.error();
  contents.last_event = *last;
  return contents;
}

Status AlertFile::Write(const std::function<Status()>& changes) {
  SetLimit();
  Status written = database_.Execute("BEGIN IMMEDIATE");
  if (!written) return written;
  written = changes();
  if (written) written = database_.Execute("COMMIT");
  // Fails if SQLite has rolled back by itself, as it does when the disk is full.
  if (!written) static_cast<void>(database_.Execute("ROLLBACK"));
  return written;
}

Status AlertFile::PutPack(std::int64_t id, const RuleKey& rule, std::string_view alerts) {
  SqliteStatement& put = statements_.put_pack;
  put.Bind(1, id);
  put.Bind(2, rule.group_file);
  put.Bind(3, rule.group);
  put.Bind(4, rule.rule);
  put.Bind(5, rule.labels);
  put.Bind(6, alerts);
  return Run(put);
}

Status AlertFile::RemovePack(std::int64_t id) {
  statements_.remove_pack.Bind(1, id);
  return Run(statements_.remove_pack);
}

Status AlertFile::PutEvaluated(const GroupKey& group, TimePoint at) {
  statements_.evaluated.Bind(1, group.first);
  statements_.evaluated.Bind(2, group.second);
  statements_.evaluated.Bind(3, ToMillis(at));
  return Run(statements_.evaluated);
}

Status AlertFile::AddEvents(const EventRun& run) {
  std::size_t first = 0;
  while (first < run.events.size()) {
    const std::size_t most = std::min(kMostInBatch, run.events.size() - first);
    std::size_t count = 1;
    while (count < most && GoTogether(run.events[first], run.events[first + count])) ++count;
    if (Status added = AddBatch(run, first, count); !added) return added;
    first += count;
  }
  return {};
}

Status AlertFile::AddBatch(const EventRun& run, std::size_t first, std::size_t count) {
  text_.clear();
  char before = '[';
  for (std::size_t i = first; i < first + count; ++i) {
    text_ += before;
    AppendEvent(text_, run.events[i].kind, run.events[i].alert);
    before = ',';
  }
  text_ += ']';
  const AlertEvent& event = run.events[first];
  SqliteStatement& add = statements_.add_events;
  add.Bind(1, run.first_id + static_cast<std::int64_t>(first + count - 1));
  add.Bind(2, static_cast<std::int64_t>(count));
  add.Bind(3, event.at);
  add.Bind(4, event.source->group_file);
  add.Bind(5, event.source->group);
  add.Bind(6, event.source->rule);
  add.Bind(7, text_);
  return Run(add);
}

Result<bool> AlertFile::DropEvents(TimePoint oldest, std::size_t most) {
  SetLimit();
  // A row is called by its last event, and so is not dropped while one of them shall stay.
  Result<SqliteStatement> drop = database_.Prepare(
      "DELETE FROM event_batches WHERE "
      "id IN (SELECT id FROM event_batches WHERE at < ?1 LIMIT ?3) OR "
      "id IN (SELECT id FROM event_batches "
      "WHERE id <= (SELECT max(id) FROM event_batches) - ?2 LIMIT ?3)");
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
      "SELECT id, count, at, group_file, group_name, rule, events FROM event_batches "
      "WHERE id = ?1");
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
    if (*found) AddMatching(*row, query, below, events);
  }
  return events;
}

}  // namespace tocsin

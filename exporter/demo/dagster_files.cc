#include "exporter/demo/dagster_files.h"

#include <array>
#include <cstddef>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "exporter/demo/bodies.h"
#include "exporter/demo/schema.h"

namespace tocsin::demo {
namespace {

// Dagster's own setting. A reader never waits for the writer, nor the other way round.
constexpr std::string_view kPragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;";

Result<SqliteDatabase> OpenFile(const std::filesystem::path& file, std::string_view schema) {
  Result<SqliteDatabase> database = SqliteDatabase::Open(file, SqliteDatabase::Mode::kReadWrite);
  if (!database) return database.error().Within("opening " + file.string());
  for (const std::string_view script : {kPragmas, schema}) {
    if (Status done = database->Execute(std::string(script)); !done) {
      return done.error().Within("preparing " + file.string());
    }
  }
  return database;
}

/// NULL where Dagster has no value.
template <class Value>
Value Optional(const std::string& text) {
  if (text.empty()) return nullptr;
  return text;
}

template <class Value>
Value Optional(std::optional<TimePoint> moment) {
  if (!moment) return nullptr;
  return UnixSeconds(*moment);
}

/// "a","b": run ids need no escapes.
std::string QuotedList(const std::vector<std::string>& run_ids) {
  std::string list;
  for (const std::string& run_id : run_ids) {
    list += fmt::format("{}\"{}\"", list.empty() ? "" : ",", run_id);
  }
  return list;
}

/// The first column of all rows.
Result<std::vector<std::string>> ReadTexts(SqliteDatabase& database, std::string_view query) {
  Result<SqliteStatement> statement = database.Prepare(query);
  if (!statement) return statement.error();
  std::vector<std::string> texts;
  for (;;) {
    const Result<bool> row = statement->Step();
    if (!row) return row.error();
    if (!*row) return texts;
    texts.push_back(statement->Text(0));
  }
}

}  // namespace

std::string NaiveTime(TimePoint moment) {
  const auto day = std::chrono::floor<std::chrono::days>(moment);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(moment - day);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:06}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count(),
                     std::chrono::microseconds(time.subseconds()).count());
}

DagsterFiles::DagsterFiles(SqliteDatabase runs, SqliteDatabase events, SqliteDatabase schedules)
    : runs_(std::move(runs)), events_(std::move(events)), schedules_(std::move(schedules)) {}

Result<DagsterFiles> DagsterFiles::Open(const std::filesystem::path& home) {
  for (const char* const folder : {"history/runs", "schedules"}) {
    std::error_code failure;
    std::filesystem::create_directories(home / folder, failure);
    if (failure) {
      return Error{ErrorCode::kUnavailable,
                   fmt::format("cannot make {}: {}", (home / folder).string(), failure.message())};
    }
  }
  Result<SqliteDatabase> runs = OpenFile(home / "history" / "runs.db", kRunsSchema);
  if (!runs) return runs.error();
  Result<SqliteDatabase> events = OpenFile(home / "history" / "runs" / "index.db", kEventsSchema);
  if (!events) return events.error();
  Result<SqliteDatabase> schedules =
      OpenFile(home / "schedules" / "schedules.db", kSchedulesSchema);
  if (!schedules) return schedules.error();
  return DagsterFiles(std::move(*runs), std::move(*events), std::move(*schedules));
}

Status DagsterFiles::ExecuteOnAll(const std::string& script) {
  Status first;
  for (SqliteDatabase* const database : {&runs_, &events_, &schedules_}) {
    Status done = database->Execute(script);
    if (!done && first) first = std::move(done);
  }
  return first;
}

Status DagsterFiles::Begin() {
  round_ = {};
  Status begun = ExecuteOnAll("BEGIN IMMEDIATE");
  if (!begun) (void)ExecuteOnAll("ROLLBACK");
  return begun;
}

Status DagsterFiles::Commit() {
  if (round_) return ExecuteOnAll("COMMIT");
  (void)ExecuteOnAll("ROLLBACK");
  return std::exchange(round_, {});
}

void DagsterFiles::Write(SqliteDatabase& database, std::string_view statement,
                         std::initializer_list<Value> values) {
  if (!round_) return;
  Result<SqliteStatement> prepared = database.Prepare(statement);
  if (!prepared) {
    round_ = prepared.error();
    return;
  }
  int number = 0;
  for (const Value& value : values) {
    ++number;
    std::visit([&](const auto& typed) { prepared->Bind(number, typed); }, value);
  }
  if (const Result<bool> done = prepared->Step(); !done) round_ = done.error();
}

Result<std::vector<Run>> DagsterFiles::ReadUnfinishedRuns() {
  Result<SqliteStatement> statement = runs_.Prepare(
      "SELECT run_id, pipeline_name, status, partition, backfill_id, start_time FROM runs "
      "WHERE status IN ('QUEUED', 'STARTING', 'STARTED', 'CANCELING') ORDER BY id");
  if (!statement) return statement.error();
  std::vector<Run> runs;
  for (;;) {
    const Result<bool> row = statement->Step();
    if (!row) return row.error();
    if (!*row) return runs;
    Run run{.id = statement->Text(0),
            .job = statement->Text(1),
            .status = statement->Text(2),
            .partition = statement->Text(3),
            .backfill = statement->Text(4),
            .created = {},
            .updated = {},
            .started = {},
            .ended = {}};
    if (!statement->IsNull(5)) {
      run.started = TimePoint(
          std::chrono::round<Duration>(std::chrono::duration<double>(statement->Number(5))));
    }
    runs.push_back(std::move(run));
  }
}

Result<std::optional<TimePoint>> DagsterFiles::ReadLastHeartbeat(std::string_view daemon) {
  Result<SqliteStatement> statement = runs_.Prepare(
      "SELECT CAST(strftime('%s', timestamp) AS INTEGER) FROM daemon_heartbeats "
      "WHERE daemon_type = $1");
  if (!statement) return statement.error();
  statement->Bind(1, daemon);
  const Result<bool> row = statement->Step();
  if (!row) return row.error();
  if (!*row) return std::optional<TimePoint>();
  return std::optional(TimePoint(std::chrono::seconds(statement->Integer(0))));
}

Result<std::vector<std::string>> DagsterFiles::ReadOpenBackfills() {
  return ReadTexts(runs_, "SELECT key FROM bulk_actions WHERE status = 'REQUESTED' ORDER BY id");
}

Result<std::int64_t> DagsterFiles::CountRuns() {
  Result<SqliteStatement> statement = runs_.Prepare("SELECT count(*) FROM runs");
  if (!statement) return statement.error();
  if (const Result<bool> row = statement->Step(); !row) return row.error();
  return statement->Integer(0);
}

void DagsterFiles::AddRun(const Run& run, std::initializer_list<Tag> tags) {
  Write(runs_,
        "INSERT INTO runs (run_id, pipeline_name, status, run_body, partition, backfill_id, "
        "create_timestamp, update_timestamp, start_time, end_time) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        {run.id, run.job, run.status, RunBody(run), Optional<Value>(run.partition),
         Optional<Value>(run.backfill), NaiveTime(run.created), NaiveTime(run.updated),
         Optional<Value>(run.started), Optional<Value>(run.ended)});
  AddTag(run.id, {".dagster/repository", "__repository__@demo_shop"});
  AddTag(run.id, {"dagster/code_location", kLocation});
  for (const Tag& tag : tags) AddTag(run.id, tag);
}

void DagsterFiles::UpdateRun(const Run& run) {
  Write(runs_,
        "UPDATE runs SET status = $2, run_body = $3, update_timestamp = $4, start_time = $5, "
        "end_time = $6 WHERE run_id = $1",
        {run.id, run.status, RunBody(run), NaiveTime(run.updated), Optional<Value>(run.started),
         Optional<Value>(run.ended)});
}

void DagsterFiles::AddTag(const std::string& run_id, Tag tag) {
  Write(runs_, "INSERT INTO run_tags (run_id, key, value) VALUES ($1, $2, $3)",
        {run_id, std::string(tag.key), std::string(tag.value)});
}

void DagsterFiles::AddRunEvent(const Run& run, std::string_view type, TimePoint at) {
  Write(events_,
        "INSERT INTO event_logs (run_id, event, dagster_event_type, timestamp) "
        "VALUES ($1, $2, $3, $4)",
        {run.id, RunEventBody(run, type, at), std::string(type), NaiveTime(at)});
}

void DagsterFiles::Beat(std::string_view daemon, std::string_view daemon_id, TimePoint at,
                        std::string_view error) {
  Write(runs_,
        "INSERT INTO daemon_heartbeats (daemon_type, daemon_id, timestamp, body) "
        "VALUES ($1, $2, $3, $4) ON CONFLICT (daemon_type) DO UPDATE SET "
        "daemon_id = excluded.daemon_id, timestamp = excluded.timestamp, body = excluded.body",
        {std::string(daemon), std::string(daemon_id), NaiveTime(at),
         HeartbeatBody(daemon, daemon_id, at, error)});
}

void DagsterFiles::SetInstigator(const Instigator& instigator, TimePoint at) {
  const bool is_schedule = instigator.kind == InstigatorKind::kSchedule;
  Write(schedules_,
        "INSERT INTO instigators (selector_id, repository_selector_id, status, instigator_type, "
        "instigator_body, update_timestamp) VALUES ($1, $2, $3, $4, $5, $6) "
        "ON CONFLICT (selector_id) DO UPDATE SET status = excluded.status, "
        "instigator_body = excluded.instigator_body, update_timestamp = excluded.update_timestamp",
        {SelectorId(instigator.name), SelectorId(kLocation), std::string(instigator.status),
         std::string(is_schedule ? "SCHEDULE" : "SENSOR"), InstigatorBody(instigator, at),
         NaiveTime(at)});
}

void DagsterFiles::AddTick(const Instigator& instigator, const Tick& tick) {
  const bool is_schedule = instigator.kind == InstigatorKind::kSchedule;
  Write(schedules_,
        "INSERT INTO job_ticks (job_origin_id, selector_id, status, type, timestamp, tick_body) "
        "VALUES ($1, $1, $2, $3, $4, $5)",
        {SelectorId(instigator.name), std::string(tick.status),
         std::string(is_schedule ? "SCHEDULE" : "SENSOR"), NaiveTime(tick.at),
         TickBody(instigator, tick)});
}

void DagsterFiles::SetBackfill(const std::string& key, std::string_view status,
                               std::string_view job, TimePoint created,
                               std::optional<TimePoint> ended) {
  Write(runs_,
        "INSERT INTO bulk_actions (key, status, timestamp, body, action_type, job_name) "
        "VALUES ($1, $2, $3, $4, 'PARTITION_BACKFILL', $5) "
        "ON CONFLICT (key) DO UPDATE SET status = excluded.status, body = excluded.body",
        {key, std::string(status), NaiveTime(created), BackfillBody(key, status, created, ended),
         std::string(job)});
}

void DagsterFiles::AddMaterialization(std::string_view asset, const Run& run, TimePoint at) {
  Write(
      events_,
      "INSERT INTO event_logs (run_id, event, dagster_event_type, timestamp, asset_key) "
      "VALUES ($1, $2, 'ASSET_MATERIALIZATION', $3, $4)",
      {run.id, RunEventBody(run, "ASSET_MATERIALIZATION", at), NaiveTime(at), std::string(asset)});
  Write(
      events_,
      "INSERT INTO asset_keys (asset_key, last_materialization, last_run_id, "
      "last_materialization_timestamp) VALUES ($1, $2, $3, $4) ON CONFLICT (asset_key) DO UPDATE "
      "SET last_materialization = excluded.last_materialization, "
      "last_run_id = excluded.last_run_id, "
      "last_materialization_timestamp = excluded.last_materialization_timestamp",
      {std::string(asset), RunEventBody(run, "ASSET_MATERIALIZATION", at), run.id, NaiveTime(at)});
}

void DagsterFiles::AddCheck(std::string_view asset, std::string_view check, const Run& run,
                            bool passed, TimePoint at) {
  Write(events_,
        "INSERT INTO asset_check_executions (asset_key, check_name, run_id, execution_status, "
        "evaluation_event_timestamp) VALUES ($1, $2, $3, $4, $5)",
        {std::string(asset), std::string(check), run.id,
         std::string(passed ? "SUCCEEDED" : "FAILED"), NaiveTime(at)});
}

void DagsterFiles::AddPool(std::string_view pool, int limit, TimePoint at) {
  Write(events_,
        "INSERT INTO concurrency_limits (concurrency_key, \"limit\", update_timestamp, "
        "create_timestamp) VALUES ($1, $2, $3, $3) ON CONFLICT (concurrency_key) DO NOTHING",
        {std::string(pool), std::int64_t{limit}, NaiveTime(at)});
  Write(events_,
        "WITH RECURSIVE slot(number) AS (VALUES (1) UNION ALL SELECT number + 1 FROM slot WHERE "
        "number < $2) INSERT INTO concurrency_slots (concurrency_key, deleted, create_timestamp) "
        "SELECT $1, 0, $3 FROM slot WHERE NOT EXISTS (SELECT 1 FROM concurrency_slots WHERE "
        "concurrency_key = $1)",
        {std::string(pool), std::int64_t{limit}, NaiveTime(at)});
}

void DagsterFiles::SetPoolUse(std::string_view pool, const std::vector<std::string>& holding,
                              const std::vector<std::string>& waiting, TimePoint at) {
  const std::string key(pool);
  Write(events_,
        "UPDATE concurrency_slots SET run_id = NULL, step_key = NULL WHERE concurrency_key = $1",
        {key});
  for (const std::string& run_id : holding) {
    Write(events_,
          "UPDATE concurrency_slots SET run_id = $2, step_key = 'load' WHERE id = (SELECT id FROM "
          "concurrency_slots WHERE concurrency_key = $1 AND run_id IS NULL ORDER BY id LIMIT 1)",
          {key, run_id});
  }
  Write(events_,
        "DELETE FROM pending_steps WHERE concurrency_key = $1 "
        "AND run_id NOT IN (SELECT value FROM json_each($2))",
        {key, fmt::format("[{}]", QuotedList(waiting))});
  for (const std::string& run_id : waiting) {
    Write(events_,
          "INSERT INTO pending_steps (concurrency_key, run_id, step_key, priority, "
          "create_timestamp) VALUES ($1, $2, 'load', 0, $3) ON CONFLICT DO NOTHING",
          {key, run_id, NaiveTime(at)});
  }
}

}  // namespace tocsin::demo

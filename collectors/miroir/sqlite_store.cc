#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "collectors/miroir/task_store.h"

namespace tocsin::collectors::miroir {
namespace {

constexpr std::array<std::string_view, 1> kOperations = {"get"};

// Each reads a bounded number of rows, or as many as are configured in Miroir. Times are Unix
// milliseconds. Source: Miroir's crates/miroir-core/migrations.
constexpr const char* kSchema = "SELECT max(version) FROM schema_versions";
constexpr const char* kLease = "SELECT holder, expires_at FROM leader_lease WHERE scope = $1";
// jobs_created_at; nothing indexes the state, and jobs that are done stay.
constexpr const char* kQueue =
    "SELECT type, count(*), min(created_at) FROM (SELECT type, state, created_at FROM jobs ORDER "
    "BY created_at DESC LIMIT 10000) WHERE state = 'queued' GROUP BY type LIMIT 1000";
// A trigger keeps the last hundred runs of each canary.
constexpr const char* kCanaries =
    "SELECT canary_id, max(ran_at), status FROM canary_runs GROUP BY canary_id LIMIT 201";
constexpr const char* kNamedCanaries =
    "SELECT canary_id, max(ran_at), status FROM canary_runs WHERE canary_id IN "
    "(SELECT value FROM json_each($1)) GROUP BY canary_id";
constexpr const char* kCursors =
    "SELECT sink_name, index_uid, updated_at FROM cdc_cursors LIMIT 1000";
// mode_b_operations_scope.
constexpr const char* kOperation =
    "SELECT phase_started_at FROM mode_b_operations WHERE scope = $1 AND status IN ('running', "
    "'paused') ORDER BY updated_at DESC LIMIT 1";

std::string AsJson(const std::vector<std::string>& texts) {
  return boost::json::serialize(boost::json::array(texts.begin(), texts.end()));
}

class SqliteStore final : public TaskStore {
 public:
  SqliteStore(StoreSettings settings, std::unique_ptr<SqlConnection> connection, const Clock& clock)
      : settings_(std::move(settings)), connection_(std::move(connection)), clock_(clock) {}

  std::string_view backend() const override { return "sqlite"; }
  std::span<const std::string_view> operations() const override { return kOperations; }
  Status MakeReady(const Attempt& attempt) override;
  Status Probe(std::string_view operation, const Attempt& attempt) override;
  Result<Reading> Read(const Attempt& attempt) override;

 private:
  /// A topic: its name, and what reads it.
  struct Topic {
    std::string_view name;
    Status (SqliteStore::*read)(const Attempt& attempt, Reading& reading) const;
  };

  Status ReadQueue(const Attempt& attempt, Reading& reading) const;
  Status ReadLeases(const Attempt& attempt, Reading& reading) const;
  Status ReadCanaries(const Attempt& attempt, Reading& reading) const;
  Status ReadCursors(const Attempt& attempt, Reading& reading) const;
  Status ReadOperations(const Attempt& attempt, Reading& reading) const;

  const StoreSettings settings_;
  const std::unique_ptr<SqlConnection> connection_;
  const Clock& clock_;
};

Status SqliteStore::MakeReady(const Attempt& attempt) {
  const Result<SqlRows> rows = connection_->Query("SELECT 1", {}, attempt);
  if (!rows) return rows.error();
  return {};
}

Status SqliteStore::Probe(std::string_view /*operation*/, const Attempt& attempt) {
  const Result<SqlRows> rows = connection_->Query(
      kLease, std::array{SqlParameter(std::string("drift_reconciler"))}, attempt);
  if (!rows) return rows.error();
  return {};
}

Result<Reading> SqliteStore::Read(const Attempt& attempt) {
  Reading reading;
  // The file is on this host, whose clock wrote its times.
  reading.now = UnixSeconds(clock_.Now());
  const Result<SqlRows> version = connection_->Query(kSchema, {}, attempt);
  if (!version) return version.error();
  if (!version->empty()) reading.schema_version = version->Number(0, 0);
  constexpr std::array kTopics = {
      Topic{"queue", &SqliteStore::ReadQueue},
      Topic{"leases", &SqliteStore::ReadLeases},
      Topic{"canaries", &SqliteStore::ReadCanaries},
      Topic{"cursors", &SqliteStore::ReadCursors},
      Topic{"operations", &SqliteStore::ReadOperations},
  };
  for (const Topic& topic : kTopics) {
    const Status read = (this->*topic.read)(attempt, reading);
    if (read) continue;
    if (!connection_->is_open() || attempt.stop.stop_requested()) return read.error();
    reading.parts.push_back({std::string(topic.name), read});
  }
  return reading;
}

Status SqliteStore::ReadQueue(const Attempt& attempt, Reading& reading) const {
  const Result<SqlRows> rows = connection_->Query(kQueue, {}, attempt);
  if (!rows) return rows.error();
  QueueSample sample;
  double depth = 0;
  for (std::size_t row = 0; row < rows->size(); ++row) {
    const double count = rows->Number(row, 1).value_or(0);
    sample.depth_by_type[std::string(rows->Text(row, 0))] = count;
    depth += count;
    if (const std::optional<double> created = rows->Number(row, 2)) {
      sample.oldest_at = std::min(sample.oldest_at.value_or(*created / 1000), *created / 1000);
    }
  }
  reading.queue_depth = depth;
  reading.sample = std::move(sample);
  return {};
}

Status SqliteStore::ReadLeases(const Attempt& attempt, Reading& reading) const {
  for (const std::string& scope : settings_.lease_scopes) {
    const Result<SqlRows> rows =
        connection_->Query(kLease, std::array{SqlParameter(scope)}, attempt);
    if (!rows) return rows.error();
    Leader& leader = reading.leaders[scope];
    if (rows->empty()) continue;
    // A lease that ran out leaves its row behind.
    const double ttl = rows->Number(0, 1).value_or(0) / 1000 - reading.now;
    if (ttl <= 0) continue;
    leader.holder = rows->Text(0, 0);
    leader.ttl_seconds = ttl;
  }
  return {};
}

Status SqliteStore::ReadCanaries(const Attempt& attempt, Reading& reading) const {
  const std::vector<std::string>& named = settings_.canaries;
  const Result<SqlRows> rows =
      named.empty()
          ? connection_->Query(kCanaries, {}, attempt)
          : connection_->Query(kNamedCanaries, std::array{SqlParameter(AsJson(named))}, attempt);
  if (!rows) return rows.error();
  if (named.empty() && rows->size() > kMostCanaries) return TooManyCanaries();
  for (std::size_t row = 0; row < rows->size(); ++row) {
    std::string canary(rows->Text(row, 0));
    const std::optional<double> ran_at = rows->Number(row, 1);
    if (!ran_at) continue;
    reading.canaries.push_back({std::move(canary), *ran_at / 1000, rows->Text(row, 2) == "passed"});
  }
  return {};
}

Status SqliteStore::ReadCursors(const Attempt& attempt, Reading& reading) const {
  const Result<SqlRows> rows = connection_->Query(kCursors, {}, attempt);
  if (!rows) return rows.error();
  for (std::size_t row = 0; row < rows->size(); ++row) {
    const std::optional<double> updated = rows->Number(row, 2);
    if (!updated) continue;
    reading.cursors.push_back(
        {std::string(rows->Text(row, 0)), std::string(rows->Text(row, 1)), *updated / 1000});
  }
  return {};
}

Status SqliteStore::ReadOperations(const Attempt& attempt, Reading& reading) const {
  for (const std::string& scope : settings_.operation_scopes) {
    const Result<SqlRows> rows =
        connection_->Query(kOperation, std::array{SqlParameter(scope)}, attempt);
    if (!rows) return rows.error();
    const std::optional<double> started = rows->empty() ? std::nullopt : rows->Number(0, 0);
    if (!started) continue;
    reading.operations.push_back({scope, std::max(0.0, reading.now - *started / 1000)});
  }
  return {};
}

}  // namespace

std::unique_ptr<TaskStore> MakeSqliteStore(StoreSettings settings,
                                           std::unique_ptr<SqlConnection> connection,
                                           const Clock& clock) {
  return std::make_unique<SqliteStore>(std::move(settings), std::move(connection), clock);
}

}  // namespace tocsin::collectors::miroir

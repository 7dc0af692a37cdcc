// Task stores of Miroir's for tests.

#pragma once

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <boost/test/unit_test.hpp>

#include "base/sqlite.h"
#include "collectors/miroir/task_store.h"
#include "collectors/sql/sqlite_connection.h"
#include "tests/collectors/redis/canned_redis.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temporary_folder.h"

namespace tocsin::collectors::miroir {

using redis::CannedConnection;
using redis::CannedRedis;
using redis::ErrorReply;
using redis::IntegerReply;
using redis::ListReply;
using redis::NilReply;
using redis::TextReply;

inline RedisReply StatusReply(std::string text) {
  return {RedisReply::Kind::kStatus, 0, std::move(text)};
}

/// The time that a canned Redis tells.
inline constexpr double kServerNow = 1'576'800'000;

/// The reading of a store that must answer.
inline Reading ReadingOf(TaskStore& store) {
  Result<Reading> reading = store.Read(LongAttempt());
  BOOST_TEST_REQUIRE(static_cast<bool>(reading), (reading ? "" : reading.error().message));
  return std::move(*reading);
}

/// "queue; lease ilm": what went wrong with a reading.
inline std::string FailedParts(const Reading& reading) {
  std::string failed;
  for (const SourceReport& part : reading.parts) {
    failed += (failed.empty() ? "" : "; ") + part.source;
  }
  return failed;
}

/// A SQLite store with Miroir's tables, as far as they are read.
class SqliteFile {
 public:
  SqliteFile() {
    Execute(
        "CREATE TABLE schema_versions (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL);"
        "CREATE TABLE jobs (id TEXT PRIMARY KEY, type TEXT NOT NULL, params TEXT NOT NULL, state "
        "TEXT NOT NULL, claimed_by TEXT, claim_expires_at INTEGER, progress TEXT NOT NULL, "
        "parent_job_id TEXT, chunk_index INTEGER, total_chunks INTEGER, created_at INTEGER);"
        "CREATE INDEX jobs_created_at ON jobs(created_at);"
        "CREATE TABLE leader_lease (scope TEXT PRIMARY KEY, holder TEXT NOT NULL, expires_at "
        "INTEGER NOT NULL);"
        "CREATE TABLE canary_runs (canary_id TEXT NOT NULL, ran_at INTEGER NOT NULL, status TEXT "
        "NOT NULL, latency_ms INTEGER NOT NULL, failed_assertions_json TEXT, PRIMARY KEY "
        "(canary_id, ran_at));"
        "CREATE TABLE cdc_cursors (sink_name TEXT NOT NULL, index_uid TEXT NOT NULL, "
        "last_event_seq INTEGER NOT NULL, updated_at INTEGER NOT NULL, PRIMARY KEY (sink_name, "
        "index_uid));"
        "CREATE TABLE mode_b_operations (operation_id TEXT PRIMARY KEY, operation_type TEXT NOT "
        "NULL, scope TEXT NOT NULL, phase TEXT NOT NULL, phase_started_at INTEGER NOT NULL, "
        "created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, state_json TEXT NOT NULL, "
        "status TEXT NOT NULL);"
        "CREATE INDEX mode_b_operations_scope ON mode_b_operations(scope);"
        "INSERT INTO schema_versions VALUES (5, 0), (6, 0)");
  }

  std::filesystem::path path() const { return folder_.path() / "miroir.db"; }

  void Execute(const std::string& statements) const {
    Result<SqliteDatabase> file = SqliteDatabase::Open(path(), SqliteDatabase::Mode::kReadWrite);
    if (!file) throw std::runtime_error(file.error().message);
    const Status done = file->Execute(statements);
    if (!done) throw std::runtime_error(done.error().message);
  }

  std::unique_ptr<TaskStore> Open(const StoreSettings& settings, const Clock& clock) const {
    return MakeSqliteStore(settings, std::make_unique<SqliteConnection>(path()), clock);
  }

 private:
  TemporaryFolder folder_;
};

}  // namespace tocsin::collectors::miroir

// Dagster's SQLite files, as Dagster itself writes them.

#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/sqlite.h"

namespace tocsin::demo {

/// A row of `runs`.
struct Run {
  std::string id;
  std::string job;
  std::string status;
  std::string partition;  ///< Empty: none. Likewise below.
  std::string backfill;
  TimePoint created;
  TimePoint updated;
  std::optional<TimePoint> started;
  std::optional<TimePoint> ended;
};

struct Tag {
  std::string_view key;
  std::string_view value;
};

enum class InstigatorKind { kSchedule, kSensor };

/// A schedule or sensor, as its rows in `instigators` and `job_ticks` describe it.
struct Instigator {
  InstigatorKind kind;
  std::string_view name;
  std::string_view status;  ///< RUNNING, STOPPED or DECLARED_IN_CODE.
  std::string_view cron = {};
};

/// One evaluation of an instigator.
struct Tick {
  std::string_view status;  ///< SKIPPED, SUCCESS or FAILURE.
  TimePoint at;
  std::string run_id;  ///< Empty: none was launched.
};

/// The three files that hold what concerns a whole installation. The per-run event files that
/// Dagster keeps beside them, and large bodies (run configurations, snapshots), are left out:
/// nobody who watches from outside reads them.
///
/// Writes happen between Begin() and Commit(). The first that fails makes the others do nothing,
/// and is reported by Commit(); nothing of that round is kept. One thread at a time.
class DagsterFiles {
 public:
  /// The name of the code location that the rows speak of.
  static constexpr std::string_view kLocation = "demo_shop";

  /// Opens the files below `home`, a DAGSTER_HOME, and makes what is missing.
  static Result<DagsterFiles> Open(const std::filesystem::path& home);

  Status Begin();
  Status Commit();

  /// Unfinished runs that the files already hold, oldest first; `created` and `updated` are not
  /// read.
  Result<std::vector<Run>> ReadUnfinishedRuns();
  /// When the daemon of that type last reported, to the second; nothing if never.
  Result<std::optional<TimePoint>> ReadLastHeartbeat(std::string_view daemon);
  /// Backfills that are still REQUESTED.
  Result<std::vector<std::string>> ReadOpenBackfills();
  Result<std::int64_t> CountRuns();

  void AddRun(const Run& run, std::initializer_list<Tag> tags);
  void UpdateRun(const Run& run);
  void AddTag(const std::string& run_id, Tag tag);
  void AddRunEvent(const Run& run, std::string_view type, TimePoint at);

  /// `error` is what the daemon complains about; empty for nothing.
  void Beat(std::string_view daemon, std::string_view daemon_id, TimePoint at,
            std::string_view error);

  /// Adds the instigator's row, or brings it up to date.
  void SetInstigator(const Instigator& instigator, TimePoint at);
  void AddTick(const Instigator& instigator, const Tick& tick);

  void SetBackfill(const std::string& key, std::string_view status, std::string_view job,
                   TimePoint created, std::optional<TimePoint> ended);

  /// `asset` is a JSON array, such as ["sales","orders"].
  void AddMaterialization(std::string_view asset, const Run& run, TimePoint at);
  void AddCheck(std::string_view asset, std::string_view check, const Run& run, bool passed,
                TimePoint at);

  /// Makes a pool of `limit` slots, unless it is there.
  void AddPool(std::string_view pool, int limit, TimePoint at);
  /// Says which runs hold the pool's slots (as many as it has, at most) and which wait.
  void SetPoolUse(std::string_view pool, const std::vector<std::string>& holding,
                  const std::vector<std::string>& waiting, TimePoint at);

 private:
  using Value = std::variant<std::nullptr_t, std::int64_t, double, std::string>;

  DagsterFiles(SqliteDatabase runs, SqliteDatabase events, SqliteDatabase schedules);

  void Write(SqliteDatabase& database, std::string_view statement,
             std::initializer_list<Value> values);
  Status ExecuteOnAll(const std::string& script);

  SqliteDatabase runs_;
  SqliteDatabase events_;
  SqliteDatabase schedules_;
  Status round_;
};

/// As Dagster writes naive UTC columns: "2026-01-02 03:04:05.678000".
std::string NaiveTime(TimePoint moment);

}  // namespace tocsin::demo

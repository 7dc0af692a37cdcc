// One collection's view of a Dagster database, whichever kind it is.

#pragma once

#include <array>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "collectors/collector.h"
#include "collectors/dagster/naive_time.h"
#include "collectors/sql/connection.h"

namespace tocsin::collectors::dagster {

enum class Dialect { kPostgres, kSqlite };

/// Dagster's three storages. In PostgreSQL they share a database; in SQLite each is a file.
enum class Store {
  kRuns,       ///< runs, run_tags, daemon_heartbeats, bulk_actions, instance_info.
  kEvents,     ///< event_logs, asset_keys, asset_check_executions and the concurrency tables.
  kSchedules,  ///< job_ticks and instigators.
};
inline constexpr std::size_t kStores = 3;

/// A statement that reads one store. "{now}" in the text stands for the source's clock in Unix
/// seconds: every statement that ages are computed from selects it beside the data, for AgeAt(). It
/// may only stand in a SELECT list, since a volatile function can never be an index condition.
struct Statement {
  Store store;
  std::string_view postgres;
  std::string_view sqlite = {};  ///< Where SQLite needs another text.
};

/// The connections to one Dagster database. One thread at a time.
struct Database {
  Dialect dialect;
  /// By Store. In PostgreSQL all three are the same connection.
  std::array<std::shared_ptr<SqlConnection>, kStores> connections;
};

/// The statements of one collection, all under its deadline, and what is known about the database's
/// clock. One thread at a time; what it refers to outlives it.
class Session {
 public:
  Session(Database& database, const Clock& clock, const Attempt& attempt)
      : database_(database), clock_(clock), attempt_(attempt) {}

  Dialect dialect() const { return database_.dialect; }

  /// Runs one statement. All texts of the answer are UTF-8: bytes that are not, as both databases
  /// can hold them, are replaced, since label values and saved state must be. Fails as
  /// SqlConnection::Query() does.
  Result<SqlRows> Query(const Statement& statement,
                        std::initializer_list<SqlParameter> parameters = {});

  /// Asks the source for the time. To be called once, before Now().
  Status ReadClock();

  /// The source's clock: what it said at ReadClock(), and the time that has passed since. For
  /// bounds that are parameters, and for what is due; ages come from AgeAt().
  Moment Now() const;

  /// The source's clock minus ours, at the middle between question and answer. In seconds.
  double clock_skew_seconds() const { return clock_skew_seconds_; }

  /// By how much naive columns are ahead of UTC; 0 unless Dagster writes in another time zone.
  Microseconds naive_offset() const { return naive_offset_; }
  void set_naive_offset(Microseconds offset) { naive_offset_ = offset; }

  /// The true moment of a naive column, if it holds one.
  std::optional<Moment> NaiveAt(const SqlRows& rows, std::size_t row, std::size_t column) const;

  /// How a true moment looks in a naive column: for parameters.
  std::string Naive(Moment moment) const { return FormatNaive(moment + naive_offset_); }

 private:
  Database& database_;
  const Clock& clock_;
  const Attempt& attempt_;
  Moment source_now_{};
  SteadyPoint asked_at_{};
  double clock_skew_seconds_ = 0;
  Microseconds naive_offset_{};
};

/// A column that holds Unix seconds as a number, such as runs.start_time.
std::optional<Moment> EpochAt(const SqlRows& rows, std::size_t row, std::size_t column);

/// Seconds from `moment` to what the source's clock said in the same row, in a column that selects
/// "{now}". 0 for what is yet to come, as after a step of a clock, and without a moment. Our own
/// clock never enters an age, however wrong it is.
double AgeAt(const SqlRows& rows, std::size_t row, std::size_t now_column,
             std::optional<Moment> moment);

/// A parameter for a list of texts: `= ANY($1::text[])` in PostgreSQL, `IN (SELECT value FROM
/// json_each($1))` in SQLite. Likewise for whole numbers, with `bigint[]`.
std::string ListParameter(Dialect dialect, const std::vector<std::string>& texts);
std::string ListParameter(Dialect dialect, const std::vector<std::int64_t>& numbers);

}  // namespace tocsin::collectors::dagster

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
#include "collectors/sql/database_clock.h"
#include "collectors/sql/dialect.h"

namespace tocsin::collectors::dagster {

/// Dagster's three storages. In PostgreSQL they share a database; in SQLite each is a file.
enum class Store {
  kRuns,       ///< runs, run_tags, daemon_heartbeats, bulk_actions, instance_info.
  kEvents,     ///< event_logs, asset_keys, asset_check_executions and the concurrency tables.
  kSchedules,  ///< job_ticks and instigators.
};
inline constexpr std::size_t kStores = 3;

/// A statement that reads one store. "{now}" in the text stands for the source's clock, see
/// WithNow(): every statement that ages are computed from selects it beside the data, for AgeAt().
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

  /// Asks the source for the time. To be called once, before clock().
  Status ReadClock();
  /// The source's clock.
  const DatabaseClock& clock() const { return clock_; }

  /// By how much naive columns are ahead of UTC; 0 unless Dagster writes in another time zone.
  Microseconds naive_offset() const { return naive_offset_; }
  void set_naive_offset(Microseconds offset) { naive_offset_ = offset; }

  /// The true moment of a naive column, if it holds one.
  std::optional<Moment> NaiveAt(const SqlRows& rows, std::size_t row, std::size_t column) const;

  /// How a true moment looks in a naive column: for parameters.
  std::string Naive(Moment moment) const { return FormatNaive(moment + naive_offset_); }

 private:
  Database& database_;
  DatabaseClock clock_;
  const Attempt& attempt_;
  Microseconds naive_offset_{};
};

}  // namespace tocsin::collectors::dagster

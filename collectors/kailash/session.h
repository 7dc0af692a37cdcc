// One collection's view of the database that Kailash keeps its records in.

#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "collectors/collector.h"
#include "collectors/kailash/iso_time.h"
#include "collectors/kailash/settings.h"
#include "collectors/sql/connection.h"

namespace tocsin::collectors::kailash {

enum class Dialect { kPostgres, kSqlite };

/// A statement. In its text "{now}" stands for the source's clock in Unix seconds: every statement
/// that ages are computed from selects it beside the data, for AgeAt(). It may only stand in a
/// SELECT list, since a volatile function can never be an index condition. "{tasks}" and
/// "{workers}" stand for the tables whose names are options.
struct Statement {
  std::string_view postgres;
  std::string_view sqlite = {};  ///< Where SQLite needs another text.
};

/// The statements of one collection, all under its deadline, and what is known about the database's
/// clock. One thread at a time; what it refers to outlives it.
class Session {
 public:
  struct Source {
    SqlConnection& connection;
    Dialect dialect;
    const Settings& settings;
    const Clock& clock;
  };

  Session(const Source& source, const Attempt& attempt) : source_(source), attempt_(attempt) {}

  Dialect dialect() const { return source_.dialect; }
  /// The label `backend` of what this database tells of queues and workers.
  std::string_view backend() const {
    return source_.dialect == Dialect::kPostgres ? "postgres" : "sqlite";
  }

  /// Runs one statement. All texts of the answer are UTF-8: bytes that are not, as both databases
  /// can hold them, are replaced. Fails as SqlConnection::Query() does.
  Result<SqlRows> Query(const Statement& statement,
                        std::initializer_list<SqlParameter> parameters = {});

  /// Asks the source for the time. To be called once, before Now().
  Status ReadClock();

  /// The source's clock: what it said at ReadClock(), and the time that has passed since. For
  /// bounds that are parameters; ages come from AgeAt().
  Moment Now() const;

  /// The source's clock minus ours, at the middle between question and answer. In seconds.
  double clock_skew_seconds() const { return clock_skew_seconds_; }

 private:
  const Source source_;
  const Attempt& attempt_;
  Moment source_now_{};
  SteadyPoint asked_at_{};
  double clock_skew_seconds_ = 0;
};

/// Seconds from `moment` to what the source's clock said in the same row, in a column that selects
/// "{now}". 0 for what is yet to come, and without a moment. Our own clock never enters an age.
double AgeAt(const SqlRows& rows, std::size_t row, std::size_t now_column,
             std::optional<Moment> moment);

/// A column that holds Unix seconds as a number.
std::optional<Moment> EpochAt(const SqlRows& rows, std::size_t row, std::size_t column);

/// A parameter for a list of texts: `unnest($1::text[])` in PostgreSQL, `json_each($1)` in SQLite.
std::string ListParameter(Dialect dialect, const std::vector<std::string>& texts);

}  // namespace tocsin::collectors::kailash

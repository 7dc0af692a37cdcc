// One collection's view of the database that Kailash keeps its records in.

#pragma once

#include <initializer_list>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "collectors/collector.h"
#include "collectors/kailash/iso_time.h"
#include "collectors/kailash/settings.h"
#include "collectors/sql/connection.h"
#include "collectors/sql/database_clock.h"
#include "collectors/sql/dialect.h"

namespace tocsin::collectors::kailash {

/// A statement. In its text "{now}" stands for the source's clock, see WithNow(): every statement
/// that ages are computed from selects it beside the data, for AgeAt(). "{tasks}" and "{workers}"
/// stand for the tables whose names are options.
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

  Session(const Source& source, const Attempt& attempt)
      : source_(source), attempt_(attempt), clock_(source.clock) {}

  Dialect dialect() const { return source_.dialect; }
  /// The label `backend` of what this database tells of queues and workers.
  std::string_view backend() const {
    return source_.dialect == Dialect::kPostgres ? "postgres" : "sqlite";
  }

  /// Runs one statement. All texts of the answer are UTF-8: bytes that are not, as both databases
  /// can hold them, are replaced. Fails as SqlConnection::Query() does.
  Result<SqlRows> Query(const Statement& statement,
                        std::initializer_list<SqlParameter> parameters = {});

  /// Asks the source for the time. To be called once, before clock().
  Status ReadClock();
  /// The source's clock.
  const DatabaseClock& clock() const { return clock_; }

 private:
  const Source source_;
  const Attempt& attempt_;
  DatabaseClock clock_;
};

}  // namespace tocsin::collectors::kailash

// What is asked of a PostgreSQL server: a table of topics, each one statement and its metrics.
//
// To add a metric, add a row to its topic's metrics in topics.cc and, where the statement does not
// give the column yet, the column.

#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "collectors/sql/cell.h"

namespace tocsin::collectors::postgres {

/// What statements depend on.
struct Server {
  int version = 0;  ///< As in server_version_num: 150020 is 15.20.
  /// Of the extension pg_stat_statements: 0 if it is not there, else 1008 for 1.8.
  int statements_version = 0;
  std::string statements_schema = {};
  int top_statements = 100;  ///< How many statements have series; 0: none.
};

struct Topic {
  std::string_view name;  ///< Says what is missing when it fails.
  Duration every;         ///< The least time between two reads; 0 reads in each collection.
  std::span<const ColumnMetric> metrics;
  /// The text for this server; empty if it has no such thing.
  std::string (*statement)(const Server& server);
};

/// The topics in the order in which they are read.
std::span<const Topic> Topics();

/// The column of the first topic that holds the server's clock, in Unix seconds.
inline constexpr std::string_view kClockColumn = "now_s";

/// One row: version, whether statistics of other roles can be seen, and the version and schema of
/// pg_stat_statements.
inline constexpr std::string_view kIdentify =
    "SELECT current_setting('server_version_num')::int AS version, "
    "pg_has_role('pg_read_all_stats', 'USAGE') AS sees_all, e.extversion, n.nspname "
    "FROM (VALUES (1)) AS one "
    "LEFT JOIN pg_extension AS e ON e.extname = 'pg_stat_statements' "
    "LEFT JOIN pg_namespace AS n ON n.oid = e.extnamespace";

/// "1.10" as 1010; 0 for what is no version.
int ExtensionVersion(std::string_view text);

}  // namespace tocsin::collectors::postgres

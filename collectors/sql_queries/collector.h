// The collector `sql`: metrics from queries that the user wrote.

#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "collectors/collector.h"
#include "collectors/counter_state.h"
#include "collectors/registry.h"
#include "collectors/sql/connection.h"
#include "collectors/sql_queries/reader.h"
#include "collectors/sql_queries/settings.h"

namespace tocsin::collectors::sql_queries {

/// Runs the queries that are due, one after another on one connection, and publishes what each of
/// them gave last.
///
/// A query that fails costs its own metrics only, and is reported in Collection::parts under its
/// name; so are rows that had to be left out. The collection fails as a whole when its time is up
/// or the database is gone, which is looked for even if no query is due.
///
/// What is counted by a watermark is kept in Environment::state_file, which is written before the
/// points are handed out. While that file cannot be read, those queries do not run. One thread at a
/// time.
class SqlCollector final : public Collector {
 public:
  /// `settings` lives as long as the collector.
  SqlCollector(std::shared_ptr<const Settings> settings, std::unique_ptr<SqlConnection> connection,
               const Environment& environment);

  Status Collect(const Attempt& attempt, Collection& collection) override;
  /// Plans each query without running it; on PostgreSQL warns of those that read all of a big
  /// table.
  std::vector<Finding> Check(const Attempt& attempt) override;

 private:
  void TakeUpState();
  Status ReadQueries(const Attempt& attempt);
  Status SaveState();
  bool IsHeldBack(const QueryReader& reader) const {
    return state_error_.has_value() && reader.HasTotals();
  }

  const std::shared_ptr<const Settings> settings_;
  const std::unique_ptr<SqlConnection> connection_;
  const Environment environment_;
  CounterState state_;
  std::optional<Error> state_error_;  // Why the saved state is not known, if so.
  std::vector<QueryReader> readers_;
};

/// The options, for the registry. There are no metrics but the user's.
std::span<const OptionDesc> Options();

/// Reads the options, for the registry.
MakeCollector Configure(YamlMap& options);

}  // namespace tocsin::collectors::sql_queries

// The collector `postgres`: what a PostgreSQL server's statistics views tell about it.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "collectors/collector.h"
#include "collectors/postgres/topics.h"
#include "collectors/registry.h"
#include "collectors/sql/connection.h"

namespace tocsin::collectors::postgres {

/// Reads each topic when it is due, with one prepared statement, and publishes what it said last.
///
/// A topic that cannot be read costs its own metrics only, and is reported in Collection::parts; so
/// is, as "rights", a role that cannot see the state of others. One that may not be read, or that
/// the server has not, is tried again every ten minutes, or at once on a new connection; after any
/// other failure at the next collection. The collection fails as a whole when its time is up or the
/// server is gone. One thread at a time.
class PostgresCollector final : public Collector {
 public:
  PostgresCollector(int top_statements, std::unique_ptr<SqlConnection> connection,
                    const Environment& environment);

  Status Collect(const Attempt& attempt, Collection& collection) override;

 private:
  struct Member {
    const Topic* topic;
    std::optional<SteadyPoint> read_at;  ///< Of the last read, good or bad.
    std::optional<SqlRows> rows;         ///< What it gave, if it was good.
    std::optional<Error> error;
  };

  Status Identify(const Attempt& attempt);
  Status ReadTopics(const Attempt& attempt, Collection& collection);
  Result<SqlRows> Read(const Topic& topic, const Attempt& attempt, Collection& collection);
  bool IsDue(const Member& member, SteadyPoint now) const;
  bool EndsCollection(const Attempt& attempt) const;

  const std::unique_ptr<SqlConnection> connection_;
  const Environment environment_;
  Server server_;
  bool sees_all_ = false;
  std::uint64_t generation_ = 0;  // Of the connection that server_ is about; 0: of none.
  std::optional<SteadyPoint> identified_at_;
  std::vector<Member> members_;
};

/// The metrics of all topics.
std::span<const MetricDesc> Metrics();

/// The options, for the registry.
std::span<const OptionDesc> Options();

/// Reads the options, for the registry.
MakeCollector Configure(YamlMap& options);

}  // namespace tocsin::collectors::postgres

// How much of its database pools Atlas uses.

#pragma once

#include <memory>
#include <string>

#include "base/metric_sink.h"
#include "base/result.h"
#include "collectors/collector.h"
#include "collectors/sql/connection.h"
#include "collectors/sql/postgres_options.h"

namespace tocsin::collectors::atlas {

struct DatabaseSettings {
  PostgresOptions postgres = {};
  std::string application_user = "optimizer";  ///< The role that Atlas logs in as.
  double pool_size = 20;                       ///< Of one worker process, overflow included.
  double workers = 4;                          ///< Of one pod.
};

/// One thread at a time.
class DatabasePool {
 public:
  explicit DatabasePool(const DatabaseSettings& settings);
  /// The same with another connection, for tests.
  DatabasePool(DatabaseSettings settings, std::unique_ptr<SqlConnection> connection);

  /// Adds atlas_database_connections, with a point for each state that there can be.
  Status Read(const Attempt& attempt, MetricSink& points);
  /// The connections that `pods` may open together.
  double MostConnections(std::size_t pods) const;

 private:
  const DatabaseSettings settings_;
  const std::unique_ptr<SqlConnection> connection_;
};

}  // namespace tocsin::collectors::atlas

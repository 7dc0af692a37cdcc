// The collector `pgbouncer`: what PgBouncer's admin console tells about its pools.

#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/metric.h"
#include "collectors/collector.h"
#include "collectors/registry.h"
#include "collectors/sql/connection.h"

namespace tocsin::collectors::pgbouncer {

/// Asks the console for its pools, totals, databases, lists and settings in each collection; it
/// keeps them in memory. An answer that is refused costs its own metrics only. One thread at a
/// time.
class PgbouncerCollector final : public Collector {
 public:
  explicit PgbouncerCollector(std::unique_ptr<SqlConnection> connection)
      : connection_(std::move(connection)) {}

  Status Collect(const Attempt& attempt, Collection& collection) override;

 private:
  const std::unique_ptr<SqlConnection> connection_;
};

/// The metrics, for the registry.
std::span<const MetricDesc> Metrics();

/// The options, for the registry.
std::span<const OptionDesc> Options();

/// Reads the options, for the registry.
MakeCollector Configure(YamlMap& options);

}  // namespace tocsin::collectors::pgbouncer

#include "collectors/atlas/database.h"

#include <array>
#include <map>
#include <string_view>
#include <utility>

#include "collectors/atlas/metrics.h"
#include "collectors/sql/postgres_connection.h"

namespace tocsin::collectors::atlas {
namespace {

/// Reads shared memory only. The state of other roles' backends is hidden from a role without
/// pg_read_all_stats.
constexpr std::string_view kBackends =
    "SELECT coalesce(state, 'unknown'), count(*) FROM pg_stat_activity "
    "WHERE usename = $1 AND backend_type = 'client backend' GROUP BY 1";

/// Source: PostgreSQL's documentation, "The Cumulative Statistics System", pg_stat_activity.
constexpr std::array<std::string_view, 7> kStates = {"active",
                                                     "idle",
                                                     "idle in transaction",
                                                     "idle in transaction (aborted)",
                                                     "fastpath function call",
                                                     "disabled",
                                                     "unknown"};

}  // namespace

DatabasePool::DatabasePool(const DatabaseSettings& settings)
    : DatabasePool(settings, std::make_unique<PostgresConnection>(settings.postgres)) {}

DatabasePool::DatabasePool(DatabaseSettings settings, std::unique_ptr<SqlConnection> connection)
    : settings_(std::move(settings)), connection_(std::move(connection)) {}

Status DatabasePool::Read(const Attempt& attempt, MetricSink& points) {
  const std::array<SqlParameter, 1> parameters = {settings_.application_user};
  const Result<SqlRows> rows = connection_->Query(std::string(kBackends), parameters, attempt);
  if (!rows) return rows.error();
  std::map<std::string, double, std::less<>> counts;
  for (const std::string_view state : kStates) counts.emplace(state, 0);
  for (std::size_t row = 0; row < rows->size(); ++row) {
    counts[std::string(rows->Text(row, 0))] = rows->Number(row, 1).value_or(0);
  }
  for (const auto& [state, count] : counts) points.Add(kConnections, {state}, count);
  return {};
}

double DatabasePool::MostConnections(std::size_t pods) const {
  return settings_.pool_size * settings_.workers * static_cast<double>(pods);
}

}  // namespace tocsin::collectors::atlas

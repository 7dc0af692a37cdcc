#include <algorithm>
#include <map>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "collectors/kailash/metrics.h"
#include "collectors/kailash/part.h"
#include "collectors/kailash/pool_reports.h"
#include "collectors/kailash/pools.h"

namespace tocsin::collectors::kailash {
namespace {

// What another role's session does is hidden without the privilege to see it: its state and type
// are NULL then, but a session that just begins has no state either. Only its text tells the two
// apart. A query's parallel workers are no connections.
constexpr Statement kSessions = {
    "SELECT usename, application_name, "
    "count(*) FILTER (WHERE query = '<insufficient privilege>'), "
    "count(*) FILTER (WHERE state NOT IN ('idle','disabled')) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid() "
    "AND coalesce(backend_type, 'client backend') = 'client backend' "
    "GROUP BY usename, application_name"};

bool IsOf(const Pool& pool, const SqlRows& rows, std::size_t row) {
  const bool is_user = pool.user.empty() || rows.Text(row, 0) == pool.user;
  const bool is_application =
      pool.application_name.empty() || rows.Text(row, 1) == pool.application_name;
  return is_user && is_application;
}

class PoolSessions final : public Part {
 public:
  explicit PoolSessions(const Settings& settings) : settings_(settings) {}

  bool IsWanted(Dialect dialect) const override {
    return dialect == Dialect::kPostgres &&
           std::any_of(settings_.pools.begin(), settings_.pools.end(),
                       [](const Pool& pool) { return pool.from_database(); });
  }

  Status Read(Session& session) override {
    const Result<SqlRows> rows = session.Query(kSessions);
    if (!rows) return rows.error();
    std::map<std::string, double> active;
    for (const Pool& pool : settings_.pools) {
      if (!pool.from_database()) continue;
      const Result<double> in_use = InUse(pool, *rows);
      if (!in_use) return in_use.error();
      active[PoolLabel(pool.name)] = *in_use;
    }
    active_ = std::move(active);
    return {};
  }

  void Publish(MetricSink& points) const override {
    for (const auto& [label, active] : active_) PublishActive(points, settings_, label, active);
  }

 private:
  /// Sessions that are doing something, or hold a transaction open.
  static Result<double> InUse(const Pool& pool, const SqlRows& rows) {
    double in_use = 0;
    for (std::size_t row = 0; row < rows.size(); ++row) {
      if (!IsOf(pool, rows, row)) continue;
      if (rows.Number(row, 2) > 0.0) {
        return Error{
            ErrorCode::kDenied,
            fmt::format("the states of the sessions of pool {} are hidden: expected a role "
                        "in pg_read_all_stats",
                        pool.name)};
      }
      in_use += rows.Number(row, 3).value_or(0);
    }
    return in_use;
  }

  const Settings& settings_;
  std::map<std::string, double> active_;
};

std::unique_ptr<Part> Make(const Settings& settings) {
  return std::make_unique<PoolSessions>(settings);
}

}  // namespace

PartKind SessionsPart() {
  return {"pool_sessions", Make};
}

}  // namespace tocsin::collectors::kailash

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "collectors/dagster/parts.h"

namespace tocsin::collectors::dagster {
namespace {

constexpr MetricDesc kSchemaInfo = {"dagster_schema_info",
                                    MetricType::kGauge,
                                    "1, with the revision of Dagster's tables.",
                                    {"version_num"}};
constexpr std::array kSchemaMetrics = {kSchemaInfo};

constexpr MetricDesc kConnections = {"dagster_database_connections",
                                     MetricType::kGauge,
                                     "Connections to Dagster's database; the state of other roles' "
                                     "is unknown without pg_read_all_stats.",
                                     {"application", "state"}};
constexpr MetricDesc kConnectionsMax = {
    "dagster_database_connections_max", MetricType::kGauge,
    "Most connections that the server allows, to all databases."};

constexpr std::array kConnectionMetrics = {kConnections, kConnectionsMax};

constexpr MetricDesc kBytes = {"dagster_relation_bytes",
                               MetricType::kGauge,
                               "Size of the table with its indexes.",
                               {"relation"}};
constexpr MetricDesc kDeadRows = {"dagster_relation_dead_rows",
                                  MetricType::kGauge,
                                  "Rows of the table that wait to be vacuumed, as estimated.",
                                  {"relation"}};
constexpr MetricDesc kLastVacuum = {"dagster_relation_last_vacuum_timestamp_seconds",
                                    MetricType::kGauge,
                                    "Unix time at which the table was last vacuumed.",
                                    {"relation"}};

constexpr std::array kRelationMetrics = {kBytes, kDeadRows, kLastVacuum};

constexpr Statement kRevision = {Store::kRuns,
                                 "SELECT version_num FROM alembic_version ORDER BY 1 LIMIT 5"};
constexpr Statement kBackends = {
    Store::kRuns,
    "SELECT coalesce(application_name, ''), coalesce(state, 'unknown'), count(*), "
    "current_setting('max_connections') FROM pg_stat_activity "
    "WHERE datname = current_database() GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 100"};
constexpr Statement kRelations = {
    Store::kRuns,
    "SELECT c.relname, pg_total_relation_size(c.oid), s.n_dead_tup, "
    "extract(epoch FROM greatest(s.last_vacuum, s.last_autovacuum))::float8 "
    "FROM pg_class c JOIN pg_stat_user_tables s ON s.relid = c.oid "
    "WHERE pg_table_is_visible(c.oid) AND c.relname IN ("
    "'runs','run_tags','event_logs','job_ticks','instigators','jobs','bulk_actions','backfill_tags'"
    ","
    "'daemon_heartbeats','asset_keys','asset_check_executions','asset_daemon_asset_evaluations',"
    "'asset_event_tags','dynamic_partitions','concurrency_limits','concurrency_slots','pending_"
    "steps',"
    "'snapshots','kvs')"};

class Schema final : public Part {
 public:
  Duration every() const override { return std::chrono::minutes(5); }

  Status Read(Session& session) override {
    const Result<SqlRows> rows = session.Query(kRevision);
    if (!rows) return rows.error();
    revisions_.clear();
    for (std::size_t row = 0; row < rows->size(); ++row)
      revisions_.emplace_back(rows->Text(row, 0));
    return {};
  }

  void Publish(Points& points) const override {
    for (const std::string& revision : revisions_) points.Add(kSchemaInfo, {revision}, 1);
  }

 private:
  std::vector<std::string> revisions_;
};

class Connections final : public Part {
 public:
  bool CanRead(Dialect dialect) const override { return dialect == Dialect::kPostgres; }

  Status Read(Session& session) override {
    const Result<SqlRows> backends = session.Query(kBackends);
    if (!backends) return backends.error();
    for (auto& [key, count] : counts_) count = 0;
    for (std::size_t row = 0; row < backends->size(); ++row) {
      std::pair key(std::string(backends->Text(row, 0)), std::string(backends->Text(row, 1)));
      if (counts_.size() >= kMostGroups && !counts_.contains(key)) key = {"__other__", "__other__"};
      counts_[key] += backends->Number(row, 2).value_or(0);
    }
    // There is a row always: our own connection's.
    most_ = backends->empty() ? std::nullopt : backends->Number(0, 3);
    return {};
  }

  void Publish(Points& points) const override {
    for (const auto& [key, count] : counts_) {
      points.Add(kConnections, {key.first, key.second}, count);
    }
    if (most_) points.Add(kConnectionsMax, {}, *most_);
  }

 private:
  static constexpr std::size_t kMostGroups = 100;

  /// By application and state; groups stay once seen, at 0. Clients choose their name freely.
  std::map<std::pair<std::string, std::string>, double> counts_;
  std::optional<double> most_;
};

class Relations final : public Part {
 public:
  Duration every() const override { return std::chrono::minutes(5); }
  bool CanRead(Dialect dialect) const override { return dialect == Dialect::kPostgres; }

  Status Read(Session& session) override {
    const Result<SqlRows> rows = session.Query(kRelations);
    if (!rows) return rows.error();
    relations_.clear();
    for (std::size_t row = 0; row < rows->size(); ++row) {
      relations_.push_back({.name = std::string(rows->Text(row, 0)),
                            .bytes = rows->Number(row, 1).value_or(0),
                            .dead_rows = rows->Number(row, 2).value_or(0),
                            .last_vacuum = rows->Number(row, 3)});
    }
    return {};
  }

  void Publish(Points& points) const override {
    for (const Relation& relation : relations_) {
      points.Add(kBytes, {relation.name}, relation.bytes);
      points.Add(kDeadRows, {relation.name}, relation.dead_rows);
      if (relation.last_vacuum) points.Add(kLastVacuum, {relation.name}, *relation.last_vacuum);
    }
  }

 private:
  struct Relation {
    std::string name;
    double bytes = 0;
    double dead_rows = 0;
    std::optional<double> last_vacuum;
  };

  std::vector<Relation> relations_;
};

std::unique_ptr<Part> MakeSchema(const Settings& /*settings*/) {
  return std::make_unique<Schema>();
}

std::unique_ptr<Part> MakeConnections(const Settings& /*settings*/) {
  return std::make_unique<Connections>();
}

std::unique_ptr<Part> MakeRelations(const Settings& /*settings*/) {
  return std::make_unique<Relations>();
}

}  // namespace

PartKind SchemaPart() {
  return {"schema", Store::kRuns, kSchemaMetrics, MakeSchema};
}

PartKind ConnectionsPart() {
  return {"connections", Store::kRuns, kConnectionMetrics, MakeConnections};
}

PartKind RelationsPart() {
  return {"relations", Store::kRuns, kRelationMetrics, MakeRelations};
}

}  // namespace tocsin::collectors::dagster

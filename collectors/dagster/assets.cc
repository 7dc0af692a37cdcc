#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

#include "collectors/dagster/parts.h"

namespace tocsin::collectors::dagster {
namespace {

constexpr MetricDesc kLastMaterialization = {"dagster_asset_last_materialization_timestamp_seconds",
                                             MetricType::kGauge,
                                             "Unix time at which the asset was last materialized, "
                                             "or observed. Only for the assets in `assets`.",
                                             {"asset_key"}};
constexpr MetricDesc kCheckStatus = {
    "dagster_asset_check_last_status",
    MetricType::kGauge,
    "1, with the outcome of the check's last execution against the asset's newest checked "
    "materialization. Only for the assets in `assets`.",
    {"asset_key", "check_name", "status"}};

constexpr std::array kMetrics = {kLastMaterialization, kCheckStatus};

constexpr Statement kAssets = {Store::kEvents,
                               "SELECT asset_key, last_materialization_timestamp FROM asset_keys "
                               "WHERE asset_key = ANY($1::text[])",
                               "SELECT asset_key, last_materialization_timestamp FROM asset_keys "
                               "WHERE asset_key IN (SELECT value FROM json_each($1))"};
// A walk from one check of the asset to the next along idx_asset_check_executions.
constexpr Statement kChecks = {
    Store::kEvents,
    "WITH RECURSIVE c(name) AS ("
    "SELECT min(check_name) FROM asset_check_executions WHERE asset_key = $1 UNION ALL "
    "SELECT (SELECT min(e.check_name) FROM asset_check_executions e "
    "WHERE e.asset_key = $1 AND e.check_name > c.name) FROM c WHERE c.name IS NOT NULL) "
    "SELECT name FROM c WHERE name IS NOT NULL LIMIT 100"};
// No index leads to the newest execution of a check, but one to those against the newest
// materialization: the newest of these it is.
constexpr Statement kLastExecution = {Store::kEvents,
                                      "SELECT id, execution_status FROM asset_check_executions "
                                      "WHERE asset_key = $1 AND check_name = $2 "
                                      "AND materialization_event_storage_id IS NOT NULL "
                                      "ORDER BY materialization_event_storage_id DESC LIMIT 20"};

/// An asset key as Dagster stores it: ["sales", "orders"], with Python's spacing.
std::string StoredKey(std::string_view key) {
  std::string stored = "[";
  while (true) {
    const std::size_t slash = key.find('/');
    if (stored.size() > 1) stored += ", ";
    stored += boost::json::serialize(boost::json::string(key.substr(0, slash)));
    if (slash == std::string_view::npos) return stored + "]";
    key.remove_prefix(slash + 1);
  }
}

class Assets final : public Part {
 public:
  explicit Assets(const Settings& settings) {
    for (const std::string& key : settings.assets) keys_[StoredKey(key)] = key;
  }

  Duration every() const override { return std::chrono::minutes(1); }
  bool CanRead(Dialect /*dialect*/) const override { return !keys_.empty(); }

  Status Read(Session& session) override;
  void Publish(Points& points) const override;

 private:
  struct Check {
    std::string asset_key;
    std::string name;
    std::string status;
  };

  static Status ReadChecks(Session& session, const std::string& stored, const std::string& key,
                           std::vector<Check>& checks);

  std::map<std::string, std::string> keys_;  // As configured, by how they are stored.
  std::map<std::string, Moment> last_materialization_;
  std::vector<Check> checks_;
};

Status Assets::Read(Session& session) {
  std::vector<std::string> stored;
  stored.reserve(keys_.size());
  for (const auto& [key, configured] : keys_) stored.push_back(key);
  const Result<SqlRows> rows = session.Query(kAssets, {ListParameter(session.dialect(), stored)});
  if (!rows) return rows.error();
  std::vector<Check> checks;
  for (const auto& [key, configured] : keys_) {
    if (Status read = ReadChecks(session, key, configured, checks); !read) return read;
  }
  checks_ = std::move(checks);
  last_materialization_.clear();
  for (std::size_t row = 0; row < rows->size(); ++row) {
    const auto key = keys_.find(std::string(rows->Text(row, 0)));
    const std::optional<Moment> at = session.NaiveAt(*rows, row, 1);
    if (key != keys_.end() && at) last_materialization_[key->second] = *at;
  }
  return {};
}

Status Assets::ReadChecks(Session& session, const std::string& stored, const std::string& key,
                          std::vector<Check>& checks) {
  const Result<SqlRows> names = session.Query(kChecks, {stored});
  if (!names) return names.error();
  for (std::size_t i = 0; i < names->size(); ++i) {
    const std::string name(names->Text(i, 0));
    const Result<SqlRows> executions = session.Query(kLastExecution, {stored, name});
    if (!executions) return executions.error();
    std::int64_t newest = -1;
    std::string status;
    for (std::size_t row = 0; row < executions->size(); ++row) {
      const std::int64_t id = executions->Integer(row, 0).value_or(-1);
      if (id <= newest) continue;
      newest = id;
      status = executions->Text(row, 1);
    }
    if (newest >= 0) checks.push_back({key, name, status});
  }
  return {};
}

void Assets::Publish(Points& points) const {
  for (const auto& [key, at] : last_materialization_) {
    points.Add(kLastMaterialization, {key}, UnixSeconds(at));
  }
  for (const Check& check : checks_) {
    points.Add(kCheckStatus, {check.asset_key, check.name, check.status}, 1);
  }
}

std::unique_ptr<Part> Make(const Settings& settings) {
  return std::make_unique<Assets>(settings);
}

}  // namespace

PartKind AssetsPart() {
  return {"assets", Store::kEvents, kMetrics, Make};
}

}  // namespace tocsin::collectors::dagster

#include "collectors/dagster/contracts.h"

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tocsin::collectors::dagster {
namespace {

constexpr MetricDesc kCompliance = {
    "floe_contract_sla_compliance_ratio",
    MetricType::kGauge,
    "Share of its checks that the contract passed, from 0 to 1, as the contract monitor says.",
    {"contract"}};
constexpr MetricDesc kSlaStatus = {"floe_contract_sla_status",
                                   MetricType::kGauge,
                                   "1, with the contract's state: compliant, degraded or breached.",
                                   {"contract", "status"}};
constexpr MetricDesc kConsecutive = {"floe_contract_consecutive_violations",
                                     MetricType::kGauge,
                                     "Checks in a row that the contract failed up to now.",
                                     {"contract"}};
constexpr MetricDesc kSlaUpdated = {"floe_contract_sla_updated_timestamp_seconds",
                                    MetricType::kGauge,
                                    "Unix time at which the contract's state was last brought up "
                                    "to date.",
                                    {"contract"}};
constexpr std::array kSlaMetrics = {kCompliance, kSlaStatus, kConsecutive, kSlaUpdated};

constexpr MetricDesc kLastCheck = {"floe_contract_last_check_timestamp_seconds",
                                   MetricType::kGauge,
                                   "Unix time of the contract monitor's last check of this kind.",
                                   {"check_type"}};
constexpr std::array kCheckMetrics = {kLastCheck};

constexpr MetricDesc kRegistered = {"floe_contracts_registered",
                                    MetricType::kGauge,
                                    "Contracts that the contract monitor knows, by whether it "
                                    "watches them.",
                                    {"active"}};
constexpr std::array kRegistryMetrics = {kRegistered};

// One row per contract.
constexpr Statement kSla = {
    Store::kRuns,
    "SELECT contract_name, current_status, compliance_pct, consecutive_violations, "
    "extract(epoch FROM updated_at)::float8 FROM contract_sla_status "
    "ORDER BY contract_name LIMIT 5000"};
// A walk from one kind to the next along ix_check_results_type_time, and one probe for each.
constexpr Statement kLastChecks = {
    Store::kRuns,
    "WITH RECURSIVE kinds(kind) AS ("
    "SELECT min(check_type) FROM contract_check_results UNION ALL "
    "SELECT (SELECT min(r.check_type) FROM contract_check_results r "
    "WHERE r.check_type > kinds.kind) FROM kinds WHERE kinds.kind IS NOT NULL) "
    "SELECT kind, (SELECT extract(epoch FROM r.\"timestamp\")::float8 "
    "FROM contract_check_results r WHERE r.check_type = kinds.kind "
    "ORDER BY r.\"timestamp\" DESC LIMIT 1) FROM kinds WHERE kind IS NOT NULL LIMIT 100"};
// One row per contract.
constexpr Statement kContracts = {
    Store::kRuns,
    "SELECT count(*) FILTER (WHERE active), count(*) FILTER (WHERE NOT active) "
    "FROM registered_contracts"};

class ContractSla final : public Part {
 public:
  Status Read(Session& session) override {
    const Result<SqlRows> rows = session.Query(kSla);
    if (!rows) return rows.error();
    contracts_.clear();
    for (std::size_t row = 0; row < rows->size(); ++row) {
      contracts_.push_back({.name = std::string(rows->Text(row, 0)),
                            .status = std::string(rows->Text(row, 1)),
                            .compliance_percent = rows->Number(row, 2),
                            .consecutive = rows->Number(row, 3),
                            .updated = rows->Number(row, 4)});
    }
    return {};
  }

  void Publish(Points& points) const override {
    for (const Contract& contract : contracts_) {
      points.Add(kSlaStatus, {contract.name, contract.status}, 1);
      if (contract.compliance_percent) {
        points.Add(kCompliance, {contract.name}, *contract.compliance_percent / 100);
      }
      if (contract.consecutive) points.Add(kConsecutive, {contract.name}, *contract.consecutive);
      if (contract.updated) points.Add(kSlaUpdated, {contract.name}, *contract.updated);
    }
  }

 private:
  struct Contract {
    std::string name;
    std::string status;
    std::optional<double> compliance_percent;
    std::optional<double> consecutive;
    std::optional<double> updated;
  };

  std::vector<Contract> contracts_;
};

class ContractChecks final : public Part {
 public:
  Status Read(Session& session) override {
    const Result<SqlRows> rows = session.Query(kLastChecks);
    if (!rows) return rows.error();
    last_.clear();
    for (std::size_t row = 0; row < rows->size(); ++row) {
      if (const auto at = rows->Number(row, 1)) last_[std::string(rows->Text(row, 0))] = *at;
    }
    return {};
  }

  void Publish(Points& points) const override {
    for (const auto& [kind, at] : last_) points.Add(kLastCheck, {kind}, at);
  }

 private:
  std::map<std::string, double> last_;  // Unix seconds by kind of check.
};

class ContractRegistry final : public Part {
 public:
  Duration every() const override { return std::chrono::minutes(1); }

  Status Read(Session& session) override {
    const Result<SqlRows> rows = session.Query(kContracts);
    if (!rows) return rows.error();
    if (rows->size() != 1) return Error{ErrorCode::kCorrupt, "expected one row of counts"};
    active_ = rows->Number(0, 0).value_or(0);
    inactive_ = rows->Number(0, 1).value_or(0);
    return {};
  }

  void Publish(Points& points) const override {
    points.Add(kRegistered, {"true"}, active_);
    points.Add(kRegistered, {"false"}, inactive_);
  }

 private:
  double active_ = 0;
  double inactive_ = 0;
};

template <class T>
std::unique_ptr<Part> Make(const Settings& /*settings*/) {
  return std::make_unique<T>();
}

constexpr PartKind (*kParts[])() = {ContractViolationsPart, ContractSlaPart, ContractChecksPart,
                                    ContractRegistryPart};

/// No table tells whose database it is, but the server and its name do.
constexpr Statement kIdentity = {
    Store::kRuns,
    "SELECT system_identifier::text || '/' || current_database() FROM pg_control_system()"};

}  // namespace

const DatabaseKind& ContractsDatabaseKind() {
  static const DatabaseKind kKind = {kParts, kIdentity, "contracts_instance", "contracts_state"};
  return kKind;
}

PartKind ContractSlaPart() {
  return {"contract_sla", Store::kRuns, kSlaMetrics, Make<ContractSla>};
}

PartKind ContractChecksPart() {
  return {"contract_checks", Store::kRuns, kCheckMetrics, Make<ContractChecks>};
}

PartKind ContractRegistryPart() {
  return {"contract_registry", Store::kRuns, kRegistryMetrics, Make<ContractRegistry>};
}

}  // namespace tocsin::collectors::dagster

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/array.hpp>

#include "collectors/dagster/contracts.h"
#include "collectors/dagster/watermark.h"
#include "collectors/json_member.h"

namespace tocsin::collectors::dagster {
namespace {

constexpr MetricDesc kViolations = {
    "floe_contract_violations_total",
    MetricType::kCounter,
    "Violations of contracts since tocsin first saw the contract monitor's database.",
    {"severity", "violation_type"}};
constexpr std::array kMetrics = {kViolations};

/// floe's ViolationSeverity and ViolationType.
/// Source: floe's packages/floe-core/src/floe_core/contracts/monitoring/violations.py.
constexpr std::array<std::string_view, 4> kSeverities = {"info", "warning", "error", "critical"};
constexpr std::array<std::string_view, 5> kTypes = {"freshness", "schema_drift", "quality",
                                                    "availability", "deprecation"};

// A walk from one severity to the next along ix_violations_severity_time.
constexpr Statement kKnownSeverities = {
    Store::kRuns,
    "WITH RECURSIVE known(severity) AS ("
    "SELECT min(severity) FROM contract_violations UNION ALL "
    "SELECT (SELECT min(v.severity) FROM contract_violations v "
    "WHERE v.severity > known.severity) FROM known WHERE known.severity IS NOT NULL) "
    "SELECT severity FROM known WHERE severity IS NOT NULL LIMIT 20"};
// Along ix_violations_severity_time, as the next one.
constexpr Statement kNewest = {Store::kRuns,
                               "SELECT max(\"timestamp\") AT TIME ZONE 'UTC' "
                               "FROM contract_violations WHERE severity = $1"};
// The first comparison is what the index can use; the second breaks ties.
constexpr Statement kPage = {
    Store::kRuns,
    "SELECT id::text, violation_type, \"timestamp\" AT TIME ZONE 'UTC' FROM contract_violations "
    "WHERE severity = $1 AND \"timestamp\" >= $2::timestamptz "
    "AND (\"timestamp\", id::text) > ($2::timestamptz, $3::text) "
    "ORDER BY \"timestamp\", id::text LIMIT 2000"};

constexpr std::size_t kPageRows = 2000;
/// Of one severity in one collection.
constexpr int kMostPages = 5;
/// More kinds of violations than floe will have; others are summed up as kOther.
constexpr std::size_t kMostSeries = 200;
constexpr std::string_view kOther = "__other__";

using Watermark = RowWatermark<std::string>;

/// A moment in UTC, for a parameter.
std::string WithZone(Moment moment) {
  return FormatNaive(moment) + "+00";
}

class ContractViolations final : public Part {
 public:
  explicit ContractViolations(const Settings& settings) : overlap_(settings.watermark_overlap) {
    for (const std::string_view severity : kSeverities) {
      for (const std::string_view type : kTypes) {
        totals_[{std::string(severity), std::string(type)}] = 0;
      }
    }
  }

  Status Read(Session& session) override;
  void Publish(Points& points) const override {
    for (const auto& [kind, count] : totals_) {
      points.Add(kViolations, {kind.first, kind.second}, static_cast<double>(count));
    }
  }
  bool HasTotals() const override { return true; }
  void Save(boost::json::object& state) const override;
  void Restore(const boost::json::value& saved) override;

 private:
  using Kind = std::pair<std::string, std::string>;  // Severity, type.
  /// Off at the start, when rows that are stamped in the future are only remembered.
  enum class Counting { kOn, kOff };

  Status Begin(Session& session, const std::string& severity);
  Status ReadSeverity(Session& session, const std::string& severity);
  Result<bool> ReadPage(Session& session, const std::string& severity, Watermark& watermark,
                        Counting counting);
  void Count(Kind kind);

  const Duration overlap_;
  std::map<std::string, Watermark> watermarks_;  // By severity.
  std::map<Kind, std::uint64_t> totals_;
  /// When counting began: a severity that is first seen later counts from here.
  std::optional<Moment> began_;
};

Status ContractViolations::Read(Session& session) {
  const Result<SqlRows> known = session.Query(kKnownSeverities);
  if (!known) return known.error();
  std::set<std::string> severities(kSeverities.begin(), kSeverities.end());
  for (std::size_t row = 0; row < known->size(); ++row) severities.emplace(known->Text(row, 0));

  if (!began_) {
    // All or none: what fails now begins later, and counts from then on.
    for (const std::string& severity : severities) {
      if (Status begun = Begin(session, severity); !begun) {
        watermarks_.clear();
        return begun;
      }
    }
    began_ = session.clock().Now();
    return {};
  }
  for (const std::string& severity : severities) {
    if (Status read = ReadSeverity(session, severity); !read) return read;
  }
  return {};
}

Status ContractViolations::Begin(Session& session, const std::string& severity) {
  const Result<SqlRows> newest = session.Query(kNewest, {severity});
  if (!newest) return newest.error();
  Watermark watermark(overlap_);
  watermark.Begin(newest->empty() ? std::nullopt : ParseNaive(newest->Text(0, 0)),
                  session.clock().Now());
  if (const auto read = ReadPage(session, severity, watermark, Counting::kOff); !read) {
    return read.error();
  }
  watermarks_.insert_or_assign(severity, std::move(watermark));
  return {};
}

Status ContractViolations::ReadSeverity(Session& session, const std::string& severity) {
  const auto [found, is_new] = watermarks_.try_emplace(severity, overlap_);
  if (is_new) found->second.Begin(std::nullopt, *began_);
  for (int page = 0; page < kMostPages; ++page) {
    const Result<bool> is_full = ReadPage(session, severity, found->second, Counting::kOn);
    if (!is_full) return is_full.error();
    if (!*is_full) break;
  }
  return {};
}

/// Reads one page and counts what is new in it, or only remembers it. Whether it was full.
Result<bool> ContractViolations::ReadPage(Session& session, const std::string& severity,
                                          Watermark& watermark, Counting counting) {
  const Watermark::Position from = watermark.next();
  const Result<SqlRows> rows = session.Query(kPage, {severity, WithZone(from.updated), from.id});
  if (!rows) return rows.error();
  std::optional<Watermark::Position> last;
  for (std::size_t row = 0; row < rows->size(); ++row) {
    const std::optional<Moment> at = ParseNaive(rows->Text(row, 2));
    if (!at) continue;  // "infinity".
    const std::string id(rows->Text(row, 0));
    last = {*at, id};
    if (!watermark.IsNew(id, *at, std::nullopt)) continue;
    if (counting == Counting::kOn) Count({severity, std::string(rows->Text(row, 1))});
    watermark.MarkCounted(id, *at);
  }
  const bool is_full = rows->size() == kPageRows;
  watermark.EndPage(last, is_full && last, session.clock().Now());
  return is_full && last;
}

void ContractViolations::Count(Kind kind) {
  if (totals_.size() >= kMostSeries && !totals_.contains(kind)) {
    kind = {std::string(kOther), std::string(kOther)};
  }
  ++totals_[kind];
}

void ContractViolations::Save(boost::json::object& state) const {
  if (!began_) return;
  boost::json::array totals;
  for (const auto& [kind, count] : totals_) {
    totals.push_back({{"severity", kind.first}, {"type", kind.second}, {"count", count}});
  }
  boost::json::object watermarks;
  for (const auto& [severity, watermark] : watermarks_) watermarks[severity] = watermark.Save();
  state["began"] = began_->time_since_epoch().count();
  state["totals"] = std::move(totals);
  state["watermarks"] = std::move(watermarks);
}

void ContractViolations::Restore(const boost::json::value& saved) {
  const std::optional<std::int64_t> began = IntegerIn(saved, "began");
  if (!began) return;
  began_ = Moment(Microseconds(*began));
  for (const boost::json::value& total : ArrayIn(saved, "totals")) {
    totals_[{TextIn(total, "severity"), TextIn(total, "type")}] = CountIn(total, "count");
  }
  const boost::json::value& watermarks = MemberIn(saved, "watermarks");
  if (!watermarks.is_object()) return;
  for (const auto& [severity, value] : watermarks.get_object()) {
    Watermark watermark(overlap_);
    watermark.Restore(value);
    if (watermark.has_begun()) watermarks_.insert_or_assign(std::string(severity), watermark);
  }
}

std::unique_ptr<Part> Make(const Settings& settings) {
  return std::make_unique<ContractViolations>(settings);
}

}  // namespace

PartKind ContractViolationsPart() {
  return {"contract_violations", Store::kRuns, kMetrics, Make};
}

}  // namespace tocsin::collectors::dagster

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <utility>

#include "collectors/dagster/parts.h"

namespace tocsin::collectors::dagster {
namespace {

constexpr MetricDesc kBackfills = {"dagster_backfills",
                                   MetricType::kGauge,
                                   "Backfills that are not finished, by state.",
                                   {"status"}};
constexpr MetricDesc kOldestAge = {
    "dagster_backfill_oldest_age_seconds", MetricType::kGauge,
    "Age of the oldest backfill that is not finished, 0 if there is none."};

constexpr std::array kMetrics = {kBackfills, kOldestAge};

/// Dagster's states before the end. Source: dagster/_core/execution/backfill.py.
constexpr std::array<std::string_view, 3> kOpen = {"REQUESTED", "CANCELING", "FAILING"};

// Served by idx_bulk_actions_status: costs what is open, whatever the history.
constexpr Statement kOpenBackfills = {
    Store::kRuns,
    "SELECT status, count(*), min(\"timestamp\"), {now} FROM bulk_actions "
    "WHERE status IN ('REQUESTED','CANCELING','FAILING') GROUP BY status"};

class Backfills final : public Part {
 public:
  Status Read(Session& session) override {
    const Result<SqlRows> rows = session.Query(kOpenBackfills);
    if (!rows) return rows.error();
    counts_.clear();
    oldest_age_ = 0;
    for (const std::string_view status : kOpen) counts_[std::string(status)] = 0;
    for (std::size_t row = 0; row < rows->size(); ++row) {
      counts_[std::string(rows->Text(row, 0))] = rows->Number(row, 1).value_or(0);
      oldest_age_ = std::max(oldest_age_, AgeAt(*rows, row, 3, session.NaiveAt(*rows, row, 2)));
    }
    return {};
  }

  void Publish(Points& points) const override {
    for (const auto& [status, count] : counts_) points.Add(kBackfills, {status}, count);
    points.Add(kOldestAge, {}, oldest_age_);
  }

 private:
  std::map<std::string, double> counts_;
  double oldest_age_ = 0;  // In seconds.
};

std::unique_ptr<Part> Make(const Settings& /*settings*/) {
  return std::make_unique<Backfills>();
}

}  // namespace

PartKind BackfillsPart() {
  return {"backfills", Store::kRuns, kMetrics, Make, true};
}

}  // namespace tocsin::collectors::dagster

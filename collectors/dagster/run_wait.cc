#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "collectors/dagster/parts.h"

namespace tocsin::collectors::dagster {
namespace {

// Refused by promtool for its `quantile` label; dagster_run_queue_wait_seconds is the sound form.
constexpr MetricDesc kWait = {
    "dagster_run_wait_to_start_seconds",
    MetricType::kGauge,
    "Time from creation to start of the runs that were created last, by quantile (p50, p95, max).",
    {"quantile"},
    {},
    Exported::kForCompatibility};

constexpr std::array kMetrics = {kWait};

constexpr std::int64_t kWindow = 20'000;

constexpr Statement kNewest = {Store::kRuns, "SELECT max(id) FROM runs"};
// The bound is a parameter: after a subquery the planner would guess that a third of the table
// matches.
constexpr Statement kStarts = {
    Store::kRuns,
    "SELECT start_time, create_timestamp FROM runs WHERE id > $1 AND start_time IS NOT NULL "
    "ORDER BY id LIMIT 20000"};

/// The value below which `share` of `sorted` lies, between two of them in proportion.
double Quantile(const std::vector<double>& sorted, double share) {
  const double rank = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(std::floor(rank));
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (rank - std::floor(rank)) * (sorted[above] - sorted[below]);
}

class RunWait final : public Part {
 public:
  explicit RunWait(const Settings& settings) : is_wanted_(settings.compatibility_names) {}

  Duration every() const override { return std::chrono::minutes(1); }
  bool CanRead(Dialect /*dialect*/) const override { return is_wanted_; }

  Status Read(Session& session) override {
    const Result<SqlRows> newest = session.Query(kNewest);
    if (!newest) return newest.error();
    const std::int64_t id = newest->empty() ? 0 : newest->Integer(0, 0).value_or(0);
    const Result<SqlRows> rows = session.Query(kStarts, {id - kWindow});
    if (!rows) return rows.error();
    waits_.clear();
    for (std::size_t row = 0; row < rows->size(); ++row) {
      const std::optional<Moment> started = EpochAt(*rows, row, 0);
      const std::optional<Moment> created = session.NaiveAt(*rows, row, 1);
      if (started && created) waits_.push_back(std::max(0.0, Seconds(*started - *created)));
    }
    std::sort(waits_.begin(), waits_.end());
    return {};
  }

  void Publish(Points& points) const override {
    if (waits_.empty()) return;
    points.Add(kWait, {"p50"}, Quantile(waits_, 0.5));
    points.Add(kWait, {"p95"}, Quantile(waits_, 0.95));
    points.Add(kWait, {"max"}, waits_.back());
  }

 private:
  const bool is_wanted_;
  std::vector<double> waits_;  // In seconds, ascending.
};

std::unique_ptr<Part> Make(const Settings& settings) {
  return std::make_unique<RunWait>(settings);
}

}  // namespace

PartKind RunWaitPart() {
  return {"run_wait", Store::kRuns, kMetrics, Make, true};
}

}  // namespace tocsin::collectors::dagster

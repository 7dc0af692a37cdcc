#include <array>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "collectors/dagster/parts.h"

namespace tocsin::collectors::dagster {
namespace {

constexpr MetricDesc kSlots = {
    "dagster_concurrency_slots", MetricType::kGauge, "Slots of the op pool.", {"concurrency_key"}};
constexpr MetricDesc kClaimed = {
    "dagster_concurrency_slots_claimed",
    MetricType::kGauge,
    "Slots of the op pool in use; more than there are for a while after the limit was lowered.",
    {"concurrency_key"}};
constexpr MetricDesc kPending = {"dagster_concurrency_pending_steps",
                                 MetricType::kGauge,
                                 "Steps that wait for a slot of the op pool.",
                                 {"concurrency_key"}};
constexpr MetricDesc kOldestPending = {
    "dagster_concurrency_oldest_pending_age_seconds",
    MetricType::kGauge,
    "How long the oldest waiting step has been waiting for a slot, 0 if there is none.",
    {"concurrency_key"}};

constexpr std::array kMetrics = {kSlots, kClaimed, kPending, kOldestPending};

// The tables hold what is configured and what runs, not what ran. A step that has its slot keeps
// its row in pending_steps until it ends.
constexpr Statement kPools = {
    Store::kEvents,
    "SELECT l.concurrency_key, count(s.id) FILTER (WHERE NOT s.deleted), "
    "count(s.id) FILTER (WHERE s.run_id IS NOT NULL) FROM concurrency_limits l "
    "LEFT JOIN concurrency_slots s ON s.concurrency_key = l.concurrency_key "
    "GROUP BY l.concurrency_key"};
constexpr Statement kPendingSteps = {
    Store::kEvents,
    "SELECT concurrency_key, count(*), min(create_timestamp), {now} FROM pending_steps "
    "WHERE assigned_timestamp IS NULL GROUP BY concurrency_key"};

class Concurrency final : public Part {
 public:
  Status Read(Session& session) override;
  void Publish(Points& points) const override;

 private:
  struct Pool {
    std::optional<double> slots;  ///< None for a key that steps wait for without a limit.
    double claimed = 0;
    double pending = 0;
    double oldest_age = 0;  ///< In seconds.
  };

  std::map<std::string, Pool> pools_;
};

Status Concurrency::Read(Session& session) {
  const Result<SqlRows> limits = session.Query(kPools);
  if (!limits) return limits.error();
  const Result<SqlRows> steps = session.Query(kPendingSteps);
  if (!steps) return steps.error();

  pools_.clear();
  for (std::size_t row = 0; row < limits->size(); ++row) {
    Pool& pool = pools_[std::string(limits->Text(row, 0))];
    pool.slots = limits->Number(row, 1);
    pool.claimed = limits->Number(row, 2).value_or(0);
  }
  for (std::size_t row = 0; row < steps->size(); ++row) {
    Pool& pool = pools_[std::string(steps->Text(row, 0))];
    pool.pending = steps->Number(row, 1).value_or(0);
    pool.oldest_age = AgeAt(*steps, row, 3, session.NaiveAt(*steps, row, 2));
  }
  return {};
}

void Concurrency::Publish(Points& points) const {
  for (const auto& [key, pool] : pools_) {
    if (pool.slots) {
      points.Add(kSlots, {key}, *pool.slots);
      points.Add(kClaimed, {key}, pool.claimed);
    }
    points.Add(kPending, {key}, pool.pending);
    points.Add(kOldestPending, {key}, pool.oldest_age);
  }
}

std::unique_ptr<Part> Make(const Settings& /*settings*/) {
  return std::make_unique<Concurrency>();
}

}  // namespace

PartKind ConcurrencyPart() {
  return {"concurrency", Store::kEvents, kMetrics, Make};
}

}  // namespace tocsin::collectors::dagster

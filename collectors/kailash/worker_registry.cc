#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "collectors/kailash/metrics.h"
#include "collectors/kailash/part.h"

namespace tocsin::collectors::kailash {
namespace {

// Served by idx_..._status_beat. The heartbeat is a float4 in PostgreSQL, in steps of 128 s today:
// it is compared as what it holds.
constexpr Statement kActive = {
    "SELECT queue_name, count(*), sum(CASE WHEN last_beat_at >= $1::float8 THEN 1 ELSE 0 END), "
    "min(last_beat_at)::float8, {now} FROM {workers} WHERE status = 'active' GROUP BY queue_name",
    "SELECT queue_name, count(*), sum(CASE WHEN last_beat_at >= $1 THEN 1 ELSE 0 END), "
    "min(last_beat_at), {now} FROM {workers} WHERE status = 'active' GROUP BY queue_name"};

/// A queue whose workers have all gone is remembered, and shown with 0.
constexpr std::size_t kMostQueues = 1000;

class WorkerRegistry final : public Part {
 public:
  explicit WorkerRegistry(const Settings& settings) : settings_(settings) {}

  bool IsWanted(Dialect /*dialect*/) const override { return !settings_.worker_table.empty(); }

  Status Read(Session& session) override {
    const Moment since = session.clock().Now() - settings_.worker_timeout;
    const Result<SqlRows> rows = session.Query(kActive, {UnixSeconds(since)});
    if (!rows) return rows.error();
    backend_ = session.backend();
    if (queues_.size() > kMostQueues) queues_.clear();
    for (auto& [name, queue] : queues_) queue = {};
    for (std::size_t row = 0; row < rows->size(); ++row) {
      queues_[std::string(rows->Text(row, 0))] = {
          .registered = rows->Number(row, 1).value_or(0),
          .alive = rows->Number(row, 2).value_or(0),
          .oldest_beat_age = AgeAt(*rows, row, 4, EpochAt(*rows, row, 3))};
    }
    return {};
  }

  void Publish(MetricSink& points) const override {
    for (const auto& [name, queue] : queues_) {
      points.Add(kWorkers, {name, backend_}, queue.registered);
      points.Add(kWorkersAlive, {name, backend_}, queue.alive);
      // Without a worker there is no heartbeat that could be old.
      if (queue.registered > 0) {
        points.Add(kHeartbeatAge, {name, backend_}, queue.oldest_beat_age);
      }
    }
  }

 private:
  struct Queue {
    double registered = 0;
    double alive = 0;
    double oldest_beat_age = 0;
  };

  const Settings& settings_;
  std::string_view backend_;
  std::map<std::string, Queue> queues_;
};

std::unique_ptr<Part> Make(const Settings& settings) {
  return std::make_unique<WorkerRegistry>(settings);
}

}  // namespace

PartKind RegistryPart() {
  return {"worker_registry", Make};
}

}  // namespace tocsin::collectors::kailash

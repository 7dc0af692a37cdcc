#include <array>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "collectors/kailash/metrics.h"
#include "collectors/kailash/part.h"

namespace tocsin::collectors::kailash {
namespace {

// Served by idx_..._dequeue: costs what waits and what is at work, whatever was completed.
constexpr Statement kOpenTasks = {
    "SELECT queue_name, status, count(*), min(created_at), min(updated_at), {now} FROM {tasks} "
    "WHERE status IN ('pending','processing') GROUP BY queue_name, status"};

// Nothing removes dead tasks, so that no more than so many are counted.
constexpr Statement kDeadTasks = {
    "SELECT queue_name, count(*) FROM (SELECT queue_name FROM {tasks} "
    "WHERE status = 'dead_lettered' ORDER BY created_at LIMIT 10000) AS dead GROUP BY queue_name"};
constexpr std::chrono::minutes kDeadTasksEvery{5};

/// A queue that has become empty is remembered, and shown with 0, as long as there are no more.
constexpr std::size_t kMostQueues = 1000;

/// The states of a task that is open; the index of one in tables of both.
constexpr std::array<std::string_view, 2> kStates = {"pending", "processing"};

struct Queue {
  std::array<double, kStates.size()> depth{};
  std::array<double, kStates.size()> oldest_age{};
};

class Tasks final : public Part {
 public:
  explicit Tasks(const Settings& settings) : settings_(settings) {}

  bool IsWanted(Dialect /*dialect*/) const override { return !settings_.task_table.empty(); }

  Status Read(Session& session) override {
    const Result<SqlRows> rows = session.Query(kOpenTasks);
    if (!rows) return rows.error();
    backend_ = session.backend();
    if (queues_.size() > kMostQueues) queues_.clear();
    for (auto& [name, queue] : queues_) queue = {};
    for (std::size_t row = 0; row < rows->size(); ++row) Take(*rows, row);
    return {};
  }

  void Publish(MetricSink& points) const override {
    for (const auto& [name, queue] : queues_) {
      for (std::size_t i = 0; i < kStates.size(); ++i) {
        points.Add(kQueueDepth, {name, kStates[i], backend_}, queue.depth[i]);
        points.Add(kQueueOldestAge, {name, kStates[i]}, queue.oldest_age[i]);
      }
    }
  }

 private:
  /// A task waits since it was created, and is at work since its row was last changed.
  void Take(const SqlRows& rows, std::size_t row) {
    const std::size_t state = rows.Text(row, 1) == kStates[0] ? 0 : 1;
    Queue& queue = queues_[std::string(rows.Text(row, 0))];
    queue.depth[state] = rows.Number(row, 2).value_or(0);
    queue.oldest_age[state] = AgeAt(rows, row, 5, EpochAt(rows, row, state == 0 ? 3 : 4));
  }

  const Settings& settings_;
  std::string_view backend_;
  std::map<std::string, Queue> queues_;
};

class DeadTasks final : public Part {
 public:
  explicit DeadTasks(const Settings& settings) : settings_(settings) {}

  bool IsWanted(Dialect /*dialect*/) const override { return !settings_.task_table.empty(); }
  Duration every() const override { return kDeadTasksEvery; }

  Status Read(Session& session) override {
    const Result<SqlRows> rows = session.Query(kDeadTasks);
    if (!rows) return rows.error();
    if (queues_.size() > kMostQueues) queues_.clear();
    for (auto& [name, count] : queues_) count = 0;
    for (std::size_t row = 0; row < rows->size(); ++row) {
      queues_[std::string(rows->Text(row, 0))] = rows->Number(row, 1).value_or(0);
    }
    return {};
  }

  void Publish(MetricSink& points) const override {
    for (const auto& [name, count] : queues_) points.Add(kQueueDead, {name}, count);
  }

 private:
  const Settings& settings_;
  std::map<std::string, double> queues_;
};

template <class Kind>
std::unique_ptr<Part> Make(const Settings& settings) {
  return std::make_unique<Kind>(settings);
}

}  // namespace

PartKind TasksPart() {
  return {"tasks", Make<Tasks>};
}

PartKind DeadTasksPart() {
  return {"dead_tasks", Make<DeadTasks>};
}

}  // namespace tocsin::collectors::kailash

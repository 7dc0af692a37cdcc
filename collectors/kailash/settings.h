#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace tocsin::collectors::kailash {

/// Where the figures of finished executions come from. One source for each target: the page and the
/// database may tell of the same executions, and are never added up.
enum class WorkflowSource { kPage, kDatabase };

/// One connection pool of the application.
struct Pool {
  std::string name;
  /// The largest size; nothing if it is not known.
  std::optional<double> max_connections;
  /// Which of the database's sessions are its own, where they are to be counted there. Empty: any.
  std::string application_name = {};
  std::string user = {};

  bool from_database() const { return !application_name.empty() || !user.empty(); }
};

/// The options of a Kailash collector, apart from where its sources are.
struct Settings {
  std::vector<std::string> breakers = {};
  std::vector<std::string> queues = {"default"};  ///< Of Redis.
  bool redis_workers = true;
  std::vector<Pool> pools = {};
  /// Of pools that are not listed; nothing if it is not known.
  std::optional<double> max_connections = 10;
  WorkflowSource workflow_source = WorkflowSource::kPage;
  /// Most workflows with series of their own.
  std::size_t max_workflows = 100;
  /// How far back each look for new rows begins, for late commits and slow clocks.
  Duration watermark_overlap = std::chrono::minutes(5);
  /// After how long without a heartbeat a worker of the database's registry is dead.
  Duration worker_timeout = std::chrono::minutes(5);
  std::string task_table = "kailash_task_queue";
  std::string worker_table = "kailash_worker_registry";
};

}  // namespace tocsin::collectors::kailash

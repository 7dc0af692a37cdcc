// A Dagster in PostgreSQL with a long history, for tests and benchmarks of what reading it costs.

#pragma once

#include <cstdint>
#include <string>

#include <fmt/format.h>

namespace tocsin::collectors::dagster {

/// Rows from `first` to `last` of all that grows: a run every ten seconds, until `end` (an
/// expression for a timestamp in UTC), each with a tag or two.
inline std::string History(std::int64_t first, std::int64_t last, const std::string& end) {
  const std::string series = fmt::format("generate_series({}, {}) AS i", first, last);
  return fmt::format(
      "SET session_replication_role = replica; SET synchronous_commit = off;"
      "INSERT INTO runs (run_id, pipeline_name, status, create_timestamp, update_timestamp, "
      "start_time, end_time) SELECT 'run-' || i, 'job_' || i % 50, "
      "CASE WHEN i % 20 = 0 THEN 'FAILURE' WHEN i % 33 = 0 THEN 'CANCELED' ELSE 'SUCCESS' END, "
      "t, t + interval '60 s', extract(epoch FROM t) + 5, extract(epoch FROM t) + 60 "
      "FROM (SELECT i, {2} - interval '10 s' * ({1} - i) - interval '5 min' AS "
      "t "
      "FROM {0}) AS x;"
      "INSERT INTO run_tags (run_id, key, value) SELECT 'run-' || i, '.dagster/repository', "
      "'__repository__@location_' || i % 5 FROM {0};"
      "INSERT INTO run_tags (run_id, key, value) SELECT 'run-' || i, k, i % 3 "
      "FROM {0}, (VALUES ('dagster/retry_number'), ('dagster/concurrency_key')) AS keys(k) "
      "WHERE i % 10 = 0;"
      "INSERT INTO job_ticks (job_origin_id, selector_id, status, type, \"timestamp\", tick_body) "
      "SELECT 'o' || i % 50, 's' || i % 50, CASE WHEN i % 3 = 0 THEN 'SUCCESS' ELSE 'SKIPPED' END, "
      "'SENSOR', {2} - interval '1 s' * ({1} - i), '{{}}' FROM {0};"
      "INSERT INTO event_logs (run_id, event, dagster_event_type, \"timestamp\", step_key) "
      "SELECT 'run-' || i, '{{}}', CASE WHEN i % 100 = 0 THEN 'STEP_FAILURE' "
      "WHEN i % 101 = 0 THEN 'STEP_UP_FOR_RETRY' WHEN i % 5 = 0 THEN 'ASSET_MATERIALIZATION' "
      "ELSE 'ENGINE_EVENT' END, {2} - interval '1 s' * ({1} - i), 'step' FROM "
      "{0};"
      "INSERT INTO asset_check_executions (asset_key, check_name, run_id, execution_status, "
      "materialization_event_storage_id) SELECT '[\"a\", \"b\"]', 'check_' || i % 3, 'run-' || i, "
      "'SUCCEEDED', i FROM {0} WHERE i % 5 = 0;"
      "INSERT INTO bulk_actions (key, status, \"timestamp\", body) SELECT 'b' || i, "
      "'COMPLETED_SUCCESS', timestamp '2026-02-01', '{{}}' FROM {0} WHERE i % 10 = 0;",
      series, last, end);
}

/// What does not grow: runs in the queue and at work at the moment `at`, sensors, a backfill.
inline std::string Present(const std::string& at) {
  return fmt::format(
      "INSERT INTO runs (run_id, pipeline_name, status, create_timestamp, update_timestamp, "
      "start_time) SELECT 'now-' || i, 'job_' || i % 50, "
      "CASE WHEN i % 2 = 0 THEN 'QUEUED' ELSE 'STARTED' END, {0}, {0}, extract(epoch FROM {0}) "
      "FROM generate_series(1, 200) AS i;"
      "INSERT INTO run_tags (run_id, key, value) SELECT 'now-' || i, 'dagster/concurrency_key', "
      "i % 3 FROM generate_series(1, 200) AS i;"
      "INSERT INTO instigators (selector_id, status, instigator_type, instigator_body) "
      "SELECT 's' || i, 'RUNNING', 'SENSOR', '{{}}' FROM generate_series(0, 49) AS i;"
      "INSERT INTO bulk_actions (key, status, \"timestamp\", body) VALUES "
      "('open', 'REQUESTED', timestamp '2026-02-28', '{{}}');"
      "INSERT INTO asset_keys (asset_key) VALUES ('[\"a\", \"b\"]');"
      "ANALYZE runs, run_tags, job_ticks, event_logs, bulk_actions, asset_check_executions, "
      "instigators;",
      at);
}

/// `count` runs that succeeded at the moment `at`, with the tag of their code location.
inline std::string FinishedRuns(const std::string& prefix, int count, const std::string& at) {
  return fmt::format(
      "INSERT INTO runs (run_id, pipeline_name, status, create_timestamp, update_timestamp, "
      "start_time, end_time) SELECT '{0}-' || i, 'job_' || i % 50, 'SUCCESS', {2}, {2}, "
      "extract(epoch FROM {2}) - 60, extract(epoch FROM {2}) FROM generate_series(1, {1}) AS i;"
      "INSERT INTO run_tags (run_id, key, value) SELECT '{0}-' || i, '.dagster/repository', "
      "'__repository__@location_' || i % 5 FROM generate_series(1, {1}) AS i;",
      prefix, count, at);
}

}  // namespace tocsin::collectors::dagster

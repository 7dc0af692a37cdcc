#include "collectors/miroir/store_metrics.h"

#include <algorithm>
#include <array>
#include <optional>

#include "collectors/json_member.h"

namespace tocsin::collectors::miroir {
namespace {

constexpr MetricDesc kQueueDepth = {
    "miroir_background_queue_depth", MetricType::kGauge,
    "Background jobs that wait to be claimed, of all pods together: take the maximum, not the sum. "
    "Jobs that ended without being claimed stay in it."};
constexpr MetricDesc kQueueByType = {
    "miroir_background_queue_depth_sampled",
    MetricType::kGauge,
    "The same by type, estimated from 64 of them; with SQLite, counted among the newest 10000.",
    {"job_type"}};
constexpr MetricDesc kStaleRatio = {"miroir_background_queue_stale_ratio", MetricType::kGauge,
                                    "Share of the sampled jobs that do not wait any more."};
constexpr MetricDesc kOldestAge = {"miroir_background_queue_oldest_age_seconds", MetricType::kGauge,
                                   "Age of the oldest job of the sample that waits: the oldest of "
                                   "all is at least this old."};
constexpr MetricDesc kJobs = {"miroir_jobs_known", MetricType::kGauge,
                              "Jobs in the index, which only grows. Redis only."};
constexpr MetricDesc kTasks = {"miroir_tasks_known", MetricType::kGauge,
                               "Tasks in the index. Redis only."};
constexpr MetricDesc kSchema = {"miroir_schema_version", MetricType::kGauge,
                                "Version of the task store's schema."};
constexpr MetricDesc kHeld = {"miroir_leader_lease_held",
                              MetricType::kGauge,
                              "1 while a pod holds the lease of the scope.",
                              {"scope"}};
constexpr MetricDesc kTtl = {"miroir_leader_lease_ttl_seconds",
                             MetricType::kGauge,
                             "Time until the lease runs out; absent while nobody holds it.",
                             {"scope"}};
constexpr MetricDesc kHolder = {
    "miroir_leader_info", MetricType::kGauge, "1, with who holds the lease.", {"scope", "holder"}};
constexpr MetricDesc kChanges = {"miroir_leader_changes_total",
                                 MetricType::kCounter,
                                 "Times that another holder was seen than before. Changes between "
                                 "two collections are not.",
                                 {"scope"}};
constexpr MetricDesc kCanaryAt = {"miroir_canary_last_run_timestamp_seconds",
                                  MetricType::kGauge,
                                  "Unix time of a canary's last run.",
                                  {"canary"}};
constexpr MetricDesc kCanaryPassed = {"miroir_canary_last_run_success",
                                      MetricType::kGauge,
                                      "1 if a canary's last run passed.",
                                      {"canary"}};
constexpr MetricDesc kOverflowEvents = {"miroir_cdc_overflow_events",
                                        MetricType::kGauge,
                                        "Changes in a sink's overflow buffer. Redis only.",
                                        {"sink"}};
constexpr MetricDesc kOverflowBytes = {"miroir_cdc_overflow_bytes",
                                       MetricType::kGauge,
                                       "Their size as Miroir counts it, which drifts. Redis only.",
                                       {"sink"}};
constexpr MetricDesc kCursorAt = {"miroir_cdc_cursor_updated_timestamp_seconds",
                                  MetricType::kGauge,
                                  "Unix time at which a cursor last moved.",
                                  {"sink", "index"}};
constexpr MetricDesc kPhaseAge = {"miroir_mode_b_operation_phase_age_seconds",
                                  MetricType::kGauge,
                                  "How long the phase of a running or paused operation lasts.",
                                  {"scope"}};
constexpr MetricDesc kMemoryUsed = {"miroir_redis_memory_used_bytes", MetricType::kGauge,
                                    "Memory that the task store's Redis has allocated."};
constexpr MetricDesc kMemoryMax = {"miroir_redis_memory_max_bytes", MetricType::kGauge,
                                   "Its limit; 0 is none."};
constexpr MetricDesc kEvicted = {
    "miroir_redis_evicted_keys_total", MetricType::kCounter,
    "Keys thrown away because of the limit: leases, jobs or idempotency keys are lost."};
constexpr MetricDesc kClients = {"miroir_redis_connected_clients", MetricType::kGauge,
                                 "Clients of the task store's Redis."};
constexpr MetricDesc kLastSave = {"miroir_redis_last_save_timestamp_seconds", MetricType::kGauge,
                                  "Unix time of its last snapshot."};
constexpr MetricDesc kUptime = {"miroir_redis_uptime_seconds", MetricType::kGauge,
                                "Time since it started; without persistence the queue and the "
                                "leases begin anew then."};
constexpr MetricDesc kLatency = {
    "miroir_task_store_command_percentile_seconds",
    MetricType::kGauge,
    "Percentiles of a command's time on the server since it started. Redis 7.0 and later.",
    {"command", "percentile"}};
constexpr MetricDesc kLatencyQuantile = {"miroir_task_store_command_latency_seconds",
                                         MetricType::kGauge,
                                         "The same, by quantile.",
                                         {"command", "quantile"},
                                         {},
                                         Exported::kForCompatibility};

constexpr std::array kAll = {
    kQueueDepth,     kQueueByType,    kStaleRatio,    kOldestAge, kJobs,     kTasks,
    kSchema,         kHeld,           kTtl,           kHolder,    kChanges,  kCanaryAt,
    kCanaryPassed,   kOverflowEvents, kOverflowBytes, kCursorAt,  kPhaseAge, kMemoryUsed,
    kMemoryMax,      kEvicted,        kClients,       kLastSave,  kUptime,   kLatency,
    kLatencyQuantile};

constexpr RedisLeaseMetrics kLeaseMetrics = {kHeld, kTtl, kHolder, kChanges};

void AddIf(MetricSink& points, const MetricDesc& metric, std::optional<double> value) {
  if (value) points.Add(metric, {}, *value);
}

void PublishQueue(const Reading& reading, MetricSink& points) {
  AddIf(points, kQueueDepth, reading.queue_depth);
  AddIf(points, kJobs, reading.jobs_known);
  AddIf(points, kTasks, reading.tasks_known);
  AddIf(points, kSchema, reading.schema_version);
  if (!reading.sample) return;
  for (const auto& [type, depth] : reading.sample->depth_by_type) {
    points.Add(kQueueByType, {type}, depth);
  }
  AddIf(points, kStaleRatio, reading.sample->stale_ratio);
  if (const std::optional<double> oldest = reading.sample->oldest_at) {
    points.Add(kOldestAge, {}, std::max(0.0, reading.now - *oldest));
  }
}

void PublishWork(const Reading& reading, MetricSink& points) {
  for (const CanaryRun& run : reading.canaries) {
    points.Add(kCanaryAt, {run.canary}, run.ran_at);
    points.Add(kCanaryPassed, {run.canary}, run.passed ? 1 : 0);
  }
  for (const auto& [sink, events, bytes] : reading.overflows) {
    if (events) points.Add(kOverflowEvents, {sink}, *events);
    if (bytes) points.Add(kOverflowBytes, {sink}, *bytes);
  }
  for (const auto& [sink, index, updated_at] : reading.cursors) {
    points.Add(kCursorAt, {sink, index}, updated_at);
  }
  for (const auto& [scope, age] : reading.operations) points.Add(kPhaseAge, {scope}, age);
}

void PublishRedis(const RedisHealth& redis, MetricSink& points) {
  AddIf(points, kMemoryUsed, redis.memory_used_bytes);
  AddIf(points, kMemoryMax, redis.memory_max_bytes);
  AddIf(points, kEvicted, redis.evicted_keys);
  AddIf(points, kClients, redis.connected_clients);
  AddIf(points, kLastSave, redis.last_save_at);
  AddIf(points, kUptime, redis.uptime_seconds);
}

}  // namespace

void StoreMetrics::Publish(const Reading& reading, MetricSink& points) {
  PublishQueue(reading, points);
  PublishLeases(reading, points);
  PublishWork(reading, points);
  PublishRedis(reading.redis, points);
  for (const CommandLatency& latency : reading.latencies) {
    points.Add(kLatency, {latency.command, latency.percentile}, latency.seconds);
    if (!compatibility_names_) continue;
    points.Add(kLatencyQuantile, {latency.command, latency.quantile}, latency.seconds);
  }
}

void StoreMetrics::PublishLeases(const Reading& reading, MetricSink& points) {
  for (const auto& [scope, leader] : reading.leaders) {
    RedisLease& lease = LeaseOf(scope);
    lease.Note(leader.holder, leader.ttl_seconds);
    lease.Publish(kLeaseMetrics, points);
  }
}

RedisLease& StoreMetrics::LeaseOf(const std::string& scope) {
  const auto [lease, is_new] = leases_.try_emplace(scope, scope, "");
  if (is_new && is_restored_) lease->second.Restore(MemberIn(saved_, scope));
  return lease->second;
}

boost::json::object StoreMetrics::Save() const {
  // Scopes that are not seen now may be back later.
  boost::json::object state = saved_.is_object() ? saved_.get_object() : boost::json::object();
  for (const auto& [scope, lease] : leases_) state[scope] = lease.Save();
  return state;
}

void StoreMetrics::Restore(const boost::json::value& saved) {
  is_restored_ = true;
  saved_ = saved;
  for (auto& [scope, lease] : leases_) lease.Restore(MemberIn(saved_, scope));
}

std::vector<MetricDesc> StoreMetricDescs() {
  return {kAll.begin(), kAll.end()};
}

}  // namespace tocsin::collectors::miroir

// What the Kailash collector exports: every metric once, whichever source it comes from.

#pragma once

#include <array>
#include <span>

#include "base/metric.h"

namespace tocsin::collectors::kailash {

/// Kailash's own buckets, so that the histogram has the same whether the page or the database gave
/// it. Source: kailash/runtime/metrics.py, WORKFLOW_DURATION_BUCKETS_SECONDS.
inline constexpr std::array<double, 16> kDurationBounds = {
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600};

/// Source: kailash/core/monitoring/connection_metrics.py, kailash_pool_acquire_wait_seconds.
inline constexpr std::array<double, 12> kWaitBounds = {0.001, 0.005, 0.01, 0.025, 0.05, 0.1,
                                                       0.25,  0.5,   1,    2.5,   5,    10};

inline constexpr MetricDesc kUp = {"kailash_up", MetricType::kGauge,
                                   "1 if the server answers HTTP requests."};
inline constexpr MetricDesc kLive = {
    "kailash_live", MetricType::kGauge,
    "1 if the probe /health/live succeeds. Missing where the application has no such route."};
inline constexpr MetricDesc kReady = {
    "kailash_ready", MetricType::kGauge,
    "1 if the probe /health/ready succeeds. Missing where the application has no such route."};
inline constexpr MetricDesc kWorkflowHealthy = {
    "kailash_workflow_healthy",
    MetricType::kGauge,
    "1 if /health calls the workflow healthy; 0 if degraded, unhealthy or unknown.",
    {"workflow"}};
inline constexpr MetricDesc kMcpServerHealthy = {"kailash_mcp_server_healthy",
                                                 MetricType::kGauge,
                                                 "1 if /health calls the MCP server healthy.",
                                                 {"server"}};

inline constexpr MetricDesc kWorkflows = {
    "kailash_workflow_total", MetricType::kCounter, "Finished workflow executions.", {"workflow"}};
inline constexpr MetricDesc kWorkflowSuccesses = {"kailash_workflow_success_total",
                                                  MetricType::kCounter,
                                                  "Workflow executions that succeeded.",
                                                  {"workflow"}};
inline constexpr MetricDesc kErrors = {
    "kailash_errors_total",
    MetricType::kCounter,
    "Failed executions and troubles of the infrastructure. One failure may count in two "
    "categories: choose one before adding up.",
    {"category", "workflow"}};
inline constexpr MetricDesc kDuration = {"kailash_workflow_duration_seconds",
                                         MetricType::kHistogram,
                                         "Run time of workflow executions.",
                                         {"workflow"},
                                         kDurationBounds};
inline constexpr MetricDesc kNodeErrors = {
    "kailash_node_errors_total",
    MetricType::kCounter,
    "Failed node executions. Missing unless the application records node executions.",
    {"node"}};

inline constexpr MetricDesc kBreakerState = {
    "kailash_circuit_breaker_state",
    MetricType::kGauge,
    "State of the circuit breaker: 1 closed, 2 open, 3 half open, -1 a word that is none.",
    {"name"}};
inline constexpr MetricDesc kBreakerOpen = {
    "kailash_circuit_breaker_open", MetricType::kGauge, "1 while the breaker is open.", {"name"}};
inline constexpr MetricDesc kBreakerFailures = {"kailash_circuit_breaker_failures",
                                                MetricType::kGauge,
                                                "Failures since the breaker was last reset.",
                                                {"name"}};
inline constexpr MetricDesc kBreakerLastFailure = {
    "kailash_circuit_breaker_last_failure_timestamp_seconds",
    MetricType::kGauge,
    "Unix time of the breaker's last failure.",
    {"name"}};
inline constexpr MetricDesc kBreakerTtl = {
    "kailash_circuit_breaker_key_ttl_seconds",
    MetricType::kGauge,
    "Time until Redis forgets the breaker's state, which then reads as closed.",
    {"name"}};

inline constexpr MetricDesc kPoolActive = {"kailash_pool_active_connections",
                                           MetricType::kGauge,
                                           "Connections of the pool that are in use.",
                                           {"pool"}};
inline constexpr MetricDesc kPoolMax = {"kailash_pool_max_connections",
                                        MetricType::kGauge,
                                        "Largest size that the pool may reach, as configured.",
                                        {"pool"}};
inline constexpr MetricDesc kPoolAvailable = {
    "kailash_pool_available_connections",
    MetricType::kGauge,
    "Connections that the pool can still give: the largest size without those in use.",
    {"pool"}};
inline constexpr MetricDesc kPoolIdle = {"kailash_pool_connections_idle",
                                         MetricType::kGauge,
                                         "Connections of the pool that are open and unused.",
                                         {"pool"}};
inline constexpr MetricDesc kPoolExhaustions = {"kailash_pool_exhaustion_events_total",
                                                MetricType::kCounter,
                                                "Times that the pool had no connection to give.",
                                                {"pool"}};
inline constexpr MetricDesc kPoolWait = {"kailash_pool_acquire_wait_seconds",
                                         MetricType::kHistogram,
                                         "Wait for a connection of the pool.",
                                         {"pool"},
                                         kWaitBounds};

inline constexpr MetricDesc kQueueDepth = {"kailash_task_queue_depth",
                                           MetricType::kGauge,
                                           "Tasks in the queue, waiting or at work.",
                                           {"queue", "state", "backend"}};
inline constexpr MetricDesc kQueueOldestAge = {
    "kailash_task_queue_oldest_age_seconds",
    MetricType::kGauge,
    "Age of the oldest pending task, and time since the oldest processing one was taken. Of the "
    "database's queues only.",
    {"queue", "state"}};
inline constexpr MetricDesc kQueueDead = {"kailash_task_queue_dead_lettered",
                                          MetricType::kGauge,
                                          "Tasks given up that are still in the database's queue, "
                                          "counted up to 10000.",
                                          {"queue"}};
inline constexpr MetricDesc kWorkers = {
    "kailash_workers",
    MetricType::kGauge,
    "Registered workers. Redis does not tell the queues of dead ones: there, queue is __all__.",
    {"queue", "backend"}};
inline constexpr MetricDesc kWorkersAlive = {
    "kailash_workers_alive",
    MetricType::kGauge,
    "Workers of the queue with a live heartbeat. One that serves two queues counts for both.",
    {"queue", "backend"}};
inline constexpr MetricDesc kHeartbeatAge = {
    "kailash_worker_last_heartbeat_age_seconds",
    MetricType::kGauge,
    "Age of the oldest heartbeat among the queue's workers. From PostgreSQL, to 128 s.",
    {"queue", "backend"}};

inline constexpr MetricDesc kExecutionsPending = {"kailash_executions_pending", MetricType::kGauge,
                                                  "Executions that began and have not ended."};
inline constexpr MetricDesc kExecutionsOldest = {
    "kailash_executions_oldest_pending_age_seconds", MetricType::kGauge,
    "Time since the oldest of the pending executions began; 0 without any."};
inline constexpr MetricDesc kExecutionsLost = {
    "kailash_executions_lost_total", MetricType::kCounter,
    "Executions whose end tocsin will not see: deleted, or pending for more than a day."};
inline constexpr MetricDesc kDlqItems = {
    "kailash_dlq_items",
    MetricType::kGauge,
    "Items of the dead-letter table; permanent failures are counted up to 10000.",
    {"status"}};

/// All of them, in the order of the documentation.
std::span<const MetricDesc> Metrics();

}  // namespace tocsin::collectors::kailash

// What the Atlas collector exports.

#pragma once

#include <array>

#include "base/metric.h"

namespace tocsin::collectors::atlas {

// Passed on from the pods' pages.
inline constexpr MetricDesc kRequests = {
    "optimization_requests_total",
    MetricType::kCounter,
    "Optimisation requests by method and outcome (success or error).",
    {"method", "status", "pod"}};
inline constexpr MetricDesc kDuration = {"optimization_duration_seconds",
                                         MetricType::kHistogram,
                                         "Time an optimisation took.",
                                         {"method", "pod"}};
inline constexpr MetricDesc kActive = {
    "active_optimizations", MetricType::kGauge, "Optimisations that run now.", {"pod"}};
inline constexpr MetricDesc kPrediction = {"model_prediction_seconds",
                                           MetricType::kHistogram,
                                           "Time of a model prediction.",
                                           {"model_name", "pod"}};
inline constexpr std::array kPassed = {kRequests, kDuration, kActive, kPrediction};

inline constexpr MetricDesc kUp = {
    "atlas_up", MetricType::kGauge, "1 if a page of metrics of the pod was read, else 0.", {"pod"}};
inline constexpr MetricDesc kHealthy = {"atlas_healthy",
                                        MetricType::kGauge,
                                        "1 if the pod answers /health with status 200, else 0.",
                                        {"pod"}};
inline constexpr MetricDesc kReady = {
    "atlas_ready",
    MetricType::kGauge,
    "1 if the pod answers /ready with status 200 and does not deny it, else 0.",
    {"pod"}};
inline constexpr MetricDesc kDependency = {
    "atlas_dependency_up",
    MetricType::kGauge,
    "1 if the pod finds that what it depends on works, else 0.",
    {"pod", "dependency"}};
inline constexpr MetricDesc kMaintenance = {
    "atlas_maintenance",
    MetricType::kGauge,
    "1 while the pod refuses all work because of maintenance, else 0.",
    {"pod"}};
inline constexpr MetricDesc kFlaps = {
    "atlas_metrics_worker_flap_total",
    MetricType::kCounter,
    "Pages of metrics answered by another process than the one before. If this rises steadily, the "
    "pod's counters cannot be used: set PROMETHEUS_MULTIPROC_DIR.",
    {"pod"}};
inline constexpr MetricDesc kProbeDuration = {"atlas_probe_duration_seconds",
                                              MetricType::kGauge,
                                              "How long the last probe took.",
                                              {"pod", "probe"}};
inline constexpr MetricDesc kRequestRate = {
    "http_requests_per_second",
    MetricType::kGauge,
    "Optimisation requests a second in the last minute, as the pod counted them.",
    {"pod"}};
inline constexpr MetricDesc kHttpRequests = {"atlas_http_requests_total",
                                             MetricType::kCounter,
                                             "Requests that nginx or Kong saw, by status.",
                                             {"code"}};
inline constexpr MetricDesc kRateLimited = {"atlas_rate_limited_total",
                                            MetricType::kCounter,
                                            "Requests that nginx' limit_req refused, by zone.",
                                            {"zone"}};
inline constexpr MetricDesc kConnections = {"atlas_database_connections",
                                            MetricType::kGauge,
                                            "Connections of the application to PostgreSQL.",
                                            {"state"}};
inline constexpr MetricDesc kPoolMax = {
    "atlas_database_pool_max", MetricType::kGauge,
    "Connections that all pools together may open: pool size x workers x pods."};
inline constexpr MetricDesc kRedisUp = {"atlas_redis_up", MetricType::kGauge,
                                        "1 if Redis answers PING, else 0."};
inline constexpr MetricDesc kRedisMemory = {"atlas_redis_memory_used_bytes", MetricType::kGauge,
                                            "Memory that Redis uses for its data."};

inline constexpr std::array kOwn = {
    kUp,          kHealthy,      kReady,       kDependency,  kMaintenance, kFlaps,   kProbeDuration,
    kRequestRate, kHttpRequests, kRateLimited, kConnections, kPoolMax,     kRedisUp, kRedisMemory};

}  // namespace tocsin::collectors::atlas

#include "collectors/miroir/pods.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <span>
#include <string_view>
#include <utility>

namespace tocsin::collectors::miroir {
namespace {

constexpr MetricDesc kUp = {
    "miroir_up", MetricType::kGauge, "1 if the pod's page of metrics was read.", {"pod"}};
constexpr MetricDesc kReady = {
    "miroir_ready", MetricType::kGauge, "1 if the pod says that it is ready.", {"pod"}};
constexpr MetricDesc kClaiming = {
    "miroir_leader_pods_claiming",
    MetricType::kGauge,
    "Pods whose own metric says that they lead. Miroir sets it on every pod: compare it with the "
    "lease.",
    {"scope"}};
constexpr std::array kOwn = {kUp, kReady, kClaiming};

// Made of families of the pods, under which names they are passed on as well.
constexpr MetricDesc kIdempotency = {"miroir_idempotency_cache_entries",
                                     MetricType::kGauge,
                                     "Entries in the pod's idempotency cache.",
                                     {"pod"}};
constexpr MetricDesc kSessions = {"miroir_session_pinning_active_sessions",
                                  MetricType::kGauge,
                                  "Pinned sessions that the pod holds.",
                                  {"pod"}};
constexpr MetricDesc kDegraded = {
    "miroir_degraded_shards", MetricType::kGauge, "Shards without a healthy replica.", {"pod"}};

/// A family and the name that it gets beside its own.
struct Alias {
  std::string_view name;
  const MetricDesc& alias;
};
constexpr std::array kAliases = {
    Alias{"miroir_idempotency_cache_size", kIdempotency},
    Alias{"miroir_session_active_count", kSessions},
    Alias{"miroir_degraded_shards_total", kDegraded},
};

/// The families of the pods' pages that alerts and dashboards are made of. Like any other of these
/// pages they are passed on as they come; here they are only described.
constexpr std::array kPassedOn = {
    MetricDesc{"miroir_requests_total",
               MetricType::kCounter,
               "Requests that the pod has served.",
               {"pod", "method", "path_template", "status"}},
    MetricDesc{"miroir_request_duration_seconds",
               MetricType::kHistogram,
               "How long requests took.",
               {"pod", "method", "path_template", "status"}},
    MetricDesc{"miroir_requests_in_flight",
               MetricType::kGauge,
               "Requests that the pod is serving.",
               {"pod"}},
    MetricDesc{"miroir_request_queue_depth",
               MetricType::kGauge,
               "Requests that wait in the pod. No version of Miroir sets it: 0.",
               {"pod"}},
    MetricDesc{"miroir_node_healthy",
               MetricType::kGauge,
               "1 if the pod can reach the search node.",
               {"pod", "node_id"}},
    MetricDesc{"miroir_node_request_duration_seconds",
               MetricType::kHistogram,
               "How long the pod's requests to search nodes took; more than a second is in +Inf.",
               {"pod", "node_id", "operation"}},
    MetricDesc{"miroir_node_errors_total",
               MetricType::kCounter,
               "Failed requests of the pod to search nodes.",
               {"pod", "node_id", "error_type"}},
    MetricDesc{"miroir_shard_coverage",
               MetricType::kGauge,
               "Share of the shards that can be searched.",
               {"pod"}},
    MetricDesc{"miroir_shard_distribution",
               MetricType::kGauge,
               "Shards of each search node.",
               {"pod", "node_id"}},
    MetricDesc{"miroir_task_processing_age_seconds",
               MetricType::kHistogram,
               "How old tasks were when they were done.",
               {"pod"}},
    MetricDesc{
        "miroir_tasks_total", MetricType::kCounter, "Tasks by their end.", {"pod", "status"}},
    MetricDesc{"miroir_rebalance_in_progress",
               MetricType::kGauge,
               "1 while shards are being moved.",
               {"pod"}},
    MetricDesc{"miroir_memory_pressure",
               MetricType::kGauge,
               "0 up to 75% of the pod's memory limit, 1 above, 2 above 90%.",
               {"pod"}},
    MetricDesc{"miroir_peer_pod_count",
               MetricType::kGauge,
               "Pods that this one knows, itself included.",
               {"pod"}},
    MetricDesc{"miroir_settings_hash_mismatch_total",
               MetricType::kCounter,
               "Search nodes found with settings other than the index's.",
               {"pod"}},
    MetricDesc{"miroir_settings_drift_repair_total",
               MetricType::kCounter,
               "Settings that were repaired.",
               {"pod", "index"}},
    MetricDesc{"miroir_antientropy_shards_scanned_total",
               MetricType::kCounter,
               "Shards whose replicas were compared.",
               {"pod"}},
    MetricDesc{"miroir_antientropy_mismatches_found_total",
               MetricType::kCounter,
               "Documents that replicas did not agree about.",
               {"pod"}},
    MetricDesc{"miroir_antientropy_docs_repaired_total",
               MetricType::kCounter,
               "Documents that were repaired.",
               {"pod"}},
    MetricDesc{"miroir_reshard_in_progress",
               MetricType::kGauge,
               "1 while an index is being resharded.",
               {"pod"}},
    MetricDesc{"miroir_reshard_phase",
               MetricType::kGauge,
               "What resharding does: 0 nothing, to 6, cleaning up.",
               {"pod", "index_uid"}},
};

/// What must not be passed on.
constexpr std::array<std::string_view, 3> kLeftOut = {
    "miroir_background_queue_depth",       // Never set; its true value is in the store.
    "miroir_cpu_throttled_seconds_total",  // Adds the lifetime total again and again.
    "miroir_leader",                       // 1 on every pod: see kClaiming.
};

bool IsLeftOut(std::string_view name) {
  return std::find(kLeftOut.begin(), kLeftOut.end(), name) != kLeftOut.end();
}

/// What a pod is called: as the configuration or Kubernetes says, else by its address.
std::string NameOf(const Labels& target) {
  for (const std::string_view label : {"pod", "__meta_kubernetes_pod_name"}) {
    if (const std::string_view name = target.Get(label); !name.empty()) return std::string(name);
  }
  return std::string(target.Get("__address__"));
}

/// "http://10.0.0.1:7700/_miroir/ready" for the target "10.0.0.1:9090".
std::string ReadyUrl(const Labels& target, std::uint16_t port) {
  const std::string_view address = target.Get("__address__");
  const std::string_view scheme = target.Get("__scheme__");
  const std::size_t colon = address.rfind(':');
  const bool has_port = colon != std::string_view::npos && !address.ends_with(']');
  return std::string(scheme.empty() ? "http" : scheme) + "://" +
         std::string(address.substr(0, has_port ? colon : address.size())) + ":" +
         std::to_string(port) + "/_miroir/ready";
}

}  // namespace

Pods::Pods(PodSettings settings, std::unique_ptr<Discovery> discovery)
    : settings_(std::move(settings)), discovery_(std::move(discovery)), passed_(kOwn) {}

void Pods::Collect(const Attempt& attempt, Collection& collection) {
  read_ = 0;
  first_error_.reset();
  claiming_.clear();
  const std::vector<Pod> pods = Find(attempt, collection);
  const auto now = std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
  const Duration timeout = std::max(attempt.deadline - now, Duration(1));
  std::vector<HttpJob> jobs;
  for (const Pod& pod : pods) {
    jobs.push_back({.settings = settings_.http, .request = pod.page, .timeout = timeout});
    if (!pod.ready) continue;
    jobs.push_back({.settings = settings_.http, .request = *pod.ready, .timeout = timeout});
  }
  std::vector<HttpOutcome> outcomes = client_.SendAll(jobs, attempt.stop);
  std::size_t next = 0;
  for (const Pod& pod : pods) {
    TakePage(pod, std::move(outcomes[next++].answer), collection);
    if (!pod.ready) continue;
    const Result<HttpAnswer>& answer = outcomes[next++].answer;
    collection.points.Add(kReady, {pod.name}, answer && answer->status == 200 ? 1 : 0);
  }
  for (const auto& [scope, count] : claiming_) collection.points.Add(kClaiming, {scope}, count);
  passed_.Finish(collection.points);
  const bool all_failed = first_error_ && read_ == 0;
  collection.sources.push_back({"pods", all_failed ? Status(*first_error_) : Status()});
}

std::vector<Pods::Pod> Pods::Find(const Attempt& attempt, Collection& collection) {
  std::vector<Pod> pods;
  for (const Labels& target : discovery_->Find(attempt, collection.sources)) {
    Pod& pod = pods.emplace_back();
    pod.name = NameOf(target);
    pod.page = PageRequest(TargetUrl(target));
    if (settings_.ready_port == 0) continue;
    pod.ready.emplace();
    pod.ready->url = ReadyUrl(target, settings_.ready_port);
  }
  return pods;
}

void Pods::TakePage(const Pod& pod, Result<HttpAnswer> answer, Collection& collection) {
  Status good = answer ? CheckPageAnswer(*answer) : Status(answer.error());
  Result<Page> page = good ? ParsePage(TakePageText(*answer)) : Result<Page>(good.error());
  collection.points.Add(kUp, {pod.name}, page ? 1 : 0);
  if (!page) {
    collection.parts.push_back(
        {.source = "pod " + pod.name, .status = page.error(), .is_fault = false});
    if (!first_error_) first_error_ = page.error();
    return;
  }
  ++read_;
  for (const PageFamily& family : page->families) PassOn(family, pod.name);
}

void Pods::PassOn(const PageFamily& family, const std::string& pod) {
  if (!family.name.starts_with("miroir_")) return;
  if (family.name == "miroir_leader") {
    for (const PageSample& sample : family.samples) {
      const std::string scope(sample.Label("scope"));
      auto known = std::find_if(claiming_.begin(), claiming_.end(),
                                [&](const auto& claim) { return claim.first == scope; });
      if (known == claiming_.end()) known = claiming_.insert(known, {scope, 0});
      if (sample.value == 1) known->second += 1;
    }
  }
  if (IsLeftOut(family.name)) return;
  passed_.Add(family, {.labels = {{"pod", pod}}});
  for (const auto& [name, alias] : kAliases) {
    if (family.name != name) continue;
    passed_.Add(
        family,
        {.name = alias.name, .type = alias.type, .help = alias.help, .labels = {{"pod", pod}}});
  }
}

std::vector<MetricDesc> PodMetricDescs() {
  std::vector<MetricDesc> all = {kUp, kReady, kClaiming, kIdempotency, kSessions, kDegraded};
  all.insert(all.end(), kPassedOn.begin(), kPassedOn.end());
  return all;
}

}  // namespace tocsin::collectors::miroir

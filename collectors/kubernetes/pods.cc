#include <array>
#include <cmath>
#include <optional>

#include "collectors/kubernetes/object.h"
#include "collectors/kubernetes/quantity.h"
#include "collectors/kubernetes/resource_kind.h"

namespace tocsin::collectors::kubernetes {
namespace {

namespace json = boost::json;

// --- Metrics -------------------------------------------------------------------------------------

/// Names, labels and meanings are those of kube-state-metrics.
constexpr MetricDesc kInfo = {
    "kube_pod_info",
    MetricType::kGauge,
    "1 for each pod; what it is and where, as labels.",
    {"namespace", "pod", "uid", "host_ip", "pod_ip", "node", "created_by_kind", "created_by_name",
     "priority_class", "host_network"}};
constexpr MetricDesc kPhase = {"kube_pod_status_phase",
                               MetricType::kGauge,
                               "1 for the phase that the pod is in.",
                               {"namespace", "pod", "uid", "phase"}};
constexpr MetricDesc kReady = {"kube_pod_status_ready",
                               MetricType::kGauge,
                               "Whether the pod is ready to be used: 1 for what holds.",
                               {"namespace", "pod", "uid", "condition"}};
constexpr LabelNames kContainerLabels = {"namespace", "pod", "uid", "container"};
constexpr LabelNames kReasonLabels = {"namespace", "pod", "uid", "container", "reason"};
constexpr MetricDesc kRestarts = {"kube_pod_container_status_restarts_total", MetricType::kCounter,
                                  "How often the container was restarted.", kContainerLabels};
constexpr MetricDesc kContainerReady = {"kube_pod_container_status_ready", MetricType::kGauge,
                                        "1 if the container is ready.", kContainerLabels};
constexpr MetricDesc kWaitingReason = {"kube_pod_container_status_waiting_reason",
                                       MetricType::kGauge,
                                       "1 for the reason why the container does not run yet, such "
                                       "as CrashLoopBackOff.",
                                       kReasonLabels};
constexpr MetricDesc kLastTerminatedReason = {
    "kube_pod_container_status_last_terminated_reason", MetricType::kGauge,
    "1 for the reason why the container last ended, such as OOMKilled.", kReasonLabels};
constexpr LabelNames kResourceLabels = {"namespace", "pod",      "uid", "container",
                                        "node",      "resource", "unit"};
constexpr MetricDesc kLimits = {"kube_pod_container_resource_limits", MetricType::kGauge,
                                "The most that the container may use.", kResourceLabels};
constexpr MetricDesc kRequests = {"kube_pod_container_resource_requests", MetricType::kGauge,
                                  "What is reserved for the container.", kResourceLabels};
constexpr std::array kMetrics = {
    kInfo,   kPhase,   kReady, kRestarts, kContainerReady, kWaitingReason, kLastTerminatedReason,
    kLimits, kRequests};

constexpr std::array<std::string_view, 5> kPhases = {"Pending", "Running", "Succeeded", "Failed",
                                                     "Unknown"};
struct Condition {
  std::string_view status;  ///< As Kubernetes writes it.
  std::string_view label;
};
constexpr std::array<Condition, 3> kConditions = {
    {{"True", "true"}, {"False", "false"}, {"Unknown", "unknown"}}};

// --- What is kept --------------------------------------------------------------------------------

struct ContainerStatus {
  std::string name;
  double restarts = 0;
  bool is_ready = false;
  std::string waiting_reason;          ///< Empty if it does not wait.
  std::string last_terminated_reason;  ///< Empty if it never ended.
};

struct ContainerResource {
  std::string container;
  std::string resource;
  std::string_view unit;
  bool is_limit = false;
  double value = 0;
};

struct Pod {
  std::string name_space;
  std::string name;
  std::string uid;
  std::string host_ip;
  std::string pod_ip;
  std::string node;
  Controller created_by;
  std::string priority_class;
  bool on_host_network = false;
  std::string phase;
  std::string ready;  ///< The status of its condition; empty if there is none yet.
  std::vector<ContainerStatus> statuses;
  std::vector<ContainerResource> resources;
};

/// In what a resource is counted; empty for those that kube-state-metrics leaves out.
std::string_view UnitOf(std::string_view resource) {
  if (resource == "cpu") return "core";
  if (resource == "memory" || resource == "storage" || resource == "ephemeral-storage" ||
      resource.starts_with("hugepages-") || resource.starts_with("attachable-volumes-")) {
    return "byte";
  }
  const bool is_extended = resource.find('/') != std::string_view::npos &&
                           resource.find("kubernetes.io/") == std::string_view::npos;
  return is_extended ? "integer" : "";
}

void KeepResources(const json::value& container, std::string_view path, bool is_limit, Pod& pod) {
  for (const auto& [name, amount] : MapAt(container, path)) {
    const std::string_view unit = UnitOf(name);
    const json::string* const text = amount.if_string();
    const std::optional<double> value =
        text != nullptr ? ParseQuantity(*text) : NumberAt(amount, "");
    if (unit.empty() || !value) continue;
    // Only processors come in parts: of anything else, Kubernetes counts a part as a whole.
    pod.resources.push_back({TextAt(container, "name"), LabelNameOf(name), unit, is_limit,
                             unit == "core" ? *value : std::ceil(*value)});
  }
}

Pod Keep(const json::value& object) {
  Pod pod;
  pod.name_space = TextAt(object, "metadata.namespace");
  pod.name = TextAt(object, "metadata.name");
  pod.uid = TextAt(object, "metadata.uid");
  pod.host_ip = TextAt(object, "status.hostIP");
  pod.pod_ip = TextAt(object, "status.podIP");
  pod.node = TextAt(object, "spec.nodeName");
  pod.created_by = ControllerOf(object).value_or(Controller{});
  pod.priority_class = TextAt(object, "spec.priorityClassName");
  pod.on_host_network = FlagAt(object, "spec.hostNetwork").value_or(false);
  pod.phase = TextAt(object, "status.phase");
  pod.ready = ConditionOf(object, "Ready");
  for (const json::value& status : ListAt(object, "status.containerStatuses")) {
    pod.statuses.push_back({TextAt(status, "name"), NumberAt(status, "restartCount").value_or(0),
                            FlagAt(status, "ready").value_or(false),
                            TextAt(status, "state.waiting.reason"),
                            TextAt(status, "lastState.terminated.reason")});
  }
  for (const json::value& container : ListAt(object, "spec.containers")) {
    KeepResources(container, "resources.limits", true, pod);
    KeepResources(container, "resources.requests", false, pod);
  }
  return pod;
}

// --- What is published ---------------------------------------------------------------------------

void PublishContainers(const Pod& pod, MetricSink& points) {
  for (const ContainerStatus& each : pod.statuses) {
    points.Add(kRestarts, {pod.name_space, pod.name, pod.uid, each.name}, each.restarts);
    points.Add(kContainerReady, {pod.name_space, pod.name, pod.uid, each.name}, each.is_ready);
    const auto add_reason = [&](const MetricDesc& metric, const std::string& reason) {
      if (reason.empty()) return;
      points.Add(metric, {pod.name_space, pod.name, pod.uid, each.name, reason}, 1);
    };
    add_reason(kWaitingReason, each.waiting_reason);
    add_reason(kLastTerminatedReason, each.last_terminated_reason);
  }
  for (const ContainerResource& each : pod.resources) {
    points.Add(
        each.is_limit ? kLimits : kRequests,
        {pod.name_space, pod.name, pod.uid, each.container, pod.node, each.resource, each.unit},
        each.value);
  }
}

void Publish(const Pod& pod, MetricSink& points, double /*server_now*/) {
  points.Add(
      kInfo,
      {pod.name_space, pod.name, pod.uid, pod.host_ip, pod.pod_ip, pod.node, pod.created_by.kind,
       pod.created_by.name, pod.priority_class, pod.on_host_network ? "true" : "false"},
      1);
  if (!pod.phase.empty()) {
    for (const std::string_view phase : kPhases) {
      points.Add(kPhase, {pod.name_space, pod.name, pod.uid, phase}, pod.phase == phase);
    }
  }
  if (!pod.ready.empty()) {
    for (const Condition& each : kConditions) {
      points.Add(kReady, {pod.name_space, pod.name, pod.uid, each.label}, pod.ready == each.status);
    }
  }
  PublishContainers(pod, points);
}

}  // namespace

ResourceKind Pods() {
  return {"pods", "/api/v1", kMetrics,
          [](std::size_t most_objects) -> std::unique_ptr<ResourceTable> {
            return std::make_unique<TableOf<Pod>>(most_objects, Keep, Publish);
          }};
}

}  // namespace tocsin::collectors::kubernetes

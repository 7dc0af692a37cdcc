#include "collectors/discovery/kubernetes_objects.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "collectors/discovery/target_group.h"
#include "collectors/kubernetes/object.h"

namespace tocsin::collectors {
namespace {

namespace json = boost::json;

using kubernetes::FieldAt;
using kubernetes::FlagAt;
using kubernetes::LabelNameOf;
using kubernetes::ListAt;
using kubernetes::MapAt;
using kubernetes::NumberAt;
using kubernetes::TextAt;

constexpr std::string_view kPrefix = "__meta_kubernetes_";
constexpr std::string_view kNamespaceLabel = "__meta_kubernetes_namespace";
/// As long as the object itself, and of no use to any rule.
constexpr std::string_view kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";

std::string Meta(std::string_view name) {
  return std::string(kPrefix) + std::string(name);
}

/// The labels and annotations of an object, each with a label that says that it is there.
void SetMaps(LabelsBuilder& labels, const json::value& object, const std::string& role) {
  for (const std::string_view kind : {"label", "annotation"}) {
    const std::string prefix = fmt::format("{}_{}", Meta(role), kind);
    const std::string field = fmt::format("metadata.{}s", kind);
    for (const auto& [key, value] : MapAt(object, field)) {
      const std::string name = LabelNameOf(key);
      labels.Set(fmt::format("{}present_{}", prefix, name), "true");
      if (value.is_string() && std::string_view(key) != kLastApplied) {
        labels.Set(fmt::format("{}_{}", prefix, name), std::string_view(value.get_string()));
      }
    }
  }
}

/// A label from a field, if it has a text.
void SetText(LabelsBuilder& labels, std::string_view label, const json::value& object,
             std::string_view path) {
  labels.Set(Meta(label), TextAt(object, path));
}

void SetFlag(LabelsBuilder& labels, std::string_view label, const json::value& object,
             std::string_view path) {
  if (const auto flag = FlagAt(object, path)) labels.Set(Meta(label), *flag ? "true" : "false");
}

/// A port number; 0 if it is none.
int PortAt(const json::value& object, std::string_view path) {
  constexpr double kMost = 65535;
  const double number = NumberAt(object, path).value_or(0);
  return number >= 1 && number <= kMost ? static_cast<int>(number) : 0;
}

std::string AddressOf(const std::string& host, int port) {
  return port == 0 ? host : HostAndPort(host, port);
}

Labels Merged(const Labels& first, const Labels& second) {
  LabelsBuilder merged(first);
  for (const Label& label : second) merged.Set(label.name, label.value);
  return merged.Build();
}

// --- Pods ----------------------------------------------------------------------------------------

Labels PodLabels(const json::value& object) {
  LabelsBuilder labels;
  SetText(labels, "pod_name", object, "metadata.name");
  SetText(labels, "pod_uid", object, "metadata.uid");
  SetText(labels, "pod_ip", object, "status.podIP");
  SetText(labels, "pod_host_ip", object, "status.hostIP");
  SetText(labels, "pod_phase", object, "status.phase");
  SetText(labels, "pod_node_name", object, "spec.nodeName");
  const std::string ready = LowerCase(kubernetes::ConditionOf(object, "Ready"));
  labels.Set(Meta("pod_ready"), ready.empty() ? "unknown" : ready);
  if (const auto controller = kubernetes::ControllerOf(object)) {
    labels.Set(Meta("pod_controller_kind"), controller->kind);
    labels.Set(Meta("pod_controller_name"), controller->name);
  }
  SetMaps(labels, object, "pod");
  return labels.Build();
}

std::string ContainerIdOf(const json::value& object, const std::string& name, bool is_init) {
  const auto& statuses =
      ListAt(object, is_init ? "status.initContainerStatuses" : "status.containerStatuses");
  for (const json::value& status : statuses) {
    if (TextAt(status, "name") == name) return TextAt(status, "containerID");
  }
  return {};
}

PodContainer KeepContainer(const json::value& object, const json::value& container, bool is_init) {
  const std::string name = TextAt(container, "name");
  LabelsBuilder labels;
  labels.Set(Meta("pod_container_name"), name);
  labels.Set(Meta("pod_container_id"), ContainerIdOf(object, name, is_init));
  SetText(labels, "pod_container_image", container, "image");
  labels.Set(Meta("pod_container_init"), is_init ? "true" : "false");
  PodContainer kept{labels.Build(), is_init, {}};
  for (const json::value& port : ListAt(container, "ports")) {
    const int number = PortAt(port, "containerPort");
    if (number != 0) kept.ports.push_back({TextAt(port, "name"), TextAt(port, "protocol"), number});
  }
  return kept;
}

// --- Endpoints -----------------------------------------------------------------------------------

/// The key of the pod that a targetRef names.
std::string PodOf(const json::value& reference) {
  if (TextAt(reference, "kind") != "Pod") return {};
  return TextAt(reference, "namespace") + "/" + TextAt(reference, "name");
}

Labels EndpointLabels(const json::value& object, const std::string& role) {
  LabelsBuilder labels;
  labels.Set(kNamespaceLabel, TextAt(object, "metadata.namespace"));
  SetText(labels, role + "_name", object, "metadata.name");
  SetMaps(labels, object, role);
  return labels.Build();
}

void KeepSubset(const json::value& subset, std::string_view addresses, std::string_view ready,
                EndpointObject& kept) {
  for (const json::value& port : ListAt(subset, "ports")) {
    for (const json::value& address : ListAt(subset, addresses)) {
      const json::value& reference = FieldAt(address, "targetRef");
      const int number = PortAt(port, "port");
      LabelsBuilder labels;
      labels.Set(kAddressLabel, AddressOf(TextAt(address, "ip"), number));
      SetText(labels, "endpoint_port_name", port, "name");
      SetText(labels, "endpoint_port_protocol", port, "protocol");
      labels.Set(Meta("endpoint_ready"), ready);
      SetText(labels, "endpoint_node_name", address, "nodeName");
      SetText(labels, "endpoint_hostname", address, "hostname");
      SetText(labels, "endpoint_address_target_kind", reference, "kind");
      SetText(labels, "endpoint_address_target_name", reference, "name");
      kept.targets.push_back({labels.Build(), PodOf(reference), number});
    }
  }
}

Labels SlicePortLabels(const json::value& port, int number) {
  LabelsBuilder labels;
  SetText(labels, "endpointslice_port_name", port, "name");
  SetText(labels, "endpointslice_port_protocol", port, "protocol");
  SetText(labels, "endpointslice_port_app_protocol", port, "appProtocol");
  if (number != 0) labels.Set(Meta("endpointslice_port"), std::to_string(number));
  return labels.Build();
}

Labels SliceEndpointLabels(const json::value& endpoint) {
  LabelsBuilder labels;
  for (const std::string_view condition : {"ready", "serving", "terminating"}) {
    SetFlag(labels, "endpointslice_endpoint_conditions_" + std::string(condition), endpoint,
            "conditions." + std::string(condition));
  }
  SetText(labels, "endpointslice_endpoint_hostname", endpoint, "hostname");
  SetText(labels, "endpointslice_endpoint_node_name", endpoint, "nodeName");
  SetText(labels, "endpointslice_endpoint_zone", endpoint, "zone");
  SetText(labels, "endpointslice_address_target_kind", endpoint, "targetRef.kind");
  SetText(labels, "endpointslice_address_target_name", endpoint, "targetRef.name");
  return labels.Build();
}

/// Adds the labels of the container that has the port of the endpoint, if one has.
void SetContainer(const PodObject& pod, int port, LabelsBuilder& target) {
  for (const PodContainer& container : pod.containers) {
    if (container.is_init) continue;
    const auto found = std::find_if(container.ports.begin(), container.ports.end(),
                                    [&](const PodPort& each) { return each.number == port; });
    if (found == container.ports.end()) continue;
    for (const Label& label : container.labels) target.Set(label.name, label.value);
    found->SetLabels(target);
  }
}

Labels TargetAt(const PodObject& pod, const PodContainer& container, const PodPort& port) {
  LabelsBuilder target(Merged(pod.labels, container.labels));
  target.Set(kAddressLabel, HostAndPort(pod.ip, port.number));
  port.SetLabels(target);
  return target.Build();
}

}  // namespace

void PodPort::SetLabels(LabelsBuilder& target) const {
  target.Set(Meta("pod_container_port_name"), name);
  target.Set(Meta("pod_container_port_number"), std::to_string(number));
  target.Set(Meta("pod_container_port_protocol"), protocol);
}

PodObject KeepPod(const json::value& object) {
  PodObject pod;
  pod.ip = TextAt(object, "status.podIP");
  pod.labels = PodLabels(object);
  pod.namespace_label =
      LabelsBuilder().Set(kNamespaceLabel, TextAt(object, "metadata.namespace")).Build();
  for (const json::value& container : ListAt(object, "spec.containers")) {
    pod.containers.push_back(KeepContainer(object, container, false));
  }
  for (const json::value& container : ListAt(object, "spec.initContainers")) {
    pod.containers.push_back(KeepContainer(object, container, true));
  }
  return pod;
}

void AppendPodTargets(const PodObject& pod, std::vector<Labels>& targets) {
  if (pod.ip.empty()) return;
  for (const PodContainer& container : pod.containers) {
    for (const PodPort& port : container.ports) {
      targets.push_back(Merged(TargetAt(pod, container, port), pod.namespace_label));
    }
    if (!container.ports.empty()) continue;
    LabelsBuilder target(Merged(Merged(pod.labels, container.labels), pod.namespace_label));
    targets.push_back(target.Set(kAddressLabel, pod.ip).Build());
  }
}

ServiceObject KeepService(const json::value& object) {
  const std::string name = TextAt(object, "metadata.name");
  const std::string name_space = TextAt(object, "metadata.namespace");
  LabelsBuilder labels;
  labels.Set(kNamespaceLabel, name_space);
  labels.Set(Meta("service_name"), name);
  SetMaps(labels, object, "service");
  ServiceObject service{labels.Build(), {}};
  const std::string type = TextAt(object, "spec.type");
  for (const json::value& port : ListAt(object, "spec.ports")) {
    const int number = PortAt(port, "port");
    LabelsBuilder target(service.labels);
    target.Set(kAddressLabel, AddressOf(fmt::format("{}.{}.svc", name, name_space), number));
    target.Set(Meta("service_type"), type);
    SetText(target, "service_port_name", port, "name");
    SetText(target, "service_port_protocol", port, "protocol");
    target.Set(Meta("service_port_number"), std::to_string(number));
    if (type == "ExternalName") {
      SetText(target, "service_external_name", object, "spec.externalName");
    } else {
      SetText(target, "service_cluster_ip", object, "spec.clusterIP");
    }
    service.targets.push_back(target.Build());
  }
  return service;
}

NodeObject KeepNode(const json::value& object) {
  constexpr std::array<std::string_view, 5> kPreferred = {"InternalIP", "InternalDNS", "ExternalIP",
                                                          "ExternalDNS", "Hostname"};
  std::map<std::string, std::string> addresses;  // The first of each type.
  for (const json::value& address : ListAt(object, "status.addresses")) {
    addresses.try_emplace(TextAt(address, "type"), TextAt(address, "address"));
  }
  const auto best = std::find_if(kPreferred.begin(), kPreferred.end(), [&](std::string_view type) {
    return addresses.contains(std::string(type));
  });
  if (best == kPreferred.end()) return {};
  const std::string name = TextAt(object, "metadata.name");
  LabelsBuilder target;
  target.Set(kAddressLabel,
             AddressOf(addresses[std::string(*best)],
                       PortAt(object, "status.daemonEndpoints.kubeletEndpoint.Port")));
  target.Set("instance", name);
  target.Set(Meta("node_name"), name);
  SetText(target, "node_provider_id", object, "spec.providerID");
  SetMaps(target, object, "node");
  for (const auto& [type, address] : addresses) {
    target.Set(Meta("node_address_") + LabelNameOf(type), address);
  }
  return {{target.Build()}};
}

EndpointObject KeepEndpoints(const json::value& object) {
  EndpointObject kept{EndpointLabels(object, "endpoints"), kubernetes::KeyOf(object), {}};
  for (const json::value& subset : ListAt(object, "subsets")) {
    KeepSubset(subset, "addresses", "true", kept);
    KeepSubset(subset, "notReadyAddresses", "false", kept);
  }
  return kept;
}

EndpointObject KeepEndpointSlice(const json::value& object) {
  LabelsBuilder labels(EndpointLabels(object, "endpointslice"));
  SetText(labels, "endpointslice_address_type", object, "addressType");
  EndpointObject kept{labels.Build(), "", {}};
  const json::object& own_labels = MapAt(object, "metadata.labels");
  const json::value* const service = own_labels.if_contains("kubernetes.io/service-name");
  if (service != nullptr) {
    kept.service = TextAt(object, "metadata.namespace") + "/" + TextAt(*service, "");
  }
  for (const json::value& endpoint : ListAt(object, "endpoints")) {
    const Labels endpoint_labels = SliceEndpointLabels(endpoint);
    for (const json::value& port : ListAt(object, "ports")) {
      const int number = PortAt(port, "port");
      const Labels both = Merged(endpoint_labels, SlicePortLabels(port, number));
      for (const json::value& address : ListAt(endpoint, "addresses")) {
        LabelsBuilder target(both);
        target.Set(kAddressLabel, AddressOf(TextAt(address, ""), number));
        kept.targets.push_back({target.Build(), PodOf(FieldAt(endpoint, "targetRef")), number});
      }
    }
  }
  return kept;
}

void AppendEndpointTargets(const EndpointObject& endpoints,
                           const kubernetes::KeptObjects<ServiceObject>& services,
                           const kubernetes::KeptObjects<PodObject>& pods,
                           std::vector<Labels>& targets) {
  Labels common = endpoints.labels;
  if (const ServiceObject* const service = services.Find(endpoints.service)) {
    common = Merged(common, service->labels);
  }
  std::map<std::string, std::vector<int>> seen;  // Ports of pods that have targets already.
  for (const EndpointTarget& each : endpoints.targets) {
    LabelsBuilder target(Merged(common, each.labels));
    if (const PodObject* const pod = pods.Find(each.pod)) {
      for (const Label& label : pod->labels) target.Set(label.name, label.value);
      SetContainer(*pod, each.port, target);
      seen[each.pod].push_back(each.port);
    }
    targets.push_back(target.Build());
  }
  for (const auto& [key, ports] : seen) {
    const PodObject& pod = *pods.Find(key);
    for (const PodContainer& container : pod.containers) {
      if (container.is_init || pod.ip.empty()) continue;
      for (const PodPort& port : container.ports) {
        if (std::find(ports.begin(), ports.end(), port.number) != ports.end()) continue;
        targets.push_back(Merged(common, TargetAt(pod, container, port)));
      }
    }
  }
}

}  // namespace tocsin::collectors

// What target discovery keeps of Kubernetes objects: labels that are made already.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <boost/json/value.hpp>

#include "base/labels.h"
#include "collectors/kubernetes/object_store.h"

namespace tocsin::collectors {

struct PodPort {
  std::string name;
  std::string protocol;
  int number = 0;

  /// The labels of a target at this port.
  void SetLabels(LabelsBuilder& target) const;
};

struct PodContainer {
  Labels labels;  ///< __meta_kubernetes_pod_container_name and the like.
  bool is_init = false;
  std::vector<PodPort> ports;
};

struct PodObject {
  std::string ip;  ///< Empty while it starts, and once it was evicted.
  Labels labels;   ///< Those of the pod, without its namespace.
  Labels namespace_label;
  std::vector<PodContainer> containers;
};

struct ServiceObject {
  Labels labels;  ///< Those of the service, for its endpoints.
  std::vector<Labels> targets;
};

struct NodeObject {
  std::vector<Labels> targets;  ///< One, or none if it has no address.
};

/// An address and a port of an Endpoints or EndpointSlice object.
struct EndpointTarget {
  Labels labels;
  std::string pod;  ///< The key of the pod behind it; empty if there is none.
  int port = 0;     ///< 0 if it has none.
};

/// An Endpoints or an EndpointSlice object.
struct EndpointObject {
  Labels labels;
  std::string service;  ///< The key of its service; empty if it has none.
  std::vector<EndpointTarget> targets;
};

// Each reads an object of its kind. The names of the labels are Prometheus'.
// Source: Prometheus' documentation, "Configuration", <kubernetes_sd_config>.
PodObject KeepPod(const boost::json::value& object);
ServiceObject KeepService(const boost::json::value& object);
NodeObject KeepNode(const boost::json::value& object);
EndpointObject KeepEndpoints(const boost::json::value& object);
EndpointObject KeepEndpointSlice(const boost::json::value& object);

/// One target for each port of each container, or for a container without ports.
void AppendPodTargets(const PodObject& pod, std::vector<Labels>& targets);

/// One target for each address and port, with the labels of its service and its pod, and one for
/// each other port of the containers of these pods.
void AppendEndpointTargets(const EndpointObject& endpoints,
                           const kubernetes::KeptObjects<ServiceObject>& services,
                           const kubernetes::KeptObjects<PodObject>& pods,
                           std::vector<Labels>& targets);

}  // namespace tocsin::collectors

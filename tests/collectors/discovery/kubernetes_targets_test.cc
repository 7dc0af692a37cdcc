#include "collectors/discovery/kubernetes_targets.h"

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/collectors/discovery/discovery_options_from.h"
#include "tests/collectors/kubernetes/fake_api.h"
#include "tests/collectors/sql/attempt_for.h"
#include "tests/support/fake_clock.h"
#include "tests/support/recorded_log.h"
#include "tests/support/temporary_folder.h"

namespace tocsin::collectors {
namespace {

using kubernetes::Answer;
using kubernetes::Event;
using kubernetes::FakeApi;
using kubernetes::ListOf;
using kubernetes::Refusal;

const std::string kPod = R"({
  "metadata": {"name": "web-0", "namespace": "ns", "uid": "u1",
    "labels": {"app.kubernetes.io/name": "web"},
    "annotations": {"prometheus.io/scrape": "true",
      "kubectl.kubernetes.io/last-applied-configuration": "{}"},
    "ownerReferences": [{"kind": "ReplicaSet", "name": "web", "controller": true}]},
  "spec": {"nodeName": "n1", "containers": [
      {"name": "main", "image": "web:1", "ports": [
        {"name": "http", "containerPort": 8080, "protocol": "TCP"},
        {"name": "metrics", "containerPort": 9090, "protocol": "TCP"}]},
      {"name": "side", "image": "side:1"}],
    "initContainers": [{"name": "init", "image": "init:1"}]},
  "status": {"phase": "Running", "podIP": "10.1.0.1", "hostIP": "10.0.0.1",
    "conditions": [{"type": "Ready", "status": "True"}],
    "containerStatuses": [{"name": "main", "containerID": "containerd://1"}]}})";

const std::string kService = R"({
  "metadata": {"name": "web", "namespace": "ns", "labels": {"team": "data"}},
  "spec": {"type": "ClusterIP", "clusterIP": "10.2.0.1",
    "ports": [{"name": "http", "port": 80, "protocol": "TCP"}]}})";

const std::string kExternalService = R"({
  "metadata": {"name": "out", "namespace": "ns"},
  "spec": {"type": "ExternalName", "externalName": "db.example.org",
    "ports": [{"port": 5432, "protocol": "TCP"}]}})";

const std::string kEndpoints = R"({
  "metadata": {"name": "web", "namespace": "ns", "labels": {"team": "data"}},
  "subsets": [{
    "addresses": [{"ip": "10.1.0.1", "nodeName": "n1", "hostname": "h",
      "targetRef": {"kind": "Pod", "name": "web-0", "namespace": "ns"}}],
    "notReadyAddresses": [{"ip": "fd00::1"}],
    "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}]}]})";

const std::string kSlice = R"({
  "metadata": {"name": "web-x", "namespace": "ns",
    "labels": {"kubernetes.io/service-name": "web"}},
  "addressType": "IPv4",
  "ports": [{"name": "http", "port": 8080, "protocol": "TCP", "appProtocol": "http"}],
  "endpoints": [{"addresses": ["10.1.0.1"], "nodeName": "n1", "zone": "z1",
    "conditions": {"ready": true, "serving": true, "terminating": false},
    "targetRef": {"kind": "Pod", "name": "web-0", "namespace": "ns"}}]})";

const std::string kNode = R"({
  "metadata": {"name": "n1", "labels": {"zone": "z1"}},
  "spec": {"providerID": "cloud://1"},
  "status": {"addresses": [{"type": "Hostname", "address": "n1.local"},
      {"type": "InternalIP", "address": "10.0.0.1"}],
    "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}}}})";

/// The labels of kPod that every one of its targets has.
const std::vector<std::pair<std::string_view, std::string_view>> kPodLabels = {
    {"__meta_kubernetes_pod_annotation_prometheus_io_scrape", "true"},
    {"__meta_kubernetes_pod_annotationpresent_kubectl_kubernetes_io_last_applied_configuration",
     "true"},
    {"__meta_kubernetes_pod_annotationpresent_prometheus_io_scrape", "true"},
    {"__meta_kubernetes_pod_controller_kind", "ReplicaSet"},
    {"__meta_kubernetes_pod_controller_name", "web"},
    {"__meta_kubernetes_pod_host_ip", "10.0.0.1"},
    {"__meta_kubernetes_pod_ip", "10.1.0.1"},
    {"__meta_kubernetes_pod_label_app_kubernetes_io_name", "web"},
    {"__meta_kubernetes_pod_labelpresent_app_kubernetes_io_name", "true"},
    {"__meta_kubernetes_pod_name", "web-0"},
    {"__meta_kubernetes_pod_node_name", "n1"},
    {"__meta_kubernetes_pod_phase", "Running"},
    {"__meta_kubernetes_pod_ready", "true"},
    {"__meta_kubernetes_pod_uid", "u1"},
};
const std::vector<std::pair<std::string_view, std::string_view>> kMainLabels = {
    {"__meta_kubernetes_pod_container_id", "containerd://1"},
    {"__meta_kubernetes_pod_container_image", "web:1"},
    {"__meta_kubernetes_pod_container_init", "false"},
    {"__meta_kubernetes_pod_container_name", "main"},
    {"__meta_kubernetes_pod_container_port_protocol", "TCP"},
};
const std::vector<std::pair<std::string_view, std::string_view>> kServiceLabels = {
    {"__meta_kubernetes_namespace", "ns"},
    {"__meta_kubernetes_service_label_team", "data"},
    {"__meta_kubernetes_service_labelpresent_team", "true"},
    {"__meta_kubernetes_service_name", "web"},
};

using Pairs = std::vector<std::pair<std::string_view, std::string_view>>;

Labels Together(std::initializer_list<Pairs> parts) {
  LabelsBuilder labels;
  for (const Pairs& part : parts) {
    for (const auto& [name, value] : part) labels.Set(name, value);
  }
  return labels.Build();
}

struct Fixture {
  void Watch(const std::string& yaml) {
    discovery = MakeDiscovery(
        GoodDiscovery(yaml), environment,
        {.api_server = [this](kubernetes::ApiServerOptions) { return api.server(); }});
  }

  std::vector<Labels> Find() {
    std::vector<SourceReport> all;
    std::vector<Labels> targets = discovery->Find(LongAttempt(), all);
    reports = TextOf(all);
    return targets;
  }

  void CheckTargets(std::vector<Labels> expected) {
    std::sort(expected.begin(), expected.end());
    BOOST_TEST(TextOf(Find()) == TextOf(expected));
    BOOST_TEST(reports == "kubernetes: ok\n");
  }

  FakeClock clock;
  RecordedLog log;
  Environment environment{clock, log.log(), {}};
  FakeApi api;
  std::unique_ptr<Discovery> discovery;
  std::string reports;
};

struct MistakeCase {
  std::string yaml;
  std::string message;
};

const std::vector<MistakeCase> kMistakes = {
    {"{}", "\"role\" is required"},
    {"{role: ingress}", "expected pod, service, endpoints, endpointslice or node"},
    {"{role: pod, api_server: x}", "expected a URL"},
    {"{role: pod, namespaces: {name: [a]}}", "unknown key \"name\""},
    {"{role: pod, selectors: [{label: a}]}", "\"role\" is required"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(kubernetes_targets_test)

BOOST_AUTO_TEST_CASE(MistakesAreSaid) {
  for (const MistakeCase& each : kMistakes) {
    const std::string mistakes =
        ReadDiscoveryFrom("kubernetes_sd_configs: [" + each.yaml + "]").mistakes;
    BOOST_TEST(mistakes.find(each.message) != std::string::npos, each.yaml + " gave " + mistakes);
  }
}

BOOST_FIXTURE_TEST_CASE(PodsHaveATargetForEachPort, Fixture) {
  Watch("kubernetes_sd_configs: [{role: pod}]");
  const std::string starting = R"({"metadata":{"name":"new","namespace":"ns"},"status":{}})";
  api.Say("/api/v1/pods", Answer(ListOf({kPod, starting}, "1")));
  const Pairs pod_namespace = {{"__meta_kubernetes_namespace", "ns"}};
  CheckTargets({
      Together({kPodLabels,
                kMainLabels,
                pod_namespace,
                {{"__address__", "10.1.0.1:8080"},
                 {"__meta_kubernetes_pod_container_port_name", "http"},
                 {"__meta_kubernetes_pod_container_port_number", "8080"}}}),
      Together({kPodLabels,
                kMainLabels,
                pod_namespace,
                {{"__address__", "10.1.0.1:9090"},
                 {"__meta_kubernetes_pod_container_port_name", "metrics"},
                 {"__meta_kubernetes_pod_container_port_number", "9090"}}}),
      // Containers without ports differ in nothing but their meta labels.
      Together({kPodLabels,
                pod_namespace,
                {{"__address__", "10.1.0.1"},
                 {"__meta_kubernetes_pod_container_image", "init:1"},
                 {"__meta_kubernetes_pod_container_init", "true"},
                 {"__meta_kubernetes_pod_container_name", "init"}}}),
  });
}

BOOST_FIXTURE_TEST_CASE(ServicesHaveATargetForEachPort, Fixture) {
  Watch("kubernetes_sd_configs: [{role: service}]");
  api.Say("/api/v1/services", Answer(ListOf({kService, kExternalService}, "1")));
  CheckTargets({
      Together({kServiceLabels,
                {{"__address__", "web.ns.svc:80"},
                 {"__meta_kubernetes_service_cluster_ip", "10.2.0.1"},
                 {"__meta_kubernetes_service_port_name", "http"},
                 {"__meta_kubernetes_service_port_number", "80"},
                 {"__meta_kubernetes_service_port_protocol", "TCP"},
                 {"__meta_kubernetes_service_type", "ClusterIP"}}}),
      Together({{{"__address__", "out.ns.svc:5432"},
                 {"__meta_kubernetes_namespace", "ns"},
                 {"__meta_kubernetes_service_external_name", "db.example.org"},
                 {"__meta_kubernetes_service_name", "out"},
                 {"__meta_kubernetes_service_port_number", "5432"},
                 {"__meta_kubernetes_service_port_protocol", "TCP"},
                 {"__meta_kubernetes_service_type", "ExternalName"}}}),
  });
}

BOOST_FIXTURE_TEST_CASE(EndpointsHaveTheLabelsOfTheirServicesAndPods, Fixture) {
  Watch("kubernetes_sd_configs: [{role: endpoints}]");
  api.Say("/api/v1/pods", Answer(ListOf({kPod}, "1")));
  api.Say("/api/v1/services", Answer(ListOf({kService}, "1")));
  api.Say("/api/v1/endpoints", Answer(ListOf({kEndpoints}, "1")));
  const Pairs endpoints = {{"__meta_kubernetes_endpoints_label_team", "data"},
                           {"__meta_kubernetes_endpoints_labelpresent_team", "true"},
                           {"__meta_kubernetes_endpoints_name", "web"}};
  const Pairs port = {{"__meta_kubernetes_endpoint_port_name", "http"},
                      {"__meta_kubernetes_endpoint_port_protocol", "TCP"}};
  CheckTargets({
      Together({kServiceLabels,
                kPodLabels,
                kMainLabels,
                endpoints,
                port,
                {{"__address__", "10.1.0.1:8080"},
                 {"__meta_kubernetes_endpoint_address_target_kind", "Pod"},
                 {"__meta_kubernetes_endpoint_address_target_name", "web-0"},
                 {"__meta_kubernetes_endpoint_hostname", "h"},
                 {"__meta_kubernetes_endpoint_node_name", "n1"},
                 {"__meta_kubernetes_endpoint_ready", "true"},
                 {"__meta_kubernetes_pod_container_port_name", "http"},
                 {"__meta_kubernetes_pod_container_port_number", "8080"}}}),
      Together(
          {kServiceLabels,
           endpoints,
           port,
           {{"__address__", "[fd00::1]:8080"}, {"__meta_kubernetes_endpoint_ready", "false"}}}),
      // The other port of the pod, which is none of the service.
      Together({kServiceLabels,
                kPodLabels,
                kMainLabels,
                endpoints,
                {{"__address__", "10.1.0.1:9090"},
                 {"__meta_kubernetes_pod_container_port_name", "metrics"},
                 {"__meta_kubernetes_pod_container_port_number", "9090"}}}),
  });
}

BOOST_FIXTURE_TEST_CASE(EndpointSlicesHaveTheLabelsOfTheirServicesAndPods, Fixture) {
  Watch("kubernetes_sd_configs: [{role: endpointslice, namespaces: {names: [ns]}}]");
  api.Say("/api/v1/namespaces/ns/pods", Answer(ListOf({kPod}, "1")));
  api.Say("/api/v1/namespaces/ns/services", Answer(ListOf({kService}, "1")));
  api.Say("/apis/discovery.k8s.io/v1/namespaces/ns/endpointslices", Answer(ListOf({kSlice}, "1")));
  const Pairs slice = {
      {"__meta_kubernetes_endpointslice_address_type", "IPv4"},
      {"__meta_kubernetes_endpointslice_label_kubernetes_io_service_name", "web"},
      {"__meta_kubernetes_endpointslice_labelpresent_kubernetes_io_service_name", "true"},
      {"__meta_kubernetes_endpointslice_name", "web-x"}};
  CheckTargets({
      Together({kServiceLabels,
                kPodLabels,
                kMainLabels,
                slice,
                {{"__address__", "10.1.0.1:8080"},
                 {"__meta_kubernetes_endpointslice_address_target_kind", "Pod"},
                 {"__meta_kubernetes_endpointslice_address_target_name", "web-0"},
                 {"__meta_kubernetes_endpointslice_endpoint_conditions_ready", "true"},
                 {"__meta_kubernetes_endpointslice_endpoint_conditions_serving", "true"},
                 {"__meta_kubernetes_endpointslice_endpoint_conditions_terminating", "false"},
                 {"__meta_kubernetes_endpointslice_endpoint_node_name", "n1"},
                 {"__meta_kubernetes_endpointslice_endpoint_zone", "z1"},
                 {"__meta_kubernetes_endpointslice_port", "8080"},
                 {"__meta_kubernetes_endpointslice_port_app_protocol", "http"},
                 {"__meta_kubernetes_endpointslice_port_name", "http"},
                 {"__meta_kubernetes_endpointslice_port_protocol", "TCP"},
                 {"__meta_kubernetes_pod_container_port_name", "http"},
                 {"__meta_kubernetes_pod_container_port_number", "8080"}}}),
      Together({kServiceLabels,
                kPodLabels,
                kMainLabels,
                slice,
                {{"__address__", "10.1.0.1:9090"},
                 {"__meta_kubernetes_pod_container_port_name", "metrics"},
                 {"__meta_kubernetes_pod_container_port_number", "9090"}}}),
  });
}

BOOST_FIXTURE_TEST_CASE(NodesAreAskedByTheirInternalAddress, Fixture) {
  Watch("kubernetes_sd_configs: [{role: node, namespaces: {names: [ns]}}]");
  api.Say("/api/v1/nodes", Answer(ListOf({kNode, R"({"metadata":{"name":"new"}})"}, "1")));
  CheckTargets({Together({{{"__address__", "10.0.0.1:10250"},
                           {"__meta_kubernetes_node_address_Hostname", "n1.local"},
                           {"__meta_kubernetes_node_address_InternalIP", "10.0.0.1"},
                           {"__meta_kubernetes_node_label_zone", "z1"},
                           {"__meta_kubernetes_node_labelpresent_zone", "true"},
                           {"__meta_kubernetes_node_name", "n1"},
                           {"__meta_kubernetes_node_provider_id", "cloud://1"},
                           {"instance", "n1"}}})});
}

BOOST_FIXTURE_TEST_CASE(RulesGivePodLabels, Fixture) {
  Watch(
      "kubernetes_sd_configs: [{role: pod}]\n"
      "relabel_configs:\n"
      "  - {source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_scrape], regex: "
      "\"true\", "
      "action: keep}\n"
      "  - {source_labels: [__meta_kubernetes_pod_container_port_name], regex: metrics, action: "
      "keep}\n"
      "  - {source_labels: [__meta_kubernetes_pod_name], target_label: pod}\n"
      "  - {regex: __meta_.*, action: labeldrop}\n");
  api.Say("/api/v1/pods", Answer(ListOf({kPod}, "1")));
  CheckTargets({{{"__address__", "10.1.0.1:9090"}, {"pod", "web-0"}}});
}

BOOST_FIXTURE_TEST_CASE(TargetsFollowWhatTheWatchTells, Fixture) {
  Watch(
      "kubernetes_sd_configs: [{role: service}]\n"
      "relabel_configs: [{regex: __meta_.*, action: labeldrop}]\n");
  api.Say("/api/v1/services", Answer(ListOf({kService}, "1")));
  CheckTargets({{{"__address__", "web.ns.svc:80"}}});
  api.TakeAsked();
  CheckTargets({{{"__address__", "web.ns.svc:80"}}});
  BOOST_TEST(api.TakeAsked().empty(), "not due yet");

  clock.Advance(std::chrono::seconds(15));
  api.Say("/api/v1/services",
          Answer(Event("DELETED", kService) + Event("ADDED", kExternalService)));
  CheckTargets({{{"__address__", "out.ns.svc:5432"}}});

  // While it cannot be asked, the targets stay.
  clock.Advance(std::chrono::seconds(15));
  api.Say("/api/v1/services", Refusal(503));
  BOOST_TEST(TextOf(Find()) == "{__address__=\"out.ns.svc:5432\"}\n");
  BOOST_TEST(reports == "kubernetes: the API server is busy (503)\n");
}

BOOST_FIXTURE_TEST_CASE(SelectorsGoToTheRequestsOfTheirRole, Fixture) {
  Watch(
      "kubernetes_sd_configs:\n"
      "  - role: endpoints\n"
      "    namespaces: {names: [ns]}\n"
      "    selectors: [{role: pod, label: app=web, field: status.phase=Running}]\n");
  api.SayEverywhere([](const std::string&) { return Answer(ListOf({}, "1")); });
  CheckTargets({});
  const std::vector<std::string> expected = {
      "/api/v1/namespaces/ns/pods?limit=500&labelSelector=app%3Dweb&fieldSelector="
      "status.phase%3DRunning",
      "/api/v1/namespaces/ns/services?limit=500", "/api/v1/namespaces/ns/endpoints?limit=500"};
  BOOST_TEST(api.TakeAsked() == expected);
}

BOOST_FIXTURE_TEST_CASE(TheOwnNamespaceIsThatOfTheServiceAccount, Fixture) {
  const TemporaryFolder folder;
  KubernetesTargetsOptions options{.role = KubernetesRole::kPod, .own_namespace = true};
  options.server.service_account = folder.path();
  KubernetesTargets targets(
      options, [this](kubernetes::ApiServerOptions) { return api.server(); }, clock);
  const Status missing = targets.Refresh(LongAttempt());
  BOOST_TEST_REQUIRE(!missing);
  BOOST_TEST(missing.error().message.starts_with("own_namespace: "));

  std::ofstream(folder.path() / "namespace") << "floe";
  clock.Advance(std::chrono::seconds(15));
  api.SayEverywhere([](const std::string&) { return Answer(ListOf({}, "1")); });
  BOOST_TEST(static_cast<bool>(targets.Refresh(LongAttempt())));
  BOOST_TEST(api.TakeAsked() == std::vector<std::string>{"/api/v1/namespaces/floe/pods?limit=500"});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors

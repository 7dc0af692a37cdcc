#include "collectors/discovery/kubernetes_targets.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <utility>

namespace tocsin::collectors {
namespace {

using kubernetes::KeptObjects;

constexpr std::chrono::seconds kRefreshInterval{15};
constexpr std::size_t kMostObjects = 20'000;
constexpr std::string_view kCore = "/api/v1";

constexpr std::array<std::pair<std::string_view, KubernetesRole>, 5> kRoles = {{
    {"pod", KubernetesRole::kPod},
    {"service", KubernetesRole::kService},
    {"endpoints", KubernetesRole::kEndpoints},
    {"endpointslice", KubernetesRole::kEndpointSlice},
    {"node", KubernetesRole::kNode},
}};

KubernetesRole ReadRole(YamlMap& map) {
  const std::string text = map.RequiredString("role");
  for (const auto& [name, role] : kRoles) {
    if (name == text) return role;
  }
  if (!text.empty()) {
    map.Refuse("role", "expected pod, service, endpoints, endpointslice or node");
  }
  return KubernetesRole::kPod;
}

/// Half of the time that is left, but not less than a watch needs: the rest is for the targets.
Attempt ShareOf(const Attempt& attempt) {
  constexpr Duration kLeast = std::chrono::seconds(2);
  const auto now = std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
  const Duration half = (attempt.deadline - now) / 2;
  return {std::min(attempt.deadline, now + std::max(half, kLeast)), attempt.stop};
}

}  // namespace

KubernetesTargetsOptions ReadKubernetesTargetsOptions(const YamlNode& node,
                                                      Diagnostics& diagnostics) {
  YamlMap map(node, diagnostics);
  KubernetesTargetsOptions options;
  options.server = kubernetes::ReadApiServerOptions(map);
  options.role = ReadRole(map);
  if (const YamlNode* const namespaces = map.Node("namespaces")) {
    YamlMap inner(*namespaces, diagnostics);
    options.namespaces = inner.StringsOr("names", {});
    options.own_namespace = inner.BoolOr("own_namespace", false);
  }
  for (const YamlNode& selector : map.List("selectors")) {
    YamlMap inner(selector, diagnostics);
    const KubernetesRole role = ReadRole(inner);
    options.selectors.push_back({role, inner.StringOr("label", ""), inner.StringOr("field", "")});
  }
  return options;
}

/// The objects of one namespace. Stores of resources that the role does not need stay empty.
struct KubernetesTargets::Scope {
  KeptObjects<PodObject> pods{kMostObjects, KeepPod};
  KeptObjects<ServiceObject> services{kMostObjects, KeepService};
  KeptObjects<EndpointObject> endpoints{kMostObjects, KeepEndpoints};
  KeptObjects<EndpointObject> slices{kMostObjects, KeepEndpointSlice};
  KeptObjects<NodeObject> nodes{kMostObjects, KeepNode};

  std::uint64_t changes() const {
    return pods.changes() + services.changes() + endpoints.changes() + slices.changes() +
           nodes.changes();
  }
};

KubernetesTargets::KubernetesTargets(KubernetesTargetsOptions options,
                                     const kubernetes::ApiServerFactory& make, const Clock& clock)
    : options_(std::move(options)), clock_(clock), server_(make(options_.server)) {}

KubernetesTargets::~KubernetesTargets() = default;

/// Makes the watches, once it is known which namespaces they are about.
Status KubernetesTargets::FindScopes() {
  if (!scopes_.empty()) return {};
  std::vector<std::string> namespaces = options_.namespaces;
  if (options_.own_namespace) {
    Result<std::string> own = kubernetes::OwnNamespace(options_.server);
    if (!own) return own.error().Within("own_namespace");
    if (std::find(namespaces.begin(), namespaces.end(), *own) == namespaces.end()) {
      namespaces.push_back(std::move(*own));
    }
  }
  const KubernetesRole role = options_.role;
  if (namespaces.empty() || role == KubernetesRole::kNode) namespaces = {""};
  const bool is_endpoints =
      role == KubernetesRole::kEndpoints || role == KubernetesRole::kEndpointSlice;
  for (const std::string& name : namespaces) {
    Scope& scope = *scopes_.emplace_back(std::make_unique<Scope>());
    if (role == KubernetesRole::kPod || is_endpoints) {
      AddWatch(kCore, "pods", KubernetesRole::kPod, name, scope.pods);
    }
    if (role == KubernetesRole::kService || is_endpoints) {
      AddWatch(kCore, "services", KubernetesRole::kService, name, scope.services);
    }
    if (role == KubernetesRole::kEndpoints) {
      AddWatch(kCore, "endpoints", role, name, scope.endpoints);
    }
    if (role == KubernetesRole::kEndpointSlice) {
      AddWatch("/apis/discovery.k8s.io/v1", "endpointslices", role, name, scope.slices);
    }
    if (role == KubernetesRole::kNode) AddWatch(kCore, "nodes", role, name, scope.nodes);
  }
  return {};
}

void KubernetesTargets::AddWatch(std::string_view group, std::string_view resource,
                                 KubernetesRole role, const std::string& name_space,
                                 kubernetes::ObjectStore& objects) {
  kubernetes::ResourceQuery query{.path = kubernetes::ResourcePath(group, resource, name_space)};
  for (const KubernetesSelector& selector : options_.selectors) {
    if (selector.role != role) continue;
    query.label_selector = selector.label;
    query.field_selector = selector.field;
  }
  watches_.push_back(std::make_unique<kubernetes::ResourceWatch>(std::move(query), objects));
}

Status KubernetesTargets::Refresh(const Attempt& attempt) {
  const SteadyPoint now = clock_.SteadyNow();
  if (refreshed_at_ && now - *refreshed_at_ < kRefreshInterval) return outcome_;
  refreshed_at_ = now;
  outcome_ = FindScopes();
  if (!outcome_) return outcome_;
  std::vector<kubernetes::ResourceWatch*> watches;
  watches.reserve(watches_.size());
  for (const auto& watch : watches_) watches.push_back(watch.get());
  RefreshWatches(watches, *server_, ShareOf(attempt), clock_);
  for (const auto& watch : watches_) {
    if (outcome_) outcome_ = watch->outcome();
  }
  if (outcome_) Rebuild();
  return outcome_;
}

void KubernetesTargets::Rebuild() {
  std::uint64_t seen = 0;
  for (const std::unique_ptr<Scope>& scope : scopes_) seen += scope->changes();
  if (seen == std::exchange(seen_changes_, seen)) return;
  std::vector<Labels> targets;
  const auto append = [&](const std::vector<Labels>& more) {
    targets.insert(targets.end(), more.begin(), more.end());
  };
  const KubernetesRole role = options_.role;
  for (const std::unique_ptr<Scope>& scope : scopes_) {
    const auto append_endpoints = [&](const EndpointObject& endpoints) {
      AppendEndpointTargets(endpoints, scope->services, scope->pods, targets);
    };
    if (role == KubernetesRole::kPod) {
      scope->pods.ForEach([&](const PodObject& pod) { AppendPodTargets(pod, targets); });
    } else if (role == KubernetesRole::kService) {
      scope->services.ForEach([&](const ServiceObject& service) { append(service.targets); });
    }
    scope->endpoints.ForEach(append_endpoints);
    scope->slices.ForEach(append_endpoints);
    scope->nodes.ForEach([&](const NodeObject& node) { append(node.targets); });
  }
  if (targets == targets_) return;
  targets_ = std::move(targets);
  ++changes_;
}

void KubernetesTargets::AppendTargets(std::vector<Labels>& targets) const {
  targets.insert(targets.end(), targets_.begin(), targets_.end());
}

}  // namespace tocsin::collectors

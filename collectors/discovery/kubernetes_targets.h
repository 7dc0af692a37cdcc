// Targets from Kubernetes: `kubernetes_sd_configs`.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/labels.h"
#include "base/result.h"
#include "base/yaml.h"
#include "collectors/discovery/kubernetes_objects.h"
#include "collectors/discovery/target_source.h"
#include "collectors/kubernetes/api_server.h"
#include "collectors/kubernetes/object_store.h"
#include "collectors/kubernetes/resource_watch.h"

namespace tocsin::collectors {

enum class KubernetesRole { kPod, kService, kEndpoints, kEndpointSlice, kNode };

/// Which objects of a kind count.
struct KubernetesSelector {
  KubernetesRole role = KubernetesRole::kPod;
  std::string label = {};
  std::string field = {};
};

/// One entry of `kubernetes_sd_configs`.
struct KubernetesTargetsOptions {
  kubernetes::ApiServerOptions server = {};
  KubernetesRole role = KubernetesRole::kPod;
  std::vector<std::string> namespaces = {};  ///< Empty, and not own_namespace: all.
  bool own_namespace = false;
  std::vector<KubernetesSelector> selectors = {};
};

/// Mistakes are reported.
/// Source: Prometheus' documentation, "Configuration", <kubernetes_sd_config>.
KubernetesTargetsOptions ReadKubernetesTargetsOptions(const YamlNode& node,
                                                      Diagnostics& diagnostics);

/// Keeps list-and-watch of the objects of a role, with Prometheus' labels `__meta_kubernetes_...`.
/// Endpoints have those of their services and pods, too, which are watched as well.
///
/// Looks every fifteen seconds, which takes a second (see ResourceWatch), and not longer than half
/// of the time left, or two seconds. While any of the watches fails, the targets stay as they were.
/// At most 20,000 objects of each resource in each namespace. One thread at a time.
class KubernetesTargets final : public TargetSource {
 public:
  /// `clock` must outlive it.
  KubernetesTargets(KubernetesTargetsOptions options, const kubernetes::ApiServerFactory& make,
                    const Clock& clock);
  ~KubernetesTargets() override;

  Status Refresh(const Attempt& attempt) override;
  void AppendTargets(std::vector<Labels>& targets) const override;
  std::uint64_t changes() const override { return changes_; }

 private:
  struct Scope;

  Status FindScopes();
  void AddWatch(std::string_view group, std::string_view resource, KubernetesRole role,
                const std::string& name_space, kubernetes::ObjectStore& objects);
  void Rebuild();

  const KubernetesTargetsOptions options_;
  const Clock& clock_;
  const std::unique_ptr<kubernetes::ApiServer> server_;
  std::vector<std::unique_ptr<Scope>> scopes_;  // The namespaces; one for all, if all count.
  std::vector<std::unique_ptr<kubernetes::ResourceWatch>> watches_;
  std::optional<SteadyPoint> refreshed_at_;
  Status outcome_;
  std::uint64_t seen_changes_ = 0;  // Of the objects.
  std::vector<Labels> targets_;
  std::uint64_t changes_ = 0;
};

}  // namespace tocsin::collectors

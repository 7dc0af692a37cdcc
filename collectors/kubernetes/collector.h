// The Kubernetes collector: the state of pods, workloads and leases, as the API server tells it.

#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/collector.h"
#include "collectors/kubernetes/api_server.h"
#include "collectors/kubernetes/resource_kind.h"
#include "collectors/kubernetes/resource_watch.h"
#include "collectors/registry.h"

namespace tocsin::collectors::kubernetes {

/// The options of a Kubernetes collector, apart from where its server is.
struct Settings {
  std::vector<std::string> namespaces = {};  ///< Empty: all of them.
  std::vector<std::string> resources = {};   ///< Names of kinds. Empty: all of them.
  std::string label_selector = {};
  std::size_t max_objects = 20'000;  ///< Of one kind in one namespace, or in all.
};

/// Keeps list-and-watch of each kind in each namespace (see ResourceWatch) and makes points of what
/// they found, under kube-state-metrics' names.
///
/// A kind that cannot be read, because there is no right to or the server is busy with it, costs
/// its own metrics only, in the namespaces where it cannot, and is reported in Collection::parts,
/// each namespace for itself. The collection fails as a whole when nothing can be read. Leases are
/// judged by the API server's clock, from the Date header of its answers. Memory: the fields that
/// are kept of `max_objects` objects for each watch, and for each watch that has news an answer of
/// at most 8 MiB. One thread at a time.
class KubernetesCollector final : public Collector {
 public:
  KubernetesCollector(const Settings& settings, std::unique_ptr<ApiServer> server,
                      const Environment& environment);

  Status Collect(const Attempt& attempt, Collection& collection) override;

 private:
  struct Member {
    const ResourceKind* kind;
    std::string name_space;
    std::unique_ptr<ResourceTable> table;
    std::unique_ptr<ResourceWatch> watch;
  };

  void AddMember(const ResourceKind& kind, const std::string& name_space, const Settings& settings);

  const Clock& clock_;
  const std::unique_ptr<ApiServer> server_;
  std::vector<Member> members_;
  double clock_skew_seconds_ = 0;  // As last told.
};

/// The metrics of all kinds.
std::span<const MetricDesc> Metrics();

/// The options, for the registry.
std::span<const OptionDesc> Options();

/// Reads the options, for the registry.
MakeCollector Configure(YamlMap& options);

}  // namespace tocsin::collectors::kubernetes

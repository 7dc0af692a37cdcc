#include <array>
#include <optional>

#include "collectors/kubernetes/object.h"
#include "collectors/kubernetes/resource_kind.h"

namespace tocsin::collectors::kubernetes {
namespace {

/// The first two are those of kube-state-metrics.
constexpr MetricDesc kOwner = {"kube_lease_owner",
                               MetricType::kGauge,
                               "1 for each owner of the lease; who holds it is a label.",
                               {"namespace", "lease", "owner_kind", "owner_name", "lease_holder"}};
constexpr MetricDesc kRenewTime = {"kube_lease_renew_time",
                                   MetricType::kGauge,
                                   "When the lease was last renewed.",
                                   {"namespace", "lease"}};
constexpr MetricDesc kDuration = {"kube_lease_duration_seconds",
                                  MetricType::kGauge,
                                  "How long the lease is good for without being renewed.",
                                  {"namespace", "lease"}};
constexpr MetricDesc kTransitions = {"kube_lease_transitions_total",
                                     MetricType::kCounter,
                                     "How often the lease has changed hands.",
                                     {"namespace", "lease"}};
constexpr MetricDesc kHeld = {"kube_lease_held",
                              MetricType::kGauge,
                              "1 if somebody holds the lease and renewed it in time, by the API "
                              "server's clock.",
                              {"namespace", "lease"}};
constexpr std::array kMetrics = {kOwner, kRenewTime, kDuration, kTransitions, kHeld};

struct Lease {
  std::string name_space;
  std::string name;
  std::string holder;
  std::vector<Controller> owners;
  std::optional<double> renewed_at;
  std::optional<double> duration;
  double transitions = 0;
};

Lease Keep(const boost::json::value& object) {
  Lease lease;
  lease.name_space = TextAt(object, "metadata.namespace");
  lease.name = TextAt(object, "metadata.name");
  lease.holder = TextAt(object, "spec.holderIdentity");
  for (const boost::json::value& owner : ListAt(object, "metadata.ownerReferences")) {
    lease.owners.push_back({TextAt(owner, "kind"), TextAt(owner, "name")});
  }
  lease.renewed_at = MomentAt(object, "spec.renewTime");
  lease.duration = NumberAt(object, "spec.leaseDurationSeconds");
  lease.transitions = NumberAt(object, "spec.leaseTransitions").value_or(0);
  return lease;
}

/// Nothing if the lease does not say until when it is good.
std::optional<bool> IsHeld(const Lease& lease, double server_now) {
  if (lease.holder.empty()) return false;
  if (!lease.renewed_at || !lease.duration) return std::nullopt;
  return *lease.renewed_at + *lease.duration >= server_now;
}

void Publish(const Lease& lease, MetricSink& points, double server_now) {
  for (const Controller& owner : lease.owners) {
    points.Add(kOwner, {lease.name_space, lease.name, owner.kind, owner.name, lease.holder}, 1);
  }
  if (lease.owners.empty()) {
    points.Add(kOwner, {lease.name_space, lease.name, "", "", lease.holder}, 1);
  }
  if (lease.renewed_at) points.Add(kRenewTime, {lease.name_space, lease.name}, *lease.renewed_at);
  if (lease.duration) points.Add(kDuration, {lease.name_space, lease.name}, *lease.duration);
  points.Add(kTransitions, {lease.name_space, lease.name}, lease.transitions);
  if (const std::optional<bool> held = IsHeld(lease, server_now)) {
    points.Add(kHeld, {lease.name_space, lease.name}, *held ? 1 : 0);
  }
}

}  // namespace

ResourceKind Leases() {
  return {"leases", "/apis/coordination.k8s.io/v1", kMetrics,
          [](std::size_t most_objects) -> std::unique_ptr<ResourceTable> {
            return std::make_unique<TableOf<Lease>>(most_objects, Keep, Publish);
          }};
}

}  // namespace tocsin::collectors::kubernetes

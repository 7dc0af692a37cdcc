#include <array>

#include "collectors/kubernetes/resource_kind.h"

namespace tocsin::collectors::kubernetes {

std::span<const ResourceKind> AllResourceKinds() {
  static const std::array kAll = {
      CronJobs(), Deployments(),  HorizontalPodAutoscalers(),
      Jobs(),     Leases(),       PodDisruptionBudgets(),
      Pods(),     StatefulSets(),
  };
  return kAll;
}

}  // namespace tocsin::collectors::kubernetes

#include <array>

#include "collectors/kubernetes/resource_kind.h"

namespace tocsin::collectors::kubernetes {
namespace {

/// Names, labels and meanings are those of kube-state-metrics.
constexpr LabelNames kLabels = {"namespace", "poddisruptionbudget"};
constexpr std::array kFields = {
    FieldMetric{{"kube_poddisruptionbudget_created", MetricType::kGauge,
                 "When the budget was created.", kLabels},
                "metadata.creationTimestamp",
                FieldKind::kMoment},
    FieldMetric{{"kube_poddisruptionbudget_status_current_healthy", MetricType::kGauge,
                 "Pods that are healthy now.", kLabels},
                "status.currentHealthy"},
    FieldMetric{{"kube_poddisruptionbudget_status_desired_healthy", MetricType::kGauge,
                 "The least number of healthy pods.", kLabels},
                "status.desiredHealthy"},
    FieldMetric{{"kube_poddisruptionbudget_status_pod_disruptions_allowed", MetricType::kGauge,
                 "How many pods may be evicted now.", kLabels},
                "status.disruptionsAllowed"},
    FieldMetric{{"kube_poddisruptionbudget_status_expected_pods", MetricType::kGauge,
                 "Pods that the budget is about.", kLabels},
                "status.expectedPods"},
    FieldMetric{{"kube_poddisruptionbudget_status_observed_generation", MetricType::kGauge,
                 "The version that its controller knows of.", kLabels},
                "status.observedGeneration"},
};

}  // namespace

ResourceKind PodDisruptionBudgets() {
  static const std::vector<MetricDesc> kMetrics = MetricsOf(kFields);
  return {"poddisruptionbudgets", "/apis/policy/v1", kMetrics,
          [](std::size_t most_objects) { return MakeFieldTable(most_objects, kFields); }};
}

}  // namespace tocsin::collectors::kubernetes

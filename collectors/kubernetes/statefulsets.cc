#include <array>

#include "collectors/kubernetes/resource_kind.h"

namespace tocsin::collectors::kubernetes {
namespace {

/// Names, labels and meanings are those of kube-state-metrics.
constexpr LabelNames kLabels = {"namespace", "statefulset"};
constexpr std::array kFields = {
    FieldMetric{{"kube_statefulset_created", MetricType::kGauge,
                 "When the stateful set was created.", kLabels},
                "metadata.creationTimestamp",
                FieldKind::kMoment},
    FieldMetric{{"kube_statefulset_metadata_generation", MetricType::kGauge,
                 "The version of what the stateful set is to be.", kLabels},
                "metadata.generation",
                FieldKind::kNumber},
    FieldMetric{{"kube_statefulset_replicas", MetricType::kGauge,
                 "How many pods the stateful set is to have.", kLabels},
                "spec.replicas",
                FieldKind::kNumber},
    FieldMetric{{"kube_statefulset_status_observed_generation", MetricType::kGauge,
                 "The version that its controller knows of.", kLabels},
                "status.observedGeneration"},
    FieldMetric{{"kube_statefulset_status_replicas", MetricType::kGauge,
                 "Pods of the stateful set.", kLabels},
                "status.replicas"},
    FieldMetric{{"kube_statefulset_status_replicas_available", MetricType::kGauge,
                 "Pods that have been ready for long enough.", kLabels},
                "status.availableReplicas"},
    FieldMetric{{"kube_statefulset_status_replicas_current", MetricType::kGauge,
                 "Pods of the current revision.", kLabels},
                "status.currentReplicas"},
    FieldMetric{{"kube_statefulset_status_replicas_ready", MetricType::kGauge,
                 "Pods that are ready.", kLabels},
                "status.readyReplicas"},
    FieldMetric{{"kube_statefulset_status_replicas_updated", MetricType::kGauge,
                 "Pods of the revision to be.", kLabels},
                "status.updatedReplicas"},
};

}  // namespace

ResourceKind StatefulSets() {
  static const std::vector<MetricDesc> kMetrics = MetricsOf(kFields);
  return {"statefulsets", "/apis/apps/v1", kMetrics,
          [](std::size_t most_objects) { return MakeFieldTable(most_objects, kFields); }};
}

}  // namespace tocsin::collectors::kubernetes

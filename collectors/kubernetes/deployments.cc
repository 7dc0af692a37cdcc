#include <array>

#include "collectors/kubernetes/resource_kind.h"

namespace tocsin::collectors::kubernetes {
namespace {

/// Names, labels and meanings are those of kube-state-metrics.
constexpr LabelNames kLabels = {"namespace", "deployment"};
constexpr std::array kFields = {
    FieldMetric{{"kube_deployment_created", MetricType::kGauge, "When the deployment was created.",
                 kLabels},
                "metadata.creationTimestamp",
                FieldKind::kMoment},
    FieldMetric{{"kube_deployment_metadata_generation", MetricType::kGauge,
                 "The version of what the deployment is to be.", kLabels},
                "metadata.generation",
                FieldKind::kNumber},
    FieldMetric{{"kube_deployment_spec_paused", MetricType::kGauge,
                 "1 if changes of the deployment are not carried out.", kLabels},
                "spec.paused",
                FieldKind::kFlag},
    FieldMetric{{"kube_deployment_spec_replicas", MetricType::kGauge,
                 "How many pods the deployment is to have.", kLabels},
                "spec.replicas",
                FieldKind::kNumber},
    FieldMetric{{"kube_deployment_status_observed_generation", MetricType::kGauge,
                 "The version that its controller knows of.", kLabels},
                "status.observedGeneration"},
    FieldMetric{
        {"kube_deployment_status_replicas", MetricType::kGauge, "Pods of the deployment.", kLabels},
        "status.replicas"},
    FieldMetric{{"kube_deployment_status_replicas_available", MetricType::kGauge,
                 "Pods that have been ready for long enough.", kLabels},
                "status.availableReplicas"},
    FieldMetric{{"kube_deployment_status_replicas_ready", MetricType::kGauge,
                 "Pods that are ready.", kLabels},
                "status.readyReplicas"},
    FieldMetric{{"kube_deployment_status_replicas_unavailable", MetricType::kGauge,
                 "Pods that are missing or not available.", kLabels},
                "status.unavailableReplicas"},
    FieldMetric{{"kube_deployment_status_replicas_updated", MetricType::kGauge,
                 "Pods made from the newest template.", kLabels},
                "status.updatedReplicas"},
};

}  // namespace

ResourceKind Deployments() {
  static const std::vector<MetricDesc> kMetrics = MetricsOf(kFields);
  return {"deployments", "/apis/apps/v1", kMetrics,
          [](std::size_t most_objects) { return MakeFieldTable(most_objects, kFields); }};
}

}  // namespace tocsin::collectors::kubernetes

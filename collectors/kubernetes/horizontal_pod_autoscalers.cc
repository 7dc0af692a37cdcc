#include <array>

#include "collectors/kubernetes/resource_kind.h"

namespace tocsin::collectors::kubernetes {
namespace {

/// Names, labels and meanings are those of kube-state-metrics.
constexpr LabelNames kLabels = {"namespace", "horizontalpodautoscaler"};
constexpr std::array kFields = {
    FieldMetric{{"kube_horizontalpodautoscaler_metadata_generation", MetricType::kGauge,
                 "The version of what the autoscaler is to do.", kLabels},
                "metadata.generation",
                FieldKind::kNumber},
    FieldMetric{{"kube_horizontalpodautoscaler_spec_max_replicas", MetricType::kGauge,
                 "The most pods that the autoscaler may ask for.", kLabels},
                "spec.maxReplicas",
                FieldKind::kNumber},
    FieldMetric{{"kube_horizontalpodautoscaler_spec_min_replicas", MetricType::kGauge,
                 "The fewest pods that the autoscaler may ask for.", kLabels},
                "spec.minReplicas",
                FieldKind::kNumber},
    FieldMetric{{"kube_horizontalpodautoscaler_status_current_replicas", MetricType::kGauge,
                 "Pods that the autoscaler last saw.", kLabels},
                "status.currentReplicas"},
    FieldMetric{{"kube_horizontalpodautoscaler_status_desired_replicas", MetricType::kGauge,
                 "Pods that the autoscaler last asked for.", kLabels},
                "status.desiredReplicas"},
};

}  // namespace

ResourceKind HorizontalPodAutoscalers() {
  static const std::vector<MetricDesc> kMetrics = MetricsOf(kFields);
  return {"horizontalpodautoscalers", "/apis/autoscaling/v2", kMetrics,
          [](std::size_t most_objects) { return MakeFieldTable(most_objects, kFields); }};
}

}  // namespace tocsin::collectors::kubernetes

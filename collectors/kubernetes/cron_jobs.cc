#include <array>

#include "collectors/kubernetes/resource_kind.h"

namespace tocsin::collectors::kubernetes {
namespace {

/// Names, labels and meanings are those of kube-state-metrics.
constexpr LabelNames kLabels = {"namespace", "cronjob"};
constexpr std::array kFields = {
    FieldMetric{
        {"kube_cronjob_created", MetricType::kGauge, "When the cron job was created.", kLabels},
        "metadata.creationTimestamp",
        FieldKind::kMoment},
    FieldMetric{{"kube_cronjob_spec_suspend", MetricType::kGauge,
                 "1 if the cron job starts nothing more.", kLabels},
                "spec.suspend",
                FieldKind::kFlag},
    FieldMetric{{"kube_cronjob_spec_starting_deadline_seconds", MetricType::kGauge,
                 "How late a job may be started.", kLabels},
                "spec.startingDeadlineSeconds",
                FieldKind::kNumber},
    FieldMetric{{"kube_cronjob_status_active", MetricType::kGauge,
                 "Jobs of the cron job that run now.", kLabels},
                "status.active",
                FieldKind::kLength},
    FieldMetric{{"kube_cronjob_status_last_schedule_time", MetricType::kGauge,
                 "When a job was last started.", kLabels},
                "status.lastScheduleTime",
                FieldKind::kMoment},
    FieldMetric{{"kube_cronjob_status_last_successful_time", MetricType::kGauge,
                 "When a job last came to a good end.", kLabels},
                "status.lastSuccessfulTime",
                FieldKind::kMoment},
};

}  // namespace

ResourceKind CronJobs() {
  static const std::vector<MetricDesc> kMetrics = MetricsOf(kFields);
  return {"cronjobs", "/apis/batch/v1", kMetrics,
          [](std::size_t most_objects) { return MakeFieldTable(most_objects, kFields); }};
}

}  // namespace tocsin::collectors::kubernetes

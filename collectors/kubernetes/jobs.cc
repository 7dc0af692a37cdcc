#include <array>
#include <optional>

#include "collectors/kubernetes/object.h"
#include "collectors/kubernetes/resource_kind.h"

namespace tocsin::collectors::kubernetes {
namespace {

/// Names, labels and meanings are those of kube-state-metrics.
constexpr LabelNames kLabels = {"namespace", "job_name"};
constexpr MetricDesc kActive = {"kube_job_status_active", MetricType::kGauge,
                                "Pods of the job that run.", kLabels};
constexpr MetricDesc kSucceeded = {"kube_job_status_succeeded", MetricType::kGauge,
                                   "Pods of the job that came to a good end.", kLabels};
constexpr MetricDesc kFailed = {"kube_job_status_failed",
                                MetricType::kGauge,
                                "Pods of the job that failed; for a job that failed for one of the "
                                "reasons below, which it was.",
                                {"namespace", "job_name", "reason"}};
constexpr MetricDesc kStarted = {"kube_job_status_start_time", MetricType::kGauge,
                                 "When the job was started.", kLabels};
constexpr MetricDesc kCompleted = {"kube_job_status_completion_time", MetricType::kGauge,
                                   "When the job came to a good end.", kLabels};
constexpr MetricDesc kOwner = {
    "kube_job_owner",
    MetricType::kGauge,
    "1 for each owner of the job, such as a cron job.",
    {"namespace", "job_name", "owner_kind", "owner_name", "owner_is_controller"}};
constexpr std::array kMetrics = {kActive, kSucceeded, kFailed, kStarted, kCompleted, kOwner};

constexpr std::array<std::string_view, 3> kReasons = {"BackoffLimitExceeded", "DeadlineExceeded",
                                                      "Evicted"};

struct Owner {
  std::string kind;
  std::string name;
  bool is_controller = false;
};

struct Job {
  std::string name_space;
  std::string name;
  double active = 0;
  double succeeded = 0;
  double failed = 0;
  std::optional<std::string> reason;  ///< Why it failed, if it did for good.
  std::optional<double> started_at;
  std::optional<double> completed_at;
  std::vector<Owner> owners;
};

std::optional<std::string> ReasonOfFailure(const boost::json::value& object) {
  for (const boost::json::value& condition : ListAt(object, "status.conditions")) {
    if (TextAt(condition, "type") == "Failed") return TextAt(condition, "reason");
  }
  return std::nullopt;
}

Job Keep(const boost::json::value& object) {
  Job job;
  job.name_space = TextAt(object, "metadata.namespace");
  job.name = TextAt(object, "metadata.name");
  job.active = NumberAt(object, "status.active").value_or(0);
  job.succeeded = NumberAt(object, "status.succeeded").value_or(0);
  job.failed = NumberAt(object, "status.failed").value_or(0);
  job.reason = ReasonOfFailure(object);
  job.started_at = MomentAt(object, "status.startTime");
  job.completed_at = MomentAt(object, "status.completionTime");
  for (const boost::json::value& owner : ListAt(object, "metadata.ownerReferences")) {
    job.owners.push_back({TextAt(owner, "kind"), TextAt(owner, "name"),
                          FlagAt(owner, "controller").value_or(false)});
  }
  return job;
}

/// The reasons, once the job has failed for good; the number of failed pods, if there is no reason,
/// or another one.
void PublishFailures(const Job& job, MetricSink& points) {
  bool is_known = false;
  if (job.failed > 0 && job.reason) {
    for (const std::string_view reason : kReasons) {
      const bool is_this = *job.reason == reason;
      points.Add(kFailed, {job.name_space, job.name, reason}, is_this ? 1 : 0);
      is_known = is_known || is_this;
    }
  }
  if (!is_known) points.Add(kFailed, {job.name_space, job.name, ""}, job.failed);
}

void PublishOwners(const Job& job, MetricSink& points) {
  for (const Owner& owner : job.owners) {
    points.Add(
        kOwner,
        {job.name_space, job.name, owner.kind, owner.name, owner.is_controller ? "true" : "false"},
        1);
  }
  if (job.owners.empty()) points.Add(kOwner, {job.name_space, job.name, "", "", ""}, 1);
}

void Publish(const Job& job, MetricSink& points, double /*server_now*/) {
  points.Add(kActive, {job.name_space, job.name}, job.active);
  points.Add(kSucceeded, {job.name_space, job.name}, job.succeeded);
  PublishFailures(job, points);
  if (job.started_at) points.Add(kStarted, {job.name_space, job.name}, *job.started_at);
  if (job.completed_at) points.Add(kCompleted, {job.name_space, job.name}, *job.completed_at);
  PublishOwners(job, points);
}

}  // namespace

ResourceKind Jobs() {
  return {"jobs", "/apis/batch/v1", kMetrics,
          [](std::size_t most_objects) -> std::unique_ptr<ResourceTable> {
            return std::make_unique<TableOf<Job>>(most_objects, Keep, Publish);
          }};
}

}  // namespace tocsin::collectors::kubernetes

#include "collectors/kubernetes/collector.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/collectors/dagster/values.h"
#include "tests/collectors/kubernetes/fake_api.h"
#include "tests/collectors/sql/attempt_for.h"
#include "tests/support/fake_clock.h"
#include "tests/support/recorded_log.h"

namespace tocsin::collectors::kubernetes {
namespace {

using dagster::At;
using dagster::Values;
using dagster::ValuesOf;

/// A collector and its API server.
struct Fixture {
  void Watch(Settings settings = {}) { collector.emplace(settings, api.server(), environment); }

  Values Collect() {
    MetricSink sink({.max_series = 200'000, .constant_labels = {}}, nullptr);
    Collection collection{sink};
    outcome = collector->Collect(LongAttempt(), collection);
    parts.clear();
    for (const SourceReport& part : collection.parts) {
      parts += part.source + ": " + part.status.error().message + "\n";
      if (!part.is_fault) parts += "  which is no fault\n";
    }
    skew = collection.clock_skew_seconds;
    return ValuesOf(*sink.Finish(clock.Now()));
  }

  /// The values that a list of one object of `kind` makes.
  Values ValuesFrom(const std::string& kind, const std::string& path, const std::string& object) {
    Watch({.resources = {kind}});
    api.Say(path, Answer(ListOf({object}, "1")));
    Values values = Collect();
    BOOST_TEST_REQUIRE(static_cast<bool>(outcome));
    return values;
  }

  FakeClock clock{TimePoint(std::chrono::seconds(1'606'039'200))};  // The server's, too.
  RecordedLog log;
  Environment environment{clock, log.log(), {}};
  FakeApi api;
  std::optional<KubernetesCollector> collector;
  Status outcome;
  std::string parts;
  std::optional<double> skew;
};

struct KindCase {
  std::string kind;
  std::string path;
  std::string object;
  Values values;  ///< All of them.
};

/// Objects as an API server of 1.29 sends them, without what nobody reads.
const std::vector<KindCase> kKinds = {
    {"deployments",
     "/apis/apps/v1/deployments",
     R"({"metadata":{"name":"web","namespace":"ns","generation":3,
         "creationTimestamp":"2020-11-20T00:00:00Z"},
        "spec":{"replicas":3,"paused":true},
        "status":{"observedGeneration":2,"replicas":4,"updatedReplicas":1,"readyReplicas":2,
         "availableReplicas":2,"unavailableReplicas":2}})",
     {{R"(kube_deployment_created{namespace="ns",deployment="web"})", 1605830400},
      {R"(kube_deployment_metadata_generation{namespace="ns",deployment="web"})", 3},
      {R"(kube_deployment_spec_paused{namespace="ns",deployment="web"})", 1},
      {R"(kube_deployment_spec_replicas{namespace="ns",deployment="web"})", 3},
      {R"(kube_deployment_status_observed_generation{namespace="ns",deployment="web"})", 2},
      {R"(kube_deployment_status_replicas{namespace="ns",deployment="web"})", 4},
      {R"(kube_deployment_status_replicas_available{namespace="ns",deployment="web"})", 2},
      {R"(kube_deployment_status_replicas_ready{namespace="ns",deployment="web"})", 2},
      {R"(kube_deployment_status_replicas_unavailable{namespace="ns",deployment="web"})", 2},
      {R"(kube_deployment_status_replicas_updated{namespace="ns",deployment="web"})", 1}}},
    // What is 0 is not written.
    {"deployments",
     "/apis/apps/v1/deployments",
     R"({"metadata":{"name":"web","namespace":"ns"},"spec":{"replicas":0},"status":{}})",
     {{R"(kube_deployment_spec_paused{namespace="ns",deployment="web"})", 0},
      {R"(kube_deployment_spec_replicas{namespace="ns",deployment="web"})", 0},
      {R"(kube_deployment_status_observed_generation{namespace="ns",deployment="web"})", 0},
      {R"(kube_deployment_status_replicas{namespace="ns",deployment="web"})", 0},
      {R"(kube_deployment_status_replicas_available{namespace="ns",deployment="web"})", 0},
      {R"(kube_deployment_status_replicas_ready{namespace="ns",deployment="web"})", 0},
      {R"(kube_deployment_status_replicas_unavailable{namespace="ns",deployment="web"})", 0},
      {R"(kube_deployment_status_replicas_updated{namespace="ns",deployment="web"})", 0}}},
    {"statefulsets",
     "/apis/apps/v1/statefulsets",
     R"({"metadata":{"name":"db","namespace":"ns","generation":1,
         "creationTimestamp":"2020-11-20T00:00:00Z"},"spec":{"replicas":2},
        "status":{"observedGeneration":1,"replicas":2,"readyReplicas":1,"currentReplicas":2,
         "updatedReplicas":2,"availableReplicas":1}})",
     {{R"(kube_statefulset_created{namespace="ns",statefulset="db"})", 1605830400},
      {R"(kube_statefulset_metadata_generation{namespace="ns",statefulset="db"})", 1},
      {R"(kube_statefulset_replicas{namespace="ns",statefulset="db"})", 2},
      {R"(kube_statefulset_status_observed_generation{namespace="ns",statefulset="db"})", 1},
      {R"(kube_statefulset_status_replicas{namespace="ns",statefulset="db"})", 2},
      {R"(kube_statefulset_status_replicas_available{namespace="ns",statefulset="db"})", 1},
      {R"(kube_statefulset_status_replicas_current{namespace="ns",statefulset="db"})", 2},
      {R"(kube_statefulset_status_replicas_ready{namespace="ns",statefulset="db"})", 1},
      {R"(kube_statefulset_status_replicas_updated{namespace="ns",statefulset="db"})", 2}}},
    {"poddisruptionbudgets",
     "/apis/policy/v1/poddisruptionbudgets",
     R"({"metadata":{"name":"floor","namespace":"ns","generation":1,
         "creationTimestamp":"2020-11-20T00:00:00Z"},"spec":{"minAvailable":2},
        "status":{"observedGeneration":1,"disruptionsAllowed":1,"currentHealthy":3,
         "desiredHealthy":2,"expectedPods":4}})",
     {{R"(kube_poddisruptionbudget_created{namespace="ns",poddisruptionbudget="floor"})",
       1605830400},
      {R"(kube_poddisruptionbudget_status_current_healthy{namespace="ns",poddisruptionbudget="floor"})",
       3},
      {R"(kube_poddisruptionbudget_status_desired_healthy{namespace="ns",poddisruptionbudget="floor"})",
       2},
      {R"(kube_poddisruptionbudget_status_pod_disruptions_allowed{namespace="ns",poddisruptionbudget="floor"})",
       1},
      {R"(kube_poddisruptionbudget_status_expected_pods{namespace="ns",poddisruptionbudget="floor"})",
       4},
      {R"(kube_poddisruptionbudget_status_observed_generation{namespace="ns",poddisruptionbudget="floor"})",
       1}}},
    {"horizontalpodautoscalers",
     "/apis/autoscaling/v2/horizontalpodautoscalers",
     R"({"metadata":{"name":"web","namespace":"ns","generation":5},
        "spec":{"minReplicas":2,"maxReplicas":10},
        "status":{"currentReplicas":10,"desiredReplicas":10}})",
     {{R"(kube_horizontalpodautoscaler_metadata_generation{namespace="ns",horizontalpodautoscaler="web"})",
       5},
      {R"(kube_horizontalpodautoscaler_spec_max_replicas{namespace="ns",horizontalpodautoscaler="web"})",
       10},
      {R"(kube_horizontalpodautoscaler_spec_min_replicas{namespace="ns",horizontalpodautoscaler="web"})",
       2},
      {R"(kube_horizontalpodautoscaler_status_current_replicas{namespace="ns",horizontalpodautoscaler="web"})",
       10},
      {R"(kube_horizontalpodautoscaler_status_desired_replicas{namespace="ns",horizontalpodautoscaler="web"})",
       10}}},
    {"cronjobs",
     "/apis/batch/v1/cronjobs",
     R"({"metadata":{"name":"backup","namespace":"ns",
         "creationTimestamp":"2020-11-20T00:00:00Z"},
        "spec":{"schedule":"0 */6 * * *","suspend":false,"startingDeadlineSeconds":600},
        "status":{"active":[{"name":"backup-2"}],"lastScheduleTime":"2020-11-22T06:00:00Z",
         "lastSuccessfulTime":"2020-11-22T00:03:00Z"}})",
     {{R"(kube_cronjob_created{namespace="ns",cronjob="backup"})", 1605830400},
      {R"(kube_cronjob_spec_suspend{namespace="ns",cronjob="backup"})", 0},
      {R"(kube_cronjob_spec_starting_deadline_seconds{namespace="ns",cronjob="backup"})", 600},
      {R"(kube_cronjob_status_active{namespace="ns",cronjob="backup"})", 1},
      {R"(kube_cronjob_status_last_schedule_time{namespace="ns",cronjob="backup"})", 1606024800},
      {R"(kube_cronjob_status_last_successful_time{namespace="ns",cronjob="backup"})",
       1606003380}}},
    // One that has never run has no times.
    {"cronjobs",
     "/apis/batch/v1/cronjobs",
     R"({"metadata":{"name":"new","namespace":"ns"},"spec":{},"status":{}})",
     {{R"(kube_cronjob_spec_suspend{namespace="ns",cronjob="new"})", 0},
      {R"(kube_cronjob_status_active{namespace="ns",cronjob="new"})", 0}}},
    {"jobs",
     "/apis/batch/v1/jobs",
     R"({"metadata":{"name":"backup-1","namespace":"ns","ownerReferences":[
         {"kind":"CronJob","name":"backup","controller":true}]},
        "status":{"succeeded":1,"startTime":"2020-11-22T00:00:00Z",
         "completionTime":"2020-11-22T00:03:00Z",
         "conditions":[{"type":"Complete","status":"True"}]}})",
     {{R"(kube_job_status_active{namespace="ns",job_name="backup-1"})", 0},
      {R"(kube_job_status_succeeded{namespace="ns",job_name="backup-1"})", 1},
      {R"(kube_job_status_failed{namespace="ns",job_name="backup-1",reason=""})", 0},
      {R"(kube_job_status_start_time{namespace="ns",job_name="backup-1"})", 1606003200},
      {R"(kube_job_status_completion_time{namespace="ns",job_name="backup-1"})", 1606003380},
      {R"(kube_job_owner{namespace="ns",job_name="backup-1",owner_kind="CronJob",owner_name="backup",owner_is_controller="true"})",
       1}}},
    {"jobs",
     "/apis/batch/v1/jobs",
     R"({"metadata":{"name":"bad","namespace":"ns"},
        "status":{"failed":4,"conditions":[
         {"type":"Failed","status":"True","reason":"BackoffLimitExceeded"}]}})",
     {{R"(kube_job_status_active{namespace="ns",job_name="bad"})", 0},
      {R"(kube_job_status_succeeded{namespace="ns",job_name="bad"})", 0},
      {R"(kube_job_status_failed{namespace="ns",job_name="bad",reason="BackoffLimitExceeded"})", 1},
      {R"(kube_job_status_failed{namespace="ns",job_name="bad",reason="DeadlineExceeded"})", 0},
      {R"(kube_job_status_failed{namespace="ns",job_name="bad",reason="Evicted"})", 0},
      {R"(kube_job_owner{namespace="ns",job_name="bad",owner_kind="",owner_name="",owner_is_controller=""})",
       1}}},
    // Pods have failed, but the job has not given up.
    {"jobs",
     "/apis/batch/v1/jobs",
     R"({"metadata":{"name":"trying","namespace":"ns"},"status":{"active":1,"failed":2}})",
     {{R"(kube_job_status_active{namespace="ns",job_name="trying"})", 1},
      {R"(kube_job_status_succeeded{namespace="ns",job_name="trying"})", 0},
      {R"(kube_job_status_failed{namespace="ns",job_name="trying",reason=""})", 2},
      {R"(kube_job_owner{namespace="ns",job_name="trying",owner_kind="",owner_name="",owner_is_controller=""})",
       1}}},
    {"leases",
     "/apis/coordination.k8s.io/v1/leases",
     R"({"metadata":{"name":"leader","namespace":"ns"},
        "spec":{"holderIdentity":"pod-0","leaseDurationSeconds":15,
         "acquireTime":"2020-11-22T09:00:00.000000Z","renewTime":"2020-11-22T09:59:50.500000Z",
         "leaseTransitions":7}})",
     {{R"(kube_lease_owner{namespace="ns",lease="leader",owner_kind="",owner_name="",lease_holder="pod-0"})",
       1},
      {R"(kube_lease_renew_time{namespace="ns",lease="leader"})", 1606039190.5},
      {R"(kube_lease_duration_seconds{namespace="ns",lease="leader"})", 15},
      {R"(kube_lease_transitions_total{namespace="ns",lease="leader"})", 7},
      {R"(kube_lease_held{namespace="ns",lease="leader"})", 1}}},
    // One that ran out ten seconds ago.
    {"leases",
     "/apis/coordination.k8s.io/v1/leases",
     R"({"metadata":{"name":"leader","namespace":"ns","ownerReferences":[
         {"kind":"Node","name":"n1"}]},
        "spec":{"holderIdentity":"pod-0","leaseDurationSeconds":15,
         "renewTime":"2020-11-22T09:59:35.000000Z"}})",
     {{R"(kube_lease_owner{namespace="ns",lease="leader",owner_kind="Node",owner_name="n1",lease_holder="pod-0"})",
       1},
      {R"(kube_lease_renew_time{namespace="ns",lease="leader"})", 1606039175},
      {R"(kube_lease_duration_seconds{namespace="ns",lease="leader"})", 15},
      {R"(kube_lease_transitions_total{namespace="ns",lease="leader"})", 0},
      {R"(kube_lease_held{namespace="ns",lease="leader"})", 0}}},
    // One that was given back, and one that does not say until when it is good.
    {"leases",
     "/apis/coordination.k8s.io/v1/leases",
     R"({"metadata":{"name":"free","namespace":"ns"},"spec":{"holderIdentity":""}})",
     {{R"(kube_lease_owner{namespace="ns",lease="free",owner_kind="",owner_name="",lease_holder=""})",
       1},
      {R"(kube_lease_transitions_total{namespace="ns",lease="free"})", 0},
      {R"(kube_lease_held{namespace="ns",lease="free"})", 0}}},
    {"leases",
     "/apis/coordination.k8s.io/v1/leases",
     R"({"metadata":{"name":"odd","namespace":"ns"},"spec":{"holderIdentity":"x"}})",
     {{R"(kube_lease_owner{namespace="ns",lease="odd",owner_kind="",owner_name="",lease_holder="x"})",
       1},
      {R"(kube_lease_transitions_total{namespace="ns",lease="odd"})", 0}}},
    {"pods",
     "/api/v1/pods",
     R"({"metadata":{"name":"web-0","namespace":"ns","uid":"u1","ownerReferences":[
         {"kind":"Other","name":"o"},{"kind":"ReplicaSet","name":"web","controller":true}]},
        "spec":{"nodeName":"n1","priorityClassName":"high","hostNetwork":true,"containers":[
         {"name":"main","resources":{"limits":{"cpu":"2500m","memory":"1Gi","nvidia.com/gpu":"1",
          "strange":"5"},"requests":{"cpu":"100m","memory":"1.5","ephemeral-storage":"1e3"}}},
         {"name":"side","resources":{}}]},
        "status":{"phase":"Running","hostIP":"10.0.0.1","podIP":"10.1.0.1",
         "conditions":[{"type":"Ready","status":"False"}],"containerStatuses":[
         {"name":"main","ready":false,"restartCount":5,
          "state":{"waiting":{"reason":"CrashLoopBackOff"}},
          "lastState":{"terminated":{"reason":"OOMKilled","exitCode":137}}},
         {"name":"side","ready":true,"restartCount":0,"state":{"running":{}}}]}})",
     {{R"(kube_pod_info{namespace="ns",pod="web-0",uid="u1",host_ip="10.0.0.1",pod_ip="10.1.0.1",node="n1",created_by_kind="ReplicaSet",created_by_name="web",priority_class="high",host_network="true"})",
       1},
      {R"(kube_pod_status_phase{namespace="ns",pod="web-0",uid="u1",phase="Pending"})", 0},
      {R"(kube_pod_status_phase{namespace="ns",pod="web-0",uid="u1",phase="Running"})", 1},
      {R"(kube_pod_status_phase{namespace="ns",pod="web-0",uid="u1",phase="Succeeded"})", 0},
      {R"(kube_pod_status_phase{namespace="ns",pod="web-0",uid="u1",phase="Failed"})", 0},
      {R"(kube_pod_status_phase{namespace="ns",pod="web-0",uid="u1",phase="Unknown"})", 0},
      {R"(kube_pod_status_ready{namespace="ns",pod="web-0",uid="u1",condition="true"})", 0},
      {R"(kube_pod_status_ready{namespace="ns",pod="web-0",uid="u1",condition="false"})", 1},
      {R"(kube_pod_status_ready{namespace="ns",pod="web-0",uid="u1",condition="unknown"})", 0},
      {R"(kube_pod_container_status_restarts_total{namespace="ns",pod="web-0",uid="u1",container="main"})",
       5},
      {R"(kube_pod_container_status_ready{namespace="ns",pod="web-0",uid="u1",container="main"})",
       0},
      {R"(kube_pod_container_status_waiting_reason{namespace="ns",pod="web-0",uid="u1",container="main",reason="CrashLoopBackOff"})",
       1},
      {R"(kube_pod_container_status_last_terminated_reason{namespace="ns",pod="web-0",uid="u1",container="main",reason="OOMKilled"})",
       1},
      {R"(kube_pod_container_status_restarts_total{namespace="ns",pod="web-0",uid="u1",container="side"})",
       0},
      {R"(kube_pod_container_status_ready{namespace="ns",pod="web-0",uid="u1",container="side"})",
       1},
      {R"(kube_pod_container_resource_limits{namespace="ns",pod="web-0",uid="u1",container="main",node="n1",resource="cpu",unit="core"})",
       2.5},
      {R"(kube_pod_container_resource_limits{namespace="ns",pod="web-0",uid="u1",container="main",node="n1",resource="memory",unit="byte"})",
       1073741824},
      {R"(kube_pod_container_resource_limits{namespace="ns",pod="web-0",uid="u1",container="main",node="n1",resource="nvidia_com_gpu",unit="integer"})",
       1},
      {R"(kube_pod_container_resource_requests{namespace="ns",pod="web-0",uid="u1",container="main",node="n1",resource="cpu",unit="core"})",
       0.1},
      {R"(kube_pod_container_resource_requests{namespace="ns",pod="web-0",uid="u1",container="main",node="n1",resource="memory",unit="byte"})",
       2},
      {R"(kube_pod_container_resource_requests{namespace="ns",pod="web-0",uid="u1",container="main",node="n1",resource="ephemeral_storage",unit="byte"})",
       1000}}},
    // One that nobody has looked at yet, and one whose fields are all of the wrong type.
    {"pods",
     "/api/v1/pods",
     R"({"metadata":{"name":"new","namespace":"ns","uid":"u2"},"spec":{"containers":[]},
        "status":{"phase":"Pending"}})",
     {{R"(kube_pod_info{namespace="ns",pod="new",uid="u2",host_ip="",pod_ip="",node="",created_by_kind="",created_by_name="",priority_class="",host_network="false"})",
       1},
      {R"(kube_pod_status_phase{namespace="ns",pod="new",uid="u2",phase="Pending"})", 1},
      {R"(kube_pod_status_phase{namespace="ns",pod="new",uid="u2",phase="Running"})", 0},
      {R"(kube_pod_status_phase{namespace="ns",pod="new",uid="u2",phase="Succeeded"})", 0},
      {R"(kube_pod_status_phase{namespace="ns",pod="new",uid="u2",phase="Failed"})", 0},
      {R"(kube_pod_status_phase{namespace="ns",pod="new",uid="u2",phase="Unknown"})", 0}}},
    {"pods",
     "/api/v1/pods",
     R"({"metadata":{"name":"odd","namespace":"ns","uid":7},"spec":[1],
        "status":{"phase":{},"conditions":"Ready","containerStatuses":{"a":1}}})",
     {{R"(kube_pod_info{namespace="ns",pod="odd",uid="",host_ip="",pod_ip="",node="",created_by_kind="",created_by_name="",priority_class="",host_network="false"})",
       1}}},
};

std::string TextOf(const Values& values) {
  std::string text;
  for (const auto& [series, value] : values) text += fmt::format("{} {}\n", series, value);
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(kubernetes_collector_test)

BOOST_AUTO_TEST_CASE(EachKindGivesWhatKubeStateMetricsDoes) {
  for (const KindCase& each : kKinds) {
    Fixture fixture;
    const Values values = fixture.ValuesFrom(each.kind, each.path, each.object);
    BOOST_TEST(TextOf(values) == TextOf(each.values));
  }
}

BOOST_AUTO_TEST_CASE(EveryMetricOfTheCatalogueIsTested) {
  std::set<std::string> tested;
  for (const KindCase& each : kKinds) {
    for (const auto& [series, value] : each.values)
      tested.insert(series.substr(0, series.find('{')));
  }
  for (const MetricDesc& metric : Metrics()) {
    BOOST_TEST(tested.contains(std::string(metric.name)), metric.name);
  }
  BOOST_TEST(tested.size() == Metrics().size());
}

BOOST_FIXTURE_TEST_CASE(AllKindsAreAskedForAtTheSameTime, Fixture) {
  Watch();
  api.SayEverywhere([](const std::string&) { return Answer(ListOf({}, "1")); });
  BOOST_TEST(Collect().empty());
  BOOST_TEST(static_cast<bool>(outcome));
  BOOST_TEST(api.TakeAsked().size() == AllResourceKinds().size());
}

BOOST_FIXTURE_TEST_CASE(NamespacesAreAskedOneByOne, Fixture) {
  Watch({.namespaces = {"a", "b", "c"}, .resources = {"pods"}, .label_selector = "x=y"});
  api.Say("/api/v1/namespaces/a/pods",
          Answer(ListOf({R"({"metadata":{"name":"p","namespace":"a","uid":"1"}})"}, "1")));
  api.Say("/api/v1/namespaces/b/pods", Refusal(403, "forbidden"));
  api.Say("/api/v1/namespaces/c/pods", Refusal(503));
  const Values values = Collect();
  BOOST_TEST(static_cast<bool>(outcome));
  BOOST_TEST(values.size() == 1);
  BOOST_TEST(parts ==
             "pods in b: no right to list and watch (403): forbidden\n"
             "pods in c: the API server is busy (503)\n");
  const std::vector<std::string> asked = {
      "/api/v1/namespaces/a/pods?limit=500&labelSelector=x%3Dy",
      "/api/v1/namespaces/b/pods?limit=500&labelSelector=x%3Dy",
      "/api/v1/namespaces/c/pods?limit=500&labelSelector=x%3Dy"};
  BOOST_TEST(api.TakeAsked() == asked);
}

BOOST_FIXTURE_TEST_CASE(AKindThatMayNotBeReadCostsItsOwnMetricsOnly, Fixture) {
  Watch({.resources = {"pods", "leases"}});
  api.Say("/apis/coordination.k8s.io/v1/leases", Refusal(403));
  api.Say("/api/v1/pods", Answer(ListOf({Named("p")}, "1")));
  BOOST_TEST(Collect().size() == 1);
  BOOST_TEST(static_cast<bool>(outcome));
  BOOST_TEST(parts == "leases: no right to list and watch (403)\n");

  // Later, the right was granted.
  clock.Advance(std::chrono::minutes(1));
  api.Say("/apis/coordination.k8s.io/v1/leases", Answer(ListOf({}, "1")));
  Collect();
  BOOST_TEST(parts.empty());
}

BOOST_FIXTURE_TEST_CASE(AKindThatTheClusterDoesNotKnowIsNoFault, Fixture) {
  Watch({.resources = {"pods", "leases"}});
  api.Say("/apis/coordination.k8s.io/v1/leases", Refusal(404));
  api.Say("/api/v1/pods", Answer(ListOf({Named("p")}, "1")));
  BOOST_TEST(Collect().size() == 1);
  BOOST_TEST(parts == "leases: no such resource (404)\n  which is no fault\n");
}

BOOST_FIXTURE_TEST_CASE(AThrottledKindIsAbsentUntilItAnswers, Fixture) {
  Watch({.resources = {"pods", "jobs"}});
  api.Say("/api/v1/pods", Answer(ListOf({Named("p")}, "1")));
  api.Say("/apis/batch/v1/jobs", Answer(ListOf({}, "1")));
  BOOST_TEST(Collect().size() == 1);
  api.Say("/api/v1/pods", Refusal(429, "slow down", {{"Retry-After", "30"}}));
  BOOST_TEST(Collect().empty());
  BOOST_TEST(parts == "pods: the API server is busy (429): slow down\n");
  clock.Advance(std::chrono::seconds(15));
  BOOST_TEST(Collect().empty());
  clock.Advance(std::chrono::seconds(15));
  BOOST_TEST(Collect().size() == 1);
}

BOOST_FIXTURE_TEST_CASE(AServerThatIsGoneIsAFailedCollection, Fixture) {
  Watch();
  api.SayEverywhere([](const std::string&) -> Result<HttpAnswer> {
    return Error{ErrorCode::kUnavailable, "connection refused"};
  });
  Collect();
  BOOST_TEST_REQUIRE(!outcome);
  BOOST_TEST((outcome.error().code == ErrorCode::kUnavailable));
  BOOST_TEST(outcome.error().message == "cronjobs: connection refused");

  // It is back.
  api.SayEverywhere([](const std::string&) { return Answer(ListOf({}, "1")); });
  Collect();
  BOOST_TEST(static_cast<bool>(outcome));
}

BOOST_FIXTURE_TEST_CASE(LeasesAreJudgedByTheServersClock, Fixture) {
  // Fourteen hours ahead of it, we would take every lease for lost.
  clock.SetWall(TimePoint(std::chrono::seconds(1'606'039'200 + 14 * 3600)));
  const Values values = ValuesFrom("leases", "/apis/coordination.k8s.io/v1/leases",
                                   R"({"metadata":{"name":"l","namespace":"ns"},
      "spec":{"holderIdentity":"x","leaseDurationSeconds":15,
      "renewTime":"2020-11-22T09:59:55.000000Z"}})");
  BOOST_TEST(At(values, R"(kube_lease_held{namespace="ns",lease="l"})") == 1);
  BOOST_TEST(skew.value() == -14 * 3600 + 0.5);
}

BOOST_FIXTURE_TEST_CASE(WhatWasDeletedIsGone, Fixture) {
  Watch({.resources = {"pods"}});
  api.Say("/api/v1/pods", Answer(ListOf({Named("a"), Named("b")}, "1")));
  BOOST_TEST(Collect().size() == 2);
  api.Say("/api/v1/pods", Answer(Event("DELETED", Named("a", "2"))));
  BOOST_TEST(Collect().size() == 1);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(kubernetes_options_test)

namespace {

std::string MistakesIn(const std::string& yaml) {
  Diagnostics diagnostics("f.yaml");
  const std::optional<YamlNode> node = ParseYaml(yaml, diagnostics);
  BOOST_TEST_REQUIRE(node.has_value());
  {
    YamlMap map(*node, diagnostics);
    Configure(map);
  }
  return diagnostics.Text();
}

struct MistakeCase {
  std::string yaml;
  std::string message;
};

const std::vector<MistakeCase> kMistakes = {
    {"api_server: kubernetes", "expected a URL"},
    {"namespaces: [\"*\"]", "\"*\" cannot be the name of a namespace"},
    {"namespaces: [a, b, a]", "\"a\" stands here twice"},
    {"resources: [pod]", "expected some of cronjobs, deployments"},
    {"resources: [pods, pods]", "\"pods\" stands here twice"},
    {"max_objects: 0", "max_objects"},
    {"namespace: [a]", "unknown key \"namespace\""},
};

}  // namespace

BOOST_AUTO_TEST_CASE(MistakesAreSaid) {
  for (const MistakeCase& each : kMistakes) {
    const std::string mistakes = MistakesIn(each.yaml);
    BOOST_TEST(mistakes.find(each.message) != std::string::npos, each.yaml + " gave " + mistakes);
  }
}

BOOST_AUTO_TEST_CASE(WithoutOptionsItIsTheClusterAround) {
  BOOST_TEST(MistakesIn("{}") == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::kubernetes

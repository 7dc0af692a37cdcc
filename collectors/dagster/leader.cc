#include "collectors/dagster/leader.h"

#include <array>
#include <utility>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include "base/http_date.h"
#include "base/rfc3339.h"
#include "collectors/dagster/json_answer.h"
#include "collectors/json_member.h"

namespace tocsin::collectors::dagster {
namespace {

constexpr MetricDesc kHeld = {"dagster_daemon_leader_lease_held", MetricType::kGauge,
                              "1 if somebody holds the daemon's lease and renewed it in time."};
constexpr MetricDesc kRenewed = {"dagster_daemon_leader_lease_renew_timestamp_seconds",
                                 MetricType::kGauge,
                                 "Unix time at which the daemon's lease was last renewed."};
constexpr MetricDesc kDuration = {"dagster_daemon_leader_lease_duration_seconds",
                                  MetricType::kGauge,
                                  "How long the daemon's lease holds without being renewed."};
constexpr MetricDesc kTransitions = {"dagster_daemon_leader_lease_transitions_total",
                                     MetricType::kCounter,
                                     "How often the daemon's lease changed hands, as Kubernetes "
                                     "counts."};
constexpr MetricDesc kInfo = {"dagster_daemon_leader_info",
                              MetricType::kGauge,
                              "1, with who holds the daemon's lease, in time or not.",
                              {"holder"}};
constexpr std::array kMetrics = {kHeld, kRenewed, kDuration, kTransitions, kInfo};

/// Whether the API server says that there is no such object. A proxy's 404, or that of a server
/// without leases, is no word about ours.
bool IsNotFound(const HttpAnswer& answer) {
  if (answer.status != 404) return false;
  boost::json::error_code problem;
  const boost::json::value body = boost::json::parse(answer.body, problem);
  return !problem && TextIn(body, "kind") == "Status" && TextIn(body, "reason") == "NotFound";
}

}  // namespace

std::span<const MetricDesc> LeaderMetrics() {
  return kMetrics;
}

Result<Lease> ParseLease(const boost::json::object& object) {
  const boost::json::value& spec = MemberIn(object, "spec");
  const boost::json::value& kind = MemberIn(object, "kind");
  if (!kind.is_string() || kind.get_string() != "Lease" || !spec.is_object()) {
    return Error{ErrorCode::kCorrupt, "expected a Lease"};
  }
  Lease lease;
  lease.holder = TextIn(spec, "holderIdentity");
  lease.duration_seconds = NumberIn(spec, "leaseDurationSeconds");
  lease.transitions = NumberIn(spec, "leaseTransitions");
  const std::string renewed = TextIn(spec, "renewTime");
  lease.renewed = ParseRfc3339(renewed);
  if (!renewed.empty() && !lease.renewed) {
    return Error{ErrorCode::kCorrupt, "expected a moment in the Lease's renewTime"};
  }
  return lease;
}

LeaderSource::LeaderSource(LeaderOptions options, const Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      server_(kubernetes::MakeApiServer(options_.server)) {}

Status LeaderSource::Collect(const Attempt& attempt, Collection& collection) {
  const Result<std::string> path = LeasePath();
  if (!path) return path.error();
  const Result<HttpAnswer> answer = server_->GetAll(std::span(&*path, 1), attempt).front();
  if (!answer) return answer.error();
  if (IsNotFound(*answer)) {
    if (options_.is_ha) collection.points.Add(kHeld, {}, 0);
    return {};
  }
  const Result<boost::json::object> object = JsonObjectOf(*answer);
  if (!object) return object.error();
  const Result<Lease> lease = ParseLease(*object);
  if (!lease) return lease.error();
  const std::optional<TimePoint> now = ParseHttpDate(answer->Header("Date"));
  Publish(*lease, Moment(now ? *now : clock_.Now()), collection);
  return {};
}

Result<std::string> LeaderSource::LeasePath() const {
  std::string name_space = options_.name_space;
  if (name_space.empty()) {
    Result<std::string> own = kubernetes::OwnNamespace(options_.server);
    if (!own) return own.error();
    name_space = std::move(*own);
  }
  return fmt::format("/apis/coordination.k8s.io/v1/namespaces/{}/leases/{}", name_space,
                     options_.lease);
}

void LeaderSource::Publish(const Lease& lease, Moment now, Collection& collection) const {
  const bool is_held = !lease.holder.empty() && lease.renewed && lease.duration_seconds &&
                       Seconds(now - *lease.renewed) <= *lease.duration_seconds;
  MetricSink& points = collection.points;
  points.Add(kHeld, {}, is_held ? 1 : 0);
  if (lease.renewed) points.Add(kRenewed, {}, UnixSeconds(*lease.renewed));
  if (lease.duration_seconds) points.Add(kDuration, {}, *lease.duration_seconds);
  if (lease.transitions) points.Add(kTransitions, {}, *lease.transitions);
  if (!lease.holder.empty()) points.Add(kInfo, {lease.holder}, 1);
}

}  // namespace tocsin::collectors::dagster

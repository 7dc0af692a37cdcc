#include "collectors/dagster/webserver.h"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>
#include <utility>

#include <boost/json/object.hpp>

#include "base/text.h"
#include "collectors/dagster/json_answer.h"
#include "collectors/json_member.h"

namespace tocsin::collectors::dagster {
namespace {

constexpr MetricDesc kUp = {
    "dagster_webserver_up", MetricType::kGauge,
    "1 if the webserver told its version; any other page, and none at all, is 0."};
constexpr MetricDesc kInfo = {
    "dagster_webserver_info", MetricType::kGauge, "1, with the webserver's version.", {"version"}};
constexpr MetricDesc kLoadError = {
    "dagster_code_location_load_error",
    MetricType::kGauge,
    "1 if the code location did not load, 0 if it did. From GraphQL.",
    {"location"}};
constexpr MetricDesc kRequiredByDagster = {
    "dagster_daemon_required_by_dagster",
    MetricType::kGauge,
    "1 if Dagster itself says that this installation must run the daemon. From GraphQL.",
    {"daemon_type"}};
constexpr MetricDesc kMismatch = {
    "dagster_daemon_requirement_mismatch",
    MetricType::kGauge,
    "1 if Dagster and the option required_daemons do not agree about the daemon.",
    {"daemon_type"}};
constexpr MetricDesc kScheduleTicked = {
    "dagster_schedule_has_ticked",
    MetricType::kGauge,
    "0 if no evaluation of a schedule that the code defines is on record, with whether it is on: "
    "running or stopped. From GraphQL.",
    {"schedule_name", "location", "status"}};
constexpr MetricDesc kSensorTicked = {
    "dagster_sensor_has_ticked",
    MetricType::kGauge,
    "0 if no evaluation of a sensor that the code defines is on record, with whether it is on: "
    "running or stopped. From GraphQL.",
    {"sensor_name", "location", "status"}};

constexpr std::array kMetrics = {kUp,       kInfo,           kLoadError,   kRequiredByDagster,
                                 kMismatch, kScheduleTicked, kSensorTicked};

std::string Below(std::string url, std::string_view path) {
  while (url.ends_with('/')) url.pop_back();
  return url += path;
}

/// The first of the topics that failed, if one has.
Status FirstFailure(const GraphqlFacts& facts) {
  if (!facts.required) return facts.required.error();
  if (!facts.load_failed) return facts.load_failed.error();
  if (!facts.instigators) return facts.instigators.error();
  return {};
}

}  // namespace

std::span<const MetricDesc> WebserverMetrics() {
  return kMetrics;
}

WebserverSource::WebserverSource(WebserverOptions options, const Clock& clock)
    : options_(std::move(options)), clock_(clock) {}

Status WebserverSource::Collect(const Attempt& attempt, Collection& collection) {
  const Result<std::string> version = ReadVersion(attempt);
  collection.points.Add(kUp, {}, version ? 1 : 0);
  if (!version) return version.error();
  collection.points.Add(kInfo, {*version}, 1);

  const SteadyPoint now = clock_.SteadyNow();
  if (!asked_at_ || now - *asked_at_ >= options_.graphql_interval) {
    asked_at_ = now;
    graphql_ = AskGraphql(attempt);
  }
  if (!graphql_) collection.parts.push_back({"graphql", graphql_.error()});
  if (facts_) PublishFacts(collection);
  return {};
}

Result<std::string> WebserverSource::ReadVersion(const Attempt& attempt) {
  const Result<HttpAnswer> answer =
      Ask(client_, options_.target.settings, {.url = Below(options_.target.url, "/server_info")},
          attempt);
  if (!answer) return answer.error();
  const Result<boost::json::object> info = JsonObjectOf(*answer);
  if (!info) return info.error().Within("/server_info");
  for (const std::string_view key : {"dagster_webserver_version", "dagit_version"}) {
    const boost::json::value& version = MemberIn(*info, key);
    if (version.is_string()) return std::string(std::string_view(version.get_string()));
  }
  return Error{ErrorCode::kCorrupt, "/server_info: expected the version of Dagster's webserver"};
}

Status WebserverSource::AskGraphql(const Attempt& attempt) {
  facts_.reset();
  const Result<HttpAnswer> answer = Ask(client_, options_.target.settings,
                                        {.method = "POST",
                                         .url = Below(options_.target.url, "/graphql"),
                                         .headers = {{"Content-Type", "application/json"}},
                                         .body = std::string(GraphqlRequest())},
                                        attempt);
  if (!answer) return answer.error();
  if (answer->status == 400) {
    return Error{ErrorCode::kNotFound, "this version of Dagster does not understand the question"};
  }
  const Result<boost::json::object> object = JsonObjectOf(*answer);
  if (!object) return object.error();
  facts_ = ParseGraphql(*object);
  return FirstFailure(*facts_);
}

void WebserverSource::PublishFacts(Collection& collection) const {
  PublishRequired(collection);
  if (facts_->load_failed) {
    for (const auto& [location, failed] : *facts_->load_failed) {
      collection.points.Add(kLoadError, {location}, failed ? 1 : 0);
    }
  }
  if (!facts_->instigators) return;
  // Repositories of one location may have schedules of the same name: what never ticked is shown.
  std::map<std::tuple<bool, std::string, std::string, std::string>, bool> ticked;
  for (const DefinedInstigator& instigator : *facts_->instigators) {
    const auto [found, is_new] =
        ticked.try_emplace({instigator.is_schedule, instigator.name, instigator.location,
                            LowerCase(instigator.status)},
                           true);
    found->second = found->second && instigator.has_ticked;
  }
  for (const auto& [key, has_ticked] : ticked) {
    const auto& [is_schedule, name, location, status] = key;
    collection.points.Add(is_schedule ? kScheduleTicked : kSensorTicked, {name, location, status},
                          has_ticked ? 1 : 0);
  }
}

void WebserverSource::PublishRequired(Collection& collection) const {
  if (!facts_->required) return;
  std::map<std::string, bool> mismatch;
  for (const auto& [daemon, required] : *facts_->required) {
    collection.points.Add(kRequiredByDagster, {daemon}, required ? 1 : 0);
    mismatch[daemon] = required;
  }
  for (const std::string& daemon : options_.required_daemons) {
    const auto found = facts_->required->find(daemon);
    mismatch[daemon] = found == facts_->required->end() || !found->second;
  }
  for (const auto& [daemon, differs] : mismatch) {
    collection.points.Add(kMismatch, {daemon}, differs ? 1 : 0);
  }
}

}  // namespace tocsin::collectors::dagster

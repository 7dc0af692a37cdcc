#include "collectors/dagster/graphql.h"

#include <optional>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include "collectors/json_member.h"

namespace tocsin::collectors::dagster {
namespace {

// The fields that name topics, in the request below.
constexpr std::string_view kDaemons = "instance";
constexpr std::string_view kLocations = "workspaceOrError";
constexpr std::string_view kRepositories = "repositoriesOrError";

// `ticks(limit: 1)` is one query to the database for all schedules of a repository, and one for all
// sensors. Source: dagster_graphql/implementation/loader.py.
constexpr std::string_view kRequest =
    R"({"operationName":"Tocsin","query":"query Tocsin {)"
    R"( instance { daemonHealth { allDaemonStatuses { daemonType required } } })"
    R"( workspaceOrError { __typename ... on Workspace { locationEntries {)"
    R"( name locationOrLoadError { __typename } } } })"
    R"( repositoriesOrError { __typename ... on RepositoryConnection { nodes { location { name })"
    R"( schedules { name scheduleState { status ticks(limit: 1) { timestamp } } })"
    R"( sensors { name sensorState { status ticks(limit: 1) { timestamp } } } } } } }"})";

Error Unexpected(std::string_view what) {
  return {ErrorCode::kCorrupt, fmt::format("{} is missing or not as expected", what)};
}

/// The list at `key` of an object; nothing if it has none.
const boost::json::array* ListIn(const boost::json::value& value, std::string_view key) {
  return MemberIn(value, key).if_array();
}

/// Whether one of the errors is about `topic`, or does not say what it is about.
bool HasErrorAbout(const boost::json::object& answer, std::string_view topic) {
  const boost::json::value& errors = MemberIn(answer, "errors");
  if (errors.is_null()) return false;
  const boost::json::array* const list = errors.if_array();
  if (list == nullptr) return true;
  for (const boost::json::value& error : *list) {
    const boost::json::array* const path = ListIn(error, "path");
    if (path == nullptr || path->empty() || !path->front().is_string()) return true;
    if (std::string_view(path->front().get_string()) == topic) return true;
  }
  return false;
}

/// The field of the answer that a topic is in, if no error is about it.
Result<const boost::json::value*> TopicIn(const boost::json::object& answer,
                                          std::string_view topic) {
  if (HasErrorAbout(answer, topic)) {
    return Error{ErrorCode::kCorrupt, fmt::format("the answer lists an error about {}", topic)};
  }
  const boost::json::value& found = MemberIn(MemberIn(answer, "data"), topic);
  if (!found.is_object()) return Unexpected(topic);
  return &found;
}

/// A topic that can be a Python error in place of what was asked for.
Result<const boost::json::value*> UnionIn(const boost::json::object& answer, std::string_view topic,
                                          std::string_view type) {
  Result<const boost::json::value*> found = TopicIn(answer, topic);
  if (!found || TextIn(**found, "__typename") == type) return found;
  return Error{ErrorCode::kCorrupt, fmt::format("{} is not a {}", topic, type)};
}

Result<std::map<std::string, bool>> ParseDaemons(const boost::json::object& answer) {
  const Result<const boost::json::value*> instance = TopicIn(answer, kDaemons);
  if (!instance) return instance.error();
  const boost::json::array* const daemons =
      ListIn(MemberIn(**instance, "daemonHealth"), "allDaemonStatuses");
  if (daemons == nullptr) return Unexpected("allDaemonStatuses");
  std::map<std::string, bool> required;
  for (const boost::json::value& daemon : *daemons) {
    const std::string type = TextIn(daemon, "daemonType");
    const boost::json::value& is_required = MemberIn(daemon, "required");
    if (type.empty() || !is_required.is_bool()) return Unexpected("a daemon");
    required[type] = is_required.get_bool();
  }
  return required;
}

Result<std::map<std::string, bool>> ParseLocations(const boost::json::object& answer) {
  const Result<const boost::json::value*> workspace = UnionIn(answer, kLocations, "Workspace");
  if (!workspace) return workspace.error();
  const boost::json::array* const entries = ListIn(**workspace, "locationEntries");
  if (entries == nullptr) return Unexpected("locationEntries");
  std::map<std::string, bool> failed;
  for (const boost::json::value& entry : *entries) {
    const std::string name = TextIn(entry, "name");
    if (name.empty()) return Unexpected("a code location");
    const boost::json::value& outcome = MemberIn(entry, "locationOrLoadError");
    if (outcome.is_null()) continue;  // Still loading.
    const std::string type = TextIn(outcome, "__typename");
    if (type != "RepositoryLocation" && type != "PythonError") return Unexpected("a code location");
    failed[name] = type == "PythonError";
  }
  return failed;
}

/// A schedule or a sensor; its state is at `state_key`.
std::optional<DefinedInstigator> ParseInstigator(const boost::json::value& value,
                                                 std::string_view state_key) {
  DefinedInstigator instigator;
  instigator.name = TextIn(value, "name");
  const boost::json::value& state = MemberIn(value, state_key);
  instigator.status = TextIn(state, "status");
  const boost::json::array* const ticks = ListIn(state, "ticks");
  if (instigator.name.empty() || instigator.status.empty() || ticks == nullptr) return std::nullopt;
  instigator.has_ticked = !ticks->empty();
  return instigator;
}

/// Adds what a repository defines. False if it is not as expected.
bool AddInstigators(const boost::json::value& repository, std::vector<DefinedInstigator>& all) {
  const std::string location = TextIn(MemberIn(repository, "location"), "name");
  if (location.empty()) return false;
  for (const bool is_schedule : {true, false}) {
    const boost::json::array* const list =
        ListIn(repository, is_schedule ? "schedules" : "sensors");
    if (list == nullptr) return false;
    for (const boost::json::value& value : *list) {
      std::optional<DefinedInstigator> instigator =
          ParseInstigator(value, is_schedule ? "scheduleState" : "sensorState");
      if (!instigator) return false;
      instigator->is_schedule = is_schedule;
      instigator->location = location;
      all.push_back(std::move(*instigator));
    }
  }
  return true;
}

Result<std::vector<DefinedInstigator>> ParseRepositories(const boost::json::object& answer) {
  const Result<const boost::json::value*> repositories =
      UnionIn(answer, kRepositories, "RepositoryConnection");
  if (!repositories) return repositories.error();
  const boost::json::array* const nodes = ListIn(**repositories, "nodes");
  if (nodes == nullptr) return Unexpected("nodes");
  std::vector<DefinedInstigator> all;
  for (const boost::json::value& repository : *nodes) {
    if (!AddInstigators(repository, all)) return Unexpected("a repository");
  }
  return all;
}

}  // namespace

std::string_view GraphqlRequest() {
  return kRequest;
}

GraphqlFacts ParseGraphql(const boost::json::object& answer) {
  return {ParseDaemons(answer), ParseLocations(answer), ParseRepositories(answer)};
}

}  // namespace tocsin::collectors::dagster

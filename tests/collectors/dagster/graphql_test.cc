#include "collectors/dagster/graphql.h"

#include <string>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

namespace tocsin::collectors::dagster {
namespace {

const std::string kDaemons =
    R"("instance":{"daemonHealth":{"allDaemonStatuses":[{"daemonType":"SENSOR","required":true},)"
    R"({"daemonType":"ASSET","required":false}]}})";
const std::string kLocations =
    R"("workspaceOrError":{"__typename":"Workspace","locationEntries":[)"
    R"({"name":"good","locationOrLoadError":{"__typename":"RepositoryLocation"}},)"
    R"({"name":"broken","locationOrLoadError":{"__typename":"PythonError"}},)"
    R"({"name":"loading","locationOrLoadError":null}]})";
const std::string kRepositories =
    R"("repositoriesOrError":{"__typename":"RepositoryConnection","nodes":[{"location":)"
    R"({"name":"good"},"schedules":[{"name":"never","scheduleState":{"status":"STOPPED","ticks":)"
    R"([]}}],"sensors":[{"name":"often","sensorState":{"status":"RUNNING","ticks":)"
    R"([{"timestamp":1.5}]}}]}]})";

GraphqlFacts Parsed(const std::string& answer) {
  return ParseGraphql(boost::json::parse(answer).as_object());
}

std::string Whole(const std::string& daemons, const std::string& locations,
                  const std::string& repositories) {
  return R"({"data":{)" + daemons + "," + locations + "," + repositories + "}}";
}

struct BadRow {
  std::string what;
  std::string answer;
  bool daemons = false;  ///< Whether the topic is good all the same.
  bool locations = false;
  bool repositories = false;
};

std::string Replace(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  BOOST_TEST_REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

const std::string kAll = Whole(kDaemons, kLocations, kRepositories);

const std::vector<BadRow> kBad = {
    {"nothing", "{}"},
    {"no data", R"({"data":null})"},
    {"data of another type", R"({"data":[]})"},
    {"an error about everything", R"({"data":null,"errors":[{"message":"no"}]})"},
    {"errors that are no list", Replace(kAll, R"({"data")", R"({"errors":"no","data")")},
    {"an error without a path", Replace(kAll, R"({"data")", R"({"errors":[{}],"data")")},
    {"an error about one topic",
     Replace(kAll, R"({"data")",
             R"({"errors":[{"path":["repositoriesOrError","nodes",0]}],"data")"),
     true, true, false},
    {"no errors at all", Replace(kAll, R"({"data")", R"({"errors":[],"data")"), true, true, true},
    {"a Python error in place of the workspace",
     Whole(kDaemons, R"("workspaceOrError":{"__typename":"PythonError"})", kRepositories), true,
     false, true},
    {"a Python error in place of the repositories",
     Whole(kDaemons, kLocations, R"("repositoriesOrError":{"__typename":"PythonError"})"), true,
     true, false},
    {"no list of daemons", Whole(R"("instance":{"daemonHealth":{}})", kLocations, kRepositories),
     false, true, true},
    {"a daemon without a name", Replace(kAll, R"("daemonType":"SENSOR",)", ""), false, true, true},
    {"a daemon whose flag is a text", Replace(kAll, R"("required":true)", R"("required":"true")"),
     false, true, true},
    {"no list of locations", Replace(kAll, R"("locationEntries":[)", R"("others":[)"), true, false,
     true},
    {"a location of a new kind", Replace(kAll, "RepositoryLocation\"", "Else\""), true, false,
     true},
    {"a location without a name", Replace(kAll, R"("name":"broken",)", ""), true, false, true},
    {"no list of repositories", Replace(kAll, R"("nodes":[)", R"("others":[)"), true, true, false},
    {"a repository without a location",
     Replace(kAll, R"({"name":"good"},"schedules")", R"({},"schedules")"), true, true, false},
    {"a repository without sensors", Replace(kAll, R"("sensors")", R"("others")"), true, true,
     false},
    {"a schedule without a state", Replace(kAll, R"("scheduleState")", R"("state")"), true, true,
     false},
    {"a schedule without ticks", Replace(kAll, R"("ticks":[])", R"("ticks":null)"), true, true,
     false},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(graphql_test)

BOOST_AUTO_TEST_CASE(AnAnswerIsRead) {
  const GraphqlFacts facts = Parsed(kAll);
  BOOST_TEST_REQUIRE(static_cast<bool>(facts.required));
  BOOST_TEST((*facts.required == std::map<std::string, bool>{{"SENSOR", true}, {"ASSET", false}}));
  BOOST_TEST_REQUIRE(static_cast<bool>(facts.load_failed));
  BOOST_TEST(
      (*facts.load_failed == std::map<std::string, bool>{{"good", false}, {"broken", true}}));
  BOOST_TEST_REQUIRE(static_cast<bool>(facts.instigators));
  BOOST_TEST_REQUIRE(facts.instigators->size() == 2U);
  const DefinedInstigator& schedule = facts.instigators->at(0);
  BOOST_TEST(schedule.is_schedule);
  BOOST_TEST(schedule.name == "never");
  BOOST_TEST(schedule.location == "good");
  BOOST_TEST(schedule.status == "STOPPED");
  BOOST_TEST(!schedule.has_ticked);
  const DefinedInstigator& sensor = facts.instigators->at(1);
  BOOST_TEST(!sensor.is_schedule);
  BOOST_TEST(sensor.name == "often");
  BOOST_TEST(sensor.has_ticked);
}

BOOST_AUTO_TEST_CASE(AnErrorIsNotAnEmptyTopic) {
  for (const BadRow& row : kBad) {
    BOOST_TEST_CONTEXT(row.what) {
      const GraphqlFacts facts = Parsed(row.answer);
      BOOST_TEST(static_cast<bool>(facts.required) == row.daemons);
      BOOST_TEST(static_cast<bool>(facts.load_failed) == row.locations);
      BOOST_TEST(static_cast<bool>(facts.instigators) == row.repositories);
    }
  }
}

BOOST_AUTO_TEST_CASE(TheRequestIsJson) {
  const boost::json::value request = boost::json::parse(GraphqlRequest());
  BOOST_TEST(request.at("query").is_string());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::dagster

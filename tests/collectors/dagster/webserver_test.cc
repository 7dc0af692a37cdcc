#include "collectors/dagster/webserver.h"

#include <atomic>
#include <chrono>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "base/mutex.h"
#include "tests/collectors/dagster/source_probe.h"
#include "tests/support/test_server.h"

namespace tocsin::collectors::dagster {
namespace {

using Reply = TestServer::Reply;

const std::string kVersions =
    R"({"dagster_webserver_version":"1.13.27","dagster_version":"1.13.27",)"
    R"("dagster_graphql_version":"1.13.27"})";
const std::string kFacts =
    R"({"data":{"instance":{"daemonHealth":{"allDaemonStatuses":[)"
    R"({"daemonType":"SENSOR","required":true},{"daemonType":"ASSET","required":true},)"
    R"({"daemonType":"BACKFILL","required":false}]}},)"
    R"("workspaceOrError":{"__typename":"Workspace","locationEntries":[)"
    R"({"name":"good","locationOrLoadError":{"__typename":"RepositoryLocation"}},)"
    R"({"name":"broken","locationOrLoadError":{"__typename":"PythonError"}}]},)"
    R"("repositoriesOrError":{"__typename":"RepositoryConnection","nodes":[{"location":)"
    R"({"name":"good"},"schedules":[{"name":"never","scheduleState":{"status":"STOPPED","ticks":)"
    R"([]}}],"sensors":[{"name":"often","sensorState":{"status":"RUNNING","ticks":)"
    R"([{"timestamp":1.5}]}}]}]}}})";
const std::string kPage = "<!doctype html><html><body>Dagster</body></html>";

/// A webserver that answers each path with what the test wants.
class FakeWebserver {
 public:
  FakeWebserver() = default;

  std::string url() const { return server_.url(); }
  void SayInfo(Reply reply) { Set(info_, std::move(reply)); }
  void SayGraphql(Reply reply) { Set(graphql_, std::move(reply)); }
  /// How often GraphQL was asked.
  int questions() const { return questions_; }

 private:
  void Set(Reply& place, Reply reply) {
    const MutexLock lock(mutex_);
    place = std::move(reply);
  }
  Reply Answer(const TestServer::Request& request) {
    const MutexLock lock(mutex_);
    if (request.line() == "GET /server_info HTTP/1.1") return info_;
    if (request.line() != "POST /graphql HTTP/1.1") return TestServer::Answer(200, kPage);
    ++questions_;
    return graphql_;
  }

  Mutex mutex_;
  Reply info_ = TestServer::Answer(200, kVersions);
  Reply graphql_ = TestServer::Answer(200, kFacts);
  std::atomic<int> questions_ = 0;
  TestServer server_{[this](const TestServer::Request& request) { return Answer(request); }};
};

/// A source on a fake webserver.
struct Fixture {
  WebserverOptions Options() const {
    WebserverOptions options;
    options.target.url = webserver.url() + "/";
    options.target.settings.follow_redirects = false;
    options.required_daemons = {"SENSOR", "SCHEDULER"};
    return options;
  }
  Collected Collect(Duration later = {}) {
    clock.Advance(later);
    return CollectFrom(source);
  }

  FakeWebserver webserver;
  FakeClock clock{TimePoint(std::chrono::sys_days{std::chrono::year(2026) / 3 / 1})};
  WebserverSource source{Options(), clock};
};

struct DownRow {
  std::string what;
  Reply reply;
  ErrorCode code;
};

const std::vector<DownRow> kDown = {
    {"a page of HTML", TestServer::Answer(200, kPage), ErrorCode::kCorrupt},
    {"nothing", TestServer::Answer(200, ""), ErrorCode::kCorrupt},
    {"half an object", TestServer::Answer(200, kVersions.substr(0, 30)), ErrorCode::kCorrupt},
    {"another object", TestServer::Answer(200, R"({"status":"ok"})"), ErrorCode::kCorrupt},
    {"a version that is no text", TestServer::Answer(200, R"({"dagster_webserver_version":1})"),
     ErrorCode::kCorrupt},
    {"a list", TestServer::Answer(200, "[]"), ErrorCode::kCorrupt},
    {"bytes that are not UTF-8",
     TestServer::Answer(200, "{\"dagster_webserver_version\":\"\xff\"}"), ErrorCode::kCorrupt},
    {"a redirect", TestServer::Answer(302, "", "Location: /login\r\n"), ErrorCode::kCorrupt},
    {"a request to log in", TestServer::Answer(401, kVersions), ErrorCode::kDenied},
    {"a refusal", TestServer::Answer(403, kVersions), ErrorCode::kDenied},
    {"not found", TestServer::Answer(404, kVersions), ErrorCode::kNotFound},
    {"an error", TestServer::Answer(503, kVersions), ErrorCode::kUnavailable},
    {"a broken connection", {"", Reply::Then::kClose}, ErrorCode::kUnavailable},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(webserver_test)

BOOST_FIXTURE_TEST_CASE(WhatTheWebserverKnowsIsPublished, Fixture) {
  const Collected collected = Collect();
  BOOST_TEST_REQUIRE(static_cast<bool>(collected.status));
  BOOST_TEST(collected.parts.empty());
  const Values expected = {
      {"dagster_webserver_up", 1},
      {R"(dagster_webserver_info{version="1.13.27"})", 1},
      {R"(dagster_code_location_load_error{location="good"})", 0},
      {R"(dagster_code_location_load_error{location="broken"})", 1},
      {R"(dagster_daemon_required_by_dagster{daemon_type="SENSOR"})", 1},
      {R"(dagster_daemon_required_by_dagster{daemon_type="ASSET"})", 1},
      {R"(dagster_daemon_required_by_dagster{daemon_type="BACKFILL"})", 0},
      {R"(dagster_daemon_requirement_mismatch{daemon_type="SENSOR"})", 0},
      {R"(dagster_daemon_requirement_mismatch{daemon_type="ASSET"})", 1},
      {R"(dagster_daemon_requirement_mismatch{daemon_type="BACKFILL"})", 0},
      {R"(dagster_daemon_requirement_mismatch{daemon_type="SCHEDULER"})", 1},
      {R"(dagster_schedule_has_ticked{schedule_name="never",location="good",status="stopped"})", 0},
      {R"(dagster_sensor_has_ticked{sensor_name="often",location="good",status="running"})", 1},
  };
  BOOST_TEST((collected.values == expected));
}

BOOST_AUTO_TEST_CASE(NothingButItsVersionIsUp) {
  for (const DownRow& row : kDown) {
    BOOST_TEST_CONTEXT(row.what) {
      Fixture fixture;
      fixture.Collect();
      fixture.webserver.SayInfo(row.reply);
      const Collected collected = fixture.Collect();
      BOOST_TEST_REQUIRE(!collected.status);
      BOOST_TEST((collected.status.error().code == row.code), collected.status.error().message);
      BOOST_TEST((collected.values == Values{{"dagster_webserver_up", 0}}));
      fixture.webserver.SayInfo(TestServer::Answer(200, kVersions));
      BOOST_TEST(fixture.Collect().values.size() == 13U);
      BOOST_TEST(fixture.webserver.questions() == 1);
    }
  }
}

BOOST_FIXTURE_TEST_CASE(AnOldWebserverIsUpToo, Fixture) {
  webserver.SayInfo(TestServer::Answer(200, R"({"dagit_version":"0.15.0"})"));
  BOOST_TEST(At(Collect().values, R"(dagster_webserver_info{version="0.15.0"})") == 1);
}

BOOST_FIXTURE_TEST_CASE(GraphqlIsAskedOnceAMinute, Fixture) {
  BOOST_TEST(Collect().values.size() == 13U);
  BOOST_TEST(Collect(std::chrono::seconds(59)).values.size() == 13U);
  BOOST_TEST(webserver.questions() == 1);
  Collect(std::chrono::seconds(1));
  BOOST_TEST(webserver.questions() == 2);
}

BOOST_FIXTURE_TEST_CASE(GraphqlThatFailsIsReportedAndNotAskedMoreOften, Fixture) {
  const std::vector<std::pair<Reply, ErrorCode>> table = {
      {TestServer::Answer(200, kPage), ErrorCode::kCorrupt},
      {TestServer::Answer(200, kFacts.substr(0, 100)), ErrorCode::kCorrupt},
      {TestServer::Answer(200, R"({"data":null,"errors":[{"message":"no"}]})"),
       ErrorCode::kCorrupt},
      {TestServer::Answer(400, R"({"data":null,"errors":[{"message":"Cannot query"}]})"),
       ErrorCode::kNotFound},
      {TestServer::Answer(500, "Internal Server Error"), ErrorCode::kUnavailable},
      {TestServer::Answer(403, ""), ErrorCode::kDenied},
  };
  int asked = 0;
  for (const auto& [reply, code] : table) {
    webserver.SayGraphql(reply);
    for (const Duration later : {Duration(std::chrono::seconds(60)), Duration(1)}) {
      const Collected collected = Collect(later);
      BOOST_TEST_REQUIRE(static_cast<bool>(collected.status));
      BOOST_TEST_REQUIRE(collected.parts.size() == 1U);
      BOOST_TEST(collected.parts[0].source == "graphql");
      BOOST_TEST((collected.parts[0].status.error().code == code));
      BOOST_TEST(collected.values.size() == 2U);
    }
    BOOST_TEST(webserver.questions() == ++asked);
  }
  webserver.SayGraphql(TestServer::Answer(200, kFacts));
  BOOST_TEST(Collect(std::chrono::seconds(60)).values.size() == 13U);
}

BOOST_FIXTURE_TEST_CASE(OneTopicThatFailsLeavesTheOthers, Fixture) {
  std::string facts = kFacts;
  facts.replace(facts.find("\"Workspace\""), 11, "\"PythonError\"");
  webserver.SayGraphql(TestServer::Answer(200, facts));
  const Collected collected = Collect();
  BOOST_TEST(collected.parts.size() == 1U);
  BOOST_TEST(collected.values.size() == 11U);
}

BOOST_FIXTURE_TEST_CASE(NamesakesOfTwoRepositoriesAreOneSeries, Fixture) {
  const std::string node =
      R"({"location":{"name":"good"},"schedules":[{"name":"s","scheduleState":)"
      R"({"status":"RUNNING","ticks":[]}}],"sensors":[]})";
  std::string facts = kFacts;
  const std::size_t at = facts.find(R"("nodes":[)") + 9;
  facts = facts.substr(0, at) + node + "," + node + "]}}}";
  webserver.SayGraphql(TestServer::Answer(200, facts));
  BOOST_TEST(At(Collect().values, R"(dagster_schedule_has_ticked{schedule_name="s",)"
                                  R"(location="good",status="running"})") == 0);
}

BOOST_FIXTURE_TEST_CASE(AWebserverThatHangsHasItsTimeOnly, Fixture) {
  webserver.SayInfo({"", Reply::Then::kHang});
  const auto began = std::chrono::steady_clock::now();
  const Collected collected = CollectFrom(source, AttemptFor(std::chrono::milliseconds(300)));
  BOOST_TEST_REQUIRE(!collected.status);
  BOOST_TEST((collected.status.error().code == ErrorCode::kTimeout));
  BOOST_TEST((collected.values == Values{{"dagster_webserver_up", 0}}));
  BOOST_TEST((std::chrono::steady_clock::now() - began < std::chrono::seconds(10)));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::dagster

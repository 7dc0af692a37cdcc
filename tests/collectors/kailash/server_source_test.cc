#include "collectors/kailash/server_source.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "collectors/kailash/pools.h"
#include "tests/collectors/kailash/check_values.h"
#include "tests/collectors/kailash/watched.h"
#include "tests/support/test_server.h"

namespace tocsin::collectors::kailash {
namespace {

constexpr std::string_view kBase = "http://app:8000";
constexpr std::size_t kMostWorkflows = 2;

/// A server that answers as a table says; whatever is not in it is not found.
struct Script {
  std::map<std::string, Result<HttpAnswer>> answers;  ///< By URL.
  std::vector<std::string> asked;

  void Answer(const std::string& path, int status, const std::string& body,
              const std::string& type = "application/json") {
    answers.insert_or_assign(std::string(kBase) + path,
                             HttpAnswer{status, {{"content-type", type}}, body});
  }
  void Fail(ErrorCode code) {
    for (const char* const path :
         {"/health", "/metrics", "/connections/metrics", "/health/live", "/health/ready"}) {
      answers.insert_or_assign(std::string(kBase) + path, Error{code, "as scripted"});
    }
  }
  void ServePage(const std::string& text) {
    Answer("/metrics", 200, text, "text/plain; version=0.0.4; charset=utf-8");
  }
};

class ScriptedClient final : public ServerClient {
 public:
  explicit ScriptedClient(Script& script) : script_(script) {}
  Result<HttpAnswer> Send(const OutgoingRequest& request, const Attempt& /*attempt*/) override {
    script_.asked.push_back(request.url);
    const auto found = script_.answers.find(request.url);
    if (found != script_.answers.end()) return found->second;
    return HttpAnswer{404, {{"content-type", "application/json"}}, R"({"detail":"Not Found"})"};
  }

 private:
  Script& script_;
};

struct Server {
  Script script;
  ServerSource source{std::make_unique<ScriptedClient>(script),
                      {std::string(kBase), std::string(kBase) + "/metrics", std::string(kBase)},
                      kMostWorkflows};
  std::map<std::string, Status> sources;
  std::map<std::string, Status> parts;

  Server() {
    script.Answer("/health", 200, R"({"status":"healthy","workflows":{"orders":"healthy"}})");
    script.ServePage(FixtureText("page.txt"));
  }

  Values Read(WorkflowSource from = WorkflowSource::kPage, const Attempt& attempt = LongAttempt()) {
    MetricSink sink({1000, {}}, nullptr);
    Collection collection{sink};
    script.asked.clear();
    source.Read(attempt);
    source.Report(collection);
    source.Publish(sink, from);
    PublishPools(sink, Settings(), source.pools());
    sources.clear();
    parts.clear();
    for (const SourceReport& report : collection.sources) {
      sources.insert_or_assign(report.source, report.status);
    }
    for (const SourceReport& report : collection.parts) {
      parts.insert_or_assign(report.source, report.status);
    }
    for (const std::uint64_t count : sink.dropped()) BOOST_TEST(count == 0U);
    return ValuesOf(*sink.Finish(TimePoint()));
  }
  bool HasAsked(const std::string& path) const {
    return std::find(script.asked.begin(), script.asked.end(), std::string(kBase) + path) !=
           script.asked.end();
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(server_source_test)

BOOST_AUTO_TEST_CASE(TellsWhatThePageAndHealthSay) {
  Server server;
  const Values values = server.Read();
  const Values expected = {
      {"kailash_up", 1},
      {R"(kailash_workflow_healthy{workflow="orders"})", 1},
      {R"(kailash_workflow_total{workflow="orders"})", 1},
      {R"(kailash_workflow_total{workflow="broken"})", 1},
      {R"(kailash_workflow_success_total{workflow="orders"})", 1},
      {R"(kailash_workflow_success_total{workflow="broken"})", 0},
      {R"(kailash_errors_total{category="workflow_failed",workflow="orders"})", 0},
      {R"(kailash_errors_total{category="workflow_failed",workflow="broken"})", 1},
      {R"(kailash_errors_total{category="pool_exhausted",workflow=""})", 2},
      {R"(kailash_workflow_duration_seconds_count{workflow="orders"})", 1},
      {R"(kailash_workflow_duration_seconds_sum{workflow="orders"})", 0.021115779876708984},
      {R"(kailash_workflow_duration_seconds_count{workflow="broken"})", 1},
      {R"(kailash_workflow_duration_seconds_sum{workflow="broken"})", 0.0073468685150146484},
      {R"(kailash_pool_active_connections{pool="main_db"})", 3},
      {R"(kailash_pool_max_connections{pool="main_db"})", 10},
      {R"(kailash_pool_available_connections{pool="main_db"})", 7},
      {R"(kailash_pool_connections_idle{pool="main_db"})", 2},
      {R"(kailash_pool_exhaustion_events_total{pool="main_db"})", 2},
  };
  CheckValues(values, expected);
  BOOST_TEST(static_cast<bool>(server.sources.at("http")));
  BOOST_TEST(static_cast<bool>(server.sources.at("probes")));
  BOOST_TEST(server.parts.empty());
  BOOST_TEST(!server.HasAsked("/connections/metrics"));  // The page has told.
}

BOOST_AUTO_TEST_CASE(ExecutionsThatTheDatabaseCountsAreNotCountedTwice) {
  Server server;
  const Values values = server.Read(WorkflowSource::kDatabase);
  BOOST_TEST(!values.contains(R"(kailash_workflow_total{workflow="orders"})"));
  BOOST_TEST(
      !values.contains(R"(kailash_errors_total{category="workflow_failed",workflow="broken"})"));
  BOOST_TEST(!values.contains(R"(kailash_workflow_duration_seconds_count{workflow="orders"})"));
  BOOST_TEST(values.contains(R"(kailash_errors_total{category="pool_exhausted",workflow=""})"));
}

/// The page of executions and durations, one of each, of these workflows.
std::string PageOf(const std::vector<std::string>& workflows) {
  std::string counts = "# TYPE kailash_workflow_executions_total counter\n";
  std::string durations = "# TYPE kailash_workflow_duration_seconds histogram\n";
  for (const std::string& workflow : workflows) {
    const std::string label = "workflow_name=\"" + workflow + "\"";
    counts += "kailash_workflow_executions_total{" + label + ",success=\"false\"} 1\n";
    const std::string name = "kailash_workflow_duration_seconds";
    durations += name + "_bucket{" + label + ",le=\"1\"} 1\n" + name + "_bucket{" + label +
                 ",le=\"+Inf\"} 2\n" + name + "_sum{" + label + "} 5\n" + name + "_count{" + label +
                 "} 2\n";
  }
  return counts + durations;
}

BOOST_AUTO_TEST_CASE(WorkflowsBeyondTheLimitAreAddedUp) {
  Server server;
  const std::string total = "kailash_workflow_total";
  server.script.ServePage(PageOf({"b", "c", "d", "e"}));
  Values values = server.Read();
  BOOST_TEST(At(values, total + R"({workflow="b"})") == 1);
  BOOST_TEST(At(values, total + R"({workflow="c"})") == 1);
  BOOST_TEST(At(values, total + R"({workflow="__other__"})") == 2);
  BOOST_TEST(
      At(values, R"(kailash_errors_total{category="workflow_failed",workflow="__other__"})") == 2);
  BOOST_TEST(At(values, R"(kailash_workflow_duration_seconds_count{workflow="__other__"})") == 4);
  BOOST_TEST(At(values, R"(kailash_workflow_duration_seconds_sum{workflow="__other__"})") == 10);
  BOOST_TEST(!values.contains(total + R"({workflow="d"})"));
  // Who comes later, and before them by name, does not take their place.
  server.script.ServePage(PageOf({"a", "b", "d", "e"}));
  values = server.Read();
  BOOST_TEST(At(values, total + R"({workflow="b"})") == 1);
  BOOST_TEST(!values.contains(total + R"({workflow="c"})"));
  BOOST_TEST(At(values, total + R"({workflow="__other__"})") == 3);
  server.script.Answer("/metrics", 500, "oops", "text/plain");
  BOOST_TEST(!server.Read().contains(total + R"({workflow="b"})"));
}

BOOST_AUTO_TEST_CASE(AProbeThatWasCutOffIsNotKnown) {
  Server server;
  server.script.Answer("/health/live", 200, "{}");
  server.script.answers.insert_or_assign(std::string(kBase) + "/health/ready",
                                         Error{ErrorCode::kTimeout, "no time was left to ask"});
  Values values = server.Read(WorkflowSource::kPage, AttemptFor(Duration(0)));
  BOOST_TEST(At(values, "kailash_live") == 1);
  BOOST_TEST(!values.contains("kailash_ready"));
  BOOST_TEST((server.parts.at("ready").error().code == ErrorCode::kTimeout));
  values = server.Read();  // It had the whole of http.timeout.
  BOOST_TEST(At(values, "kailash_ready") == 0);
}

BOOST_AUTO_TEST_CASE(ARequestEndsAtTheDeadline) {
  TestServer hung([](const TestServer::Request&) {
    return TestServer::Reply{"", TestServer::Reply::Then::kHang};
  });
  HttpSettings settings;
  settings.timeout = std::chrono::seconds(60);
  const std::unique_ptr<ServerClient> client = MakeServerClient(settings);
  const std::chrono::milliseconds times[] = {std::chrono::milliseconds(100), Duration(0)};
  for (const Duration time : times) {
    const Result<HttpAnswer> answer = client->Send({.url = hung.url()}, AttemptFor(time));
    BOOST_TEST_REQUIRE(!answer);
    BOOST_TEST((answer.error().code == ErrorCode::kTimeout));
  }
}

BOOST_AUTO_TEST_CASE(APageThatCannotBeReadCostsWhatItTellsOnly) {
  const struct {
    std::string what;
    int status;
    std::string type;
    std::string body;
    ErrorCode code;
  } rows[] = {
      {"no credential", 401, "application/json", "{}", ErrorCode::kDenied},
      {"the wrong one", 403, "application/json", "{}", ErrorCode::kDenied},
      {"broken", 500, "text/plain", "oops", ErrorCode::kUnavailable},
      {"a page for browsers", 200, "text/html", "<html></html>", ErrorCode::kCorrupt},
      {"the same, mislabelled", 200, "text/plain", "<html></html>", ErrorCode::kCorrupt},
      {"JSON", 200, "application/json", "{}", ErrorCode::kCorrupt},
  };
  for (const auto& row : rows) {
    BOOST_TEST_CONTEXT(row.what) {
      Server server;
      server.script.Answer("/metrics", row.status, row.body, row.type);
      const Values values = server.Read();
      BOOST_TEST(At(values, "kailash_up") == 1);
      BOOST_TEST(values.size() == 2U);  // And the member of /health.
      BOOST_TEST_REQUIRE(!server.sources.at("http"));
      BOOST_TEST((server.sources.at("http").error().code == row.code));
      BOOST_TEST(static_cast<bool>(server.sources.at("probes")));
      server.script.ServePage(FixtureText("page.txt"));
      BOOST_TEST(server.Read().size() == 18U);
      BOOST_TEST(static_cast<bool>(server.sources.at("http")));
    }
  }
}

BOOST_AUTO_TEST_CASE(LinesThatMakeNoSenseAreTold) {
  Server server;
  server.script.ServePage(
      "kailash_connection_active_connections{pool=\"a\"} 1\n"
      "kailash_connection_active_connections{pool=\"b} 1\n");
  BOOST_TEST(At(server.Read(), R"(kailash_pool_active_connections{pool="a"})") == 1);
  BOOST_TEST((server.parts.at("page").error().code == ErrorCode::kCorrupt));
}

BOOST_AUTO_TEST_CASE(WithoutPoolsOnThePageTheJsonIsAsked) {
  Server server;
  server.script.ServePage("# TYPE kailash_performance_response_time timer\n");
  BOOST_TEST(server.Read().size() == 2U);  // The route is not there: nothing is wrong.
  BOOST_TEST(server.parts.empty());
  server.script.Answer("/connections/metrics", 200,
                       R"({"pools":{"main-db":{"active_connections":12,"idle_connections":0},)"
                       R"("gone":{"error":"x"}}})");
  const Values values = server.Read();
  BOOST_TEST(At(values, R"(kailash_pool_active_connections{pool="main_db"})") == 12);
  BOOST_TEST(At(values, R"(kailash_pool_available_connections{pool="main_db"})") == 0);
  BOOST_TEST((server.parts.at("pools").error().code == ErrorCode::kUnavailable));
  server.script.Answer("/connections/metrics", 200, "<html></html>", "text/html");
  server.Read();
  BOOST_TEST((server.parts.at("pools").error().code == ErrorCode::kCorrupt));
}

BOOST_AUTO_TEST_CASE(AServerThatDoesNotAnswerIsDownAndNotUnknown) {
  for (const ErrorCode code : {ErrorCode::kUnavailable, ErrorCode::kTimeout, ErrorCode::kCorrupt}) {
    Server server;
    server.script.Fail(code);
    const Values expected = {{"kailash_up", 0}, {"kailash_live", 0}, {"kailash_ready", 0}};
    CheckValues(server.Read(), expected);
    BOOST_TEST(server.script.asked.size() == 1U);  // The others would be in vain.
    BOOST_TEST((server.sources.at("http").error().code == code));
    BOOST_TEST(static_cast<bool>(server.sources.at("probes")));
  }
  Server server;
  server.script.Fail(ErrorCode::kDenied);  // Our own trouble: a certificate, a secret's file.
  BOOST_TEST(server.Read().empty());
  BOOST_TEST((server.sources.at("probes").error().code == ErrorCode::kDenied));
}

BOOST_AUTO_TEST_CASE(AServerThatIsTooSlowForItsPageIsNotAskedForItsPools) {
  Server server;
  server.script.answers.insert_or_assign(std::string(kBase) + "/metrics",
                                         Error{ErrorCode::kTimeout, "as scripted"});
  BOOST_TEST(At(server.Read(), "kailash_up") == 1);
  BOOST_TEST((server.sources.at("http").error().code == ErrorCode::kTimeout));
  BOOST_TEST(!server.HasAsked("/connections/metrics"));
}

BOOST_AUTO_TEST_CASE(ProbesThatAreNotOfferedAreAbsent) {
  const struct {
    std::string what;
    int status;
    std::string type;
    std::optional<double> value;
    bool is_error;
  } rows[] = {
      {"well", 200, "application/json", 1, false},
      {"no content", 204, "", 1, false},
      {"not ready", 503, "application/json", 0, false},
      {"no such route", 404, "application/json", std::nullopt, false},
      {"something that answers any path", 200, "text/html; charset=utf-8", std::nullopt, true},
      {"not for us", 401, "application/json", std::nullopt, true},
  };
  for (const auto& row : rows) {
    BOOST_TEST_CONTEXT(row.what) {
      Server server;
      server.script.Answer("/health/ready", row.status, "", row.type);
      const Values values = server.Read();
      BOOST_TEST(values.contains("kailash_ready") == row.value.has_value());
      if (row.value) BOOST_TEST(At(values, "kailash_ready") == *row.value);
      BOOST_TEST(server.parts.contains("ready") == row.is_error);
      BOOST_TEST(!values.contains("kailash_live"));
    }
  }
  // A probe that is known not to be offered does not fail when the server is gone.
  Server server;
  server.script.Answer("/health/live", 200, "{}");
  server.Read();
  server.script.Fail(ErrorCode::kUnavailable);
  const Values values = server.Read();
  BOOST_TEST(At(values, "kailash_live") == 0);
  BOOST_TEST(!values.contains("kailash_ready"));
}

BOOST_AUTO_TEST_CASE(HealthThatIsNoJsonIsTold) {
  Server server;
  server.script.Answer("/health", 200, "<html></html>", "text/html");
  BOOST_TEST(At(server.Read(), "kailash_up") == 1);
  BOOST_TEST((server.parts.at("health").error().code == ErrorCode::kCorrupt));
  server.script.Answer("/health", 502, "bad gateway", "text/plain");
  BOOST_TEST(At(server.Read(), "kailash_up") == 0);
  server.script.answers.erase(std::string(kBase) + "/health");
  BOOST_TEST(At(server.Read(), "kailash_up") == 1);  // An application of another make.
  BOOST_TEST(server.parts.empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::kailash

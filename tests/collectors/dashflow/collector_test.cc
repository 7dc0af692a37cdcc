#include "collectors/dashflow/collector.h"

#include <atomic>
#include <map>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include "tests/collectors/http/collected.h"
#include "tests/support/test_server.h"

namespace tocsin::collectors::dashflow {
namespace {

using Then = TestServer::Reply::Then;

/// What DashFlow's own registry prints.
constexpr const char* kPage = R"(# HELP langserve_batch_size Batch sizes
# TYPE langserve_batch_size histogram
langserve_batch_size_bucket{le="1"} 2
langserve_batch_size_bucket{le="+Inf"} 3
langserve_batch_size_sum 12
langserve_batch_size_count 3
# HELP langserve_errors_total Errors
# TYPE langserve_errors_total counter
langserve_errors_total{endpoint="invoke",error_type="execution_error"} 4
# HELP langserve_request_duration_seconds Request latency
# TYPE langserve_request_duration_seconds histogram
langserve_request_duration_seconds_bucket{le="0.001"} 1
langserve_request_duration_seconds_bucket{le="+Inf"} 7
langserve_request_duration_seconds_sum 1.5
langserve_request_duration_seconds_count 7
# HELP langserve_requests_total Requests
# TYPE langserve_requests_total counter
langserve_requests_total{endpoint="invoke",status="success"} 7
langserve_requests_total{endpoint="invoke",status="error"} 4
# HELP langserve_stream_chunks_total Chunks per stream
# TYPE langserve_stream_chunks_total histogram
langserve_stream_chunks_total_bucket{le="1"} 0
langserve_stream_chunks_total_bucket{le="+Inf"} 1
langserve_stream_chunks_total_sum 25
langserve_stream_chunks_total_count 1
)";

/// What its other registry prints.
constexpr const char* kObservability = R"(# TYPE llm_request_duration_seconds histogram
llm_request_duration_seconds_bucket{provider="openai",model="gpt",le="30"} 1
llm_request_duration_seconds_bucket{provider="openai",model="gpt",le="+Inf"} 1
llm_request_duration_seconds_sum{provider="openai",model="gpt"} 2
llm_request_duration_seconds_count{provider="openai",model="gpt"} 1
# TYPE llm_requests_total counter
llm_requests_total{provider="openai",model="gpt",status="success"} 1
# TYPE llm_tokens_total counter
llm_tokens_total{provider="openai",model="gpt",token_type="prompt"} 120
# TYPE graph_active_executions gauge
graph_active_executions{graph_name="g"} 2
# TYPE queue_depth gauge
queue_depth{queue_name="q"} 5
# TYPE active_tasks gauge
active_tasks 3
# TYPE errors_total counter
errors_total{component="x",error_type="y",severity="z"} 9
)";

TestServer::Reply Page(const std::string& text) {
  return TestServer::Answer(200, text, "Content-Type: text/plain; version=0.0.4\r\n");
}

/// Answers by path; what it has no answer for is 404.
TestServer::Handler ByPath(std::map<std::string, TestServer::Reply> replies) {
  return [replies = std::move(replies)](const TestServer::Request& request) {
    const std::string_view line = request.line();
    const std::size_t begin = line.find(' ') + 1;
    const auto found = replies.find(std::string(line.substr(begin, line.find(' ', begin) - begin)));
    return found == replies.end() ? TestServer::Answer(404) : found->second;
  };
}

std::map<std::string, TestServer::Reply> GoodPod() {
  return {{"/metrics", Page(kPage)},
          {"/observability", Page(kObservability)},
          {"/health", TestServer::Answer(200, "OK")},
          {"/ready", TestServer::Answer(200, "OK")}};
}

std::string OnePod(const std::string& url, const std::string& keys = "") {
  return fmt::format("pods: [{{name: p, url: \"{}\"{}{}}}]", url, keys.empty() ? "" : ", ", keys);
}

std::string Of(const std::string& name) {
  return name + "{pod=\"p\"}";
}

BOOST_AUTO_TEST_SUITE(dashflow_collector_test)

BOOST_AUTO_TEST_CASE(GivesFamiliesTheNamesOfTheGuide) {
  const TestServer server(ByPath(GoodPod()));
  Collected pods(Configure, OnePod(server.url()));
  BOOST_REQUIRE(pods.Collect());
  const std::vector<std::pair<std::string, double>> rows = {
      {"dashflow_requests_total{endpoint=\"invoke\",pod=\"p\",status=\"success\"}", 7},
      {"dashflow_requests_total{endpoint=\"invoke\",pod=\"p\",status=\"error\"}", 4},
      {"dashflow_request_duration_seconds_bucket{le=\"0.001\",pod=\"p\"}", 1},
      {"dashflow_request_duration_seconds_count{pod=\"p\"}", 7},
      {"dashflow_batch_size_sum{pod=\"p\"}", 12},
      {"dashflow_stream_chunks_bucket{le=\"+Inf\",pod=\"p\"}", 1},
      {"dashflow_stream_chunks_sum{pod=\"p\"}", 25},
      {"dashflow_errors_total{endpoint=\"invoke\",error_type=\"execution_error\",pod=\"p\","
       "type=\"execution_error\"}",
       4},
      {Of("dashflow_up"), 1},
      {Of("dashflow_ready"), 1},
      {Of("dashflow_healthy"), 1},
      {"dashflow_max_concurrent_requests", 1000},
      {"dashflow_series_collisions_total{name=\"dashflow_requests_total\"}", 0},
  };
  for (const auto& [series, value] : rows) BOOST_TEST(pods.At(series) == value, series);
  BOOST_TEST(pods.Count("dashflow_probe_duration_seconds") == 2U);
  BOOST_TEST(pods.Count("dashflow_series_collisions_total") == Renamings().size());
  for (const auto& [series, value] : pods.values) {
    BOOST_TEST(series.find("langserve") == std::string::npos, series);
  }
  BOOST_TEST(pods.parts.empty());
  BOOST_TEST(pods.dropped == DropCounts{}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(MergesTheRegistriesOfOnePod) {
  const TestServer server(ByPath(GoodPod()));
  Collected pods(Configure,
                 OnePod(server.url(), fmt::format("metrics_urls: [\"{0}/metrics\", "
                                                  "\"{0}/observability\", \"{0}/metrics\"]",
                                                  server.url())));
  BOOST_REQUIRE(pods.Collect());
  const std::vector<std::pair<std::string, double>> rows = {
      {"dashflow_requests_total{endpoint=\"invoke\",pod=\"p\",status=\"success\"}", 7},
      {"dashflow_llm_duration_seconds_sum{model=\"gpt\",pod=\"p\",provider=\"openai\"}", 2},
      {"dashflow_llm_requests_total{model=\"gpt\",pod=\"p\",provider=\"openai\",status="
       "\"success\"}",
       1},
      {"dashflow_llm_tokens_total{model=\"gpt\",pod=\"p\",provider=\"openai\",token_type="
       "\"prompt\"}",
       120},
      {"dashflow_graph_active_executions{graph_name=\"g\",pod=\"p\"}", 2},
      {"dashflow_queue_depth{pod=\"p\",queue_name=\"q\"}", 5},
      {Of("dashflow_active_tasks"), 3},
  };
  for (const auto& [series, value] : rows) BOOST_TEST(pods.At(series) == value, series);
  // Other crates' names are nobody's.
  BOOST_TEST(pods.Count("errors_total") == 0U);
  // The same page twice is not a series twice.
  BOOST_TEST(pods.dropped == DropCounts{}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(ItsOwnPrefixWins) {
  auto replies = GoodPod();
  replies["/metrics"] = Page(std::string(kPage) +
                             "# TYPE dashflow_requests_total counter\n"
                             "dashflow_requests_total{endpoint=\"invoke\",status=\"success\"} 70\n"
                             "# TYPE dashflow_stream_chunks_total histogram\n"
                             "dashflow_stream_chunks_total_bucket{le=\"+Inf\"} 8\n"
                             "dashflow_stream_chunks_total_sum 9\n"
                             "dashflow_stream_chunks_total_count 8\n");
  const TestServer server(ByPath(replies));
  Collected pods(Configure, OnePod(server.url()));
  for (int i = 1; i <= 2; ++i) {
    BOOST_REQUIRE(pods.Collect());
    BOOST_TEST(pods.At("dashflow_series_collisions_total{name=\"dashflow_requests_total\"}") == i);
    BOOST_TEST(pods.At("dashflow_series_collisions_total{name=\"dashflow_batch_size\"}") == 0);
  }
  BOOST_TEST(pods.At("dashflow_requests_total{endpoint=\"invoke\",pod=\"p\",status=\"success\"}") ==
             70);
  BOOST_TEST(!pods.Has("dashflow_requests_total{endpoint=\"invoke\",pod=\"p\",status=\"error\"}"));
  BOOST_TEST(pods.At("dashflow_stream_chunks_sum{pod=\"p\"}") == 9);
}

BOOST_AUTO_TEST_CASE(TheOtherSpellingOfTheErrorLabelWorks) {
  auto replies = GoodPod();
  replies["/metrics"] = Page("dashflow_errors_total{endpoint=\"batch\",type=\"stream_error\"} 2\n");
  const TestServer server(ByPath(replies));
  Collected pods(Configure, OnePod(server.url()));
  BOOST_REQUIRE(pods.Collect());
  BOOST_TEST(pods.At("dashflow_errors_total{endpoint=\"batch\",error_type=\"stream_error\",pod="
                     "\"p\",type=\"stream_error\"}") == 2);
}

BOOST_AUTO_TEST_CASE(WhatGoesWrongCostsItselfOnly) {
  const auto pods_answer = [](const std::string& path, const TestServer::Reply& reply) {
    auto replies = GoodPod();
    replies[path] = reply;
    return replies;
  };
  const struct {
    std::string name;
    std::map<std::string, TestServer::Reply> replies;
    double up;
    double ready;
    double healthy;
    bool has_requests;
    std::string part;  ///< Words of the one part that failed.
  } rows[] = {
      {"not ready", pods_answer("/ready", TestServer::Answer(503, "starting")), 1, 0, 1, true, ""},
      {"unhealthy", pods_answer("/health", TestServer::Answer(500)), 1, 1, 0, true, ""},
      {"HTML as health", pods_answer("/health", TestServer::Answer(200, "<!doctype html>")), 1, 1,
       0, true, ""},
      {"redirected probe",
       pods_answer("/ready", TestServer::Answer(302, "", "Location: /login\r\n")), 1, 0, 1, true,
       ""},
      {"no page", pods_answer("/metrics", TestServer::Answer(404)), 0, 1, 1, false, "404"},
      {"locked page", pods_answer("/metrics", TestServer::Answer(401)), 0, 1, 1, false, "401"},
      {"HTML as page",
       pods_answer("/metrics", TestServer::Answer(200, "<html>", "Content-Type: text/html\r\n")), 0,
       1, 1, false, "page of metrics"},
      {"text that is no page", pods_answer("/metrics", Page("hello there\n")), 0, 1, 1, false, ""},
      {"half a page",
       pods_answer("/metrics", {"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: "
                                "999\r\n\r\nlangserve_requests_total 1\n",
                                Then::kClose}),
       0, 1, 1, false, "ended before the answer did"},
      // Redaction cuts at the first closing brace.
      {"a masked line",
       pods_answer("/metrics", Page(std::string(kPage) +
                                    "langserve_errors_total{endpoint=\"***}\",x=\"y\"} 1\n")),
       1, 1, 1, true, ""},
      {"a wrong type",
       pods_answer("/metrics", Page("# TYPE langserve_requests_total gauge\n"
                                    "langserve_requests_total{endpoint=\"invoke\"} 1\n")),
       1, 1, 1, false, "langserve_requests_total is a gauge, expected a counter"},
      {"an empty page", pods_answer("/metrics", Page("")), 1, 1, 1, false, ""},
  };
  for (const auto& row : rows) {
    const TestServer server(ByPath(row.replies));
    Collected pods(Configure, OnePod(server.url()));
    BOOST_TEST_CONTEXT(row.name) {
      BOOST_REQUIRE(pods.Collect());
      BOOST_TEST(pods.At(Of("dashflow_up")) == row.up);
      BOOST_TEST(pods.At(Of("dashflow_ready")) == row.ready);
      BOOST_TEST(pods.At(Of("dashflow_healthy")) == row.healthy);
      BOOST_TEST((pods.Count("dashflow_requests_total") > 0) == row.has_requests);
      BOOST_TEST(pods.Has("dashflow_max_concurrent_requests"));
      if (!row.part.empty()) {
        BOOST_REQUIRE(pods.parts.size() == 1U);
        const std::string& words = pods.parts.begin()->second;
        BOOST_TEST(words.find(row.part) != std::string::npos, words);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(AnotherPageIsEnoughToBeUp) {
  const TestServer server(ByPath(GoodPod()));
  Collected pods(Configure, OnePod(server.url(), fmt::format("metrics_urls: [\"{0}/nothing\", "
                                                             "\"{0}/metrics\"]",
                                                             server.url())));
  BOOST_REQUIRE(pods.Collect());
  BOOST_TEST(pods.At(Of("dashflow_up")) == 1);
  BOOST_TEST(pods.Count("dashflow_requests_total") == 2U);
  BOOST_TEST(pods.parts.contains("page 1 of p"));
}

BOOST_AUTO_TEST_CASE(ADeadOrHangingPodCostsTheOthersNothingAndComesBack) {
  std::atomic<bool> hangs = true;
  const TestServer weak([&](const TestServer::Request& request) {
    return hangs ? TestServer::Reply{"", Then::kHang} : ByPath(GoodPod())(request);
  });
  const TestServer good(ByPath(GoodPod()));
  Collected pods(Configure, fmt::format("pods: [{{name: weak, url: \"{}\"}}, {{name: dead, url: "
                                        "\"http://127.0.0.1:1\"}}, {{name: good, url: \"{}/\"}}]",
                                        weak.url(), good.url()));
  const Attempt attempt = AttemptFor(std::chrono::milliseconds(1500));
  BOOST_REQUIRE(pods.Collect(attempt));
  BOOST_TEST((std::chrono::steady_clock::now() < attempt.deadline));
  for (const std::string name : {"dashflow_up", "dashflow_ready", "dashflow_healthy"}) {
    BOOST_TEST(pods.At(name + "{pod=\"weak\"}") == 0);
    BOOST_TEST(pods.At(name + "{pod=\"dead\"}") == 0);
    BOOST_TEST(pods.At(name + "{pod=\"good\"}") == 1);
  }
  BOOST_TEST(pods.Count("dashflow_requests_total") == 2U);
  BOOST_TEST(pods.parts.size() == 2U);
  hangs = false;
  BOOST_REQUIRE(pods.Collect());
  BOOST_TEST(pods.At("dashflow_up{pod=\"weak\"}") == 1);
  BOOST_TEST(pods.Count("dashflow_requests_total") == 4U);
}

BOOST_AUTO_TEST_CASE(KeepsItsConnections) {
  const TestServer server(ByPath(GoodPod()));
  Collected pods(Configure, OnePod(server.url()));
  for (int i = 0; i < 3; ++i) BOOST_REQUIRE(pods.Collect());
  int most = 0;
  for (const auto& request : server.requests()) most = std::max(most, request.connection);
  // A page and two probes at the same time.
  BOOST_TEST(most <= 3);
}

BOOST_AUTO_TEST_CASE(TargetsOfOnePodAreOne) {
  const TestServer server(ByPath(GoodPod()));
  const std::string address = server.url().substr(7);
  Collected pods(Configure, fmt::format(R"(
static_configs:
  - {{targets: ["{0}"], labels: {{pod: p, __metrics_path__: /observability}}}}
  - {{targets: ["{0}"], labels: {{pod: p}}}}
)",
                                        address));
  BOOST_REQUIRE(pods.Collect());
  BOOST_TEST(pods.Count("dashflow_up") == 1U);
  BOOST_TEST(pods.At(Of("dashflow_up")) == 1);
  BOOST_TEST(pods.At(Of("dashflow_ready")) == 1);
  BOOST_TEST(pods.At(Of("dashflow_active_tasks")) == 3);
  BOOST_TEST(pods.Count("dashflow_requests_total") == 2U);
}

BOOST_AUTO_TEST_CASE(PodsOfOneNameInTwoNamespacesAreTwo) {
  const TestServer server(ByPath(GoodPod()));
  Collected pods(Configure, fmt::format(R"(
pods: [{{name: listed, url: "{1}"}}]
static_configs:
  - {{targets: ["{0}"], labels: {{pod: p, namespace: live}}}}
  - {{targets: ["{0}"], labels: {{pod: p, namespace: test}}}}
  - {{targets: ["{0}"], labels: {{pod: p, namespace: test, __metrics_path__: /observability}}}}
  - {{targets: ["{0}"], labels: {{pod: q, namespace: test}}}}
  - {{targets: ["{0}"], labels: {{pod: listed, namespace: test}}}}
)",
                                        server.url().substr(7), server.url()));
  BOOST_REQUIRE(pods.Collect());
  for (const std::string name : {"live/p", "test/p", "q", "listed", "test/listed"}) {
    BOOST_TEST(pods.At("dashflow_up{pod=\"" + name + "\"}") == 1, name);
  }
  BOOST_TEST(pods.Count("dashflow_up") == 5U);
  BOOST_TEST(pods.Count("dashflow_active_tasks") == 1U);
  BOOST_TEST(pods.dropped == DropCounts{}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(PortsOfDiscoveredPodsCanBeGiven) {
  const TestServer application(ByPath(GoodPod()));
  const TestServer metrics(ByPath({{"/metrics", Page(kPage)}}));
  const auto port = [](const TestServer& server) {
    return server.url().substr(server.url().rfind(':') + 1);
  };
  Collected pods(Configure, fmt::format(R"(
static_configs: [{{targets: ["127.0.0.1:1"], labels: {{pod: p}}}}]
app_port: {}
metrics_ports: [{}]
)",
                                        port(application), port(metrics)));
  BOOST_REQUIRE(pods.Collect());
  BOOST_TEST(pods.At(Of("dashflow_up")) == 1);
  BOOST_TEST(pods.At(Of("dashflow_healthy")) == 1);
  BOOST_TEST(metrics.requests().size() == 1U);
}

BOOST_AUTO_TEST_CASE(RefusesWhatMakesNoSense) {
  const struct {
    std::string yaml;
    std::string words;
  } rows[] = {
      {"{}", "expected pods, or a way to discover them"},
      {"pods: []", "expected pods, or a way to discover them"},
      {"pods: [{url: \"http://a\"}]", "name"},
      {"pods: [{name: a}]", "url"},
      {"pods: [{name: a, url: \"http://a\"}, {name: a, url: \"http://b\"}]", "another than before"},
      {"pods: [{name: a, url: \"http://a\", metrics_urls: [a]}]", "metrics_urls: expected URLs"},
      {"{pods: [{name: a, url: \"http://a\"}], metrics_ports: [0]}", "expected ports from 1"},
      {"{pods: [{name: a, url: \"http://a\"}], metrics_path: metrics}", "expected a slash first"},
      {"{pods: [{name: a, url: \"http://a\"}], max_concurrent_requests: 0}",
       "max_concurrent_requests"},
  };
  for (const auto& row : rows) {
    const std::string problem = collectors::Configure(Configure, row.yaml).problem;
    BOOST_TEST(problem.find(row.words) != std::string::npos, row.yaml + " gives " + problem);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::collectors::dashflow

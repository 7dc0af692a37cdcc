#include "collectors/atlas/collector.h"

#include <atomic>
#include <chrono>
#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include "tests/collectors/http/collected.h"
#include "tests/support/redis_server.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/test_server.h"

namespace tocsin::collectors::atlas {
namespace {

using std::chrono::seconds;
using Then = TestServer::Reply::Then;

constexpr const char* kReadyBody =
    R"({"ready": true, "checks": {"database": true, "redis": true, "models": true}})";

/// A page of prometheus_client with `total` requests, from a process born at `born`.
std::string PageText(double total, double born = 1.5e9) {
  return fmt::format(R"(# HELP optimization_requests_total Total
# TYPE optimization_requests_total counter
optimization_requests_total{{method="scipy",status="success"}} {}
optimization_requests_total{{method="optuna",status="success"}} 1.0
optimization_requests_total{{method="optuna",status="error"}} 2.0
# HELP optimization_requests_created Total
# TYPE optimization_requests_created gauge
optimization_requests_created{{method="scipy",status="success"}} {}
# HELP optimization_duration_seconds Duration
# TYPE optimization_duration_seconds histogram
optimization_duration_seconds_bucket{{le="0.005",method="scipy"}} 0.0
optimization_duration_seconds_bucket{{le="+Inf",method="scipy"}} 5.0
optimization_duration_seconds_count{{method="scipy"}} 5.0
optimization_duration_seconds_sum{{method="scipy"}} 61.5
# HELP active_optimizations Active
# TYPE active_optimizations gauge
active_optimizations 3.0
# HELP model_prediction_seconds Prediction
# TYPE model_prediction_seconds histogram
# TYPE python_gc_objects_collected_total counter
python_gc_objects_collected_total{{generation="0"}} 9
)",
                     total, born);
}

TestServer::Reply Page(const std::string& text) {
  return TestServer::Answer(200, text, "Content-Type: text/plain\r\n");
}

/// What a pod answers, which a test changes as it goes on.
class Pod {
 public:
  std::string url() const { return server_.url(); }
  void Set(const std::string& path, TestServer::Reply reply) {
    const MutexLock lock(mutex_);
    replies_[path] = std::move(reply);
  }

 private:
  TestServer::Reply Reply(const TestServer::Request& request) {
    const std::string_view line = request.line();
    const std::size_t begin = line.find(' ') + 1;
    const MutexLock lock(mutex_);
    const auto found =
        replies_.find(std::string(line.substr(begin, line.find(' ', begin) - begin)));
    return found == replies_.end() ? TestServer::Answer(404) : found->second;
  }

  Mutex mutex_;
  std::map<std::string, TestServer::Reply> replies_ TOCSIN_GUARDED_BY(mutex_) = {
      {"/metrics", Page(PageText(5))},
      {"/health", TestServer::Answer(200, R"({"status":"healthy"})")},
      {"/ready", TestServer::Answer(200, kReadyBody)}};
  TestServer server_{[this](const TestServer::Request& request) { return Reply(request); }};
};

std::string OnePod(const Pod& pod, const std::string& more = "") {
  return fmt::format("{{pods: [{{name: p, url: \"{}\"}}]{}{}}}", pod.url(),
                     more.empty() ? "" : ", ", more);
}

std::string Of(const std::string& name) {
  return name + "{pod=\"p\"}";
}

std::string DependencyOf(const std::string& dependency) {
  return fmt::format("atlas_dependency_up{{dependency=\"{}\",pod=\"p\"}}", dependency);
}

TestServer::Reply Maintenance() {
  return TestServer::Answer(503, R"({"detail": "maintenance", "retry_after": 3600})",
                            "Retry-After: 3600\r\n");
}

BOOST_AUTO_TEST_SUITE(atlas_collector_test)

BOOST_AUTO_TEST_CASE(ShowsWhatTheContractPromises) {
  const Pod pod;
  Collected atlas(Configure, OnePod(pod));
  BOOST_REQUIRE(atlas.Collect());
  const std::vector<std::pair<std::string, double>> rows = {
      {"optimization_requests_total{method=\"scipy\",pod=\"p\",status=\"success\"}", 5},
      // The client makes a series when something is counted, so there was none.
      {"optimization_requests_total{method=\"scipy\",pod=\"p\",status=\"error\"}", 0},
      {"optimization_requests_total{method=\"optuna\",pod=\"p\",status=\"error\"}", 2},
      {"optimization_duration_seconds_sum{method=\"scipy\",pod=\"p\"}", 61.5},
      {"optimization_duration_seconds_bucket{le=\"0.005\",method=\"scipy\",pod=\"p\"}", 0},
      {Of("active_optimizations"), 3},
      {Of("atlas_up"), 1},
      {Of("atlas_healthy"), 1},
      {Of("atlas_ready"), 1},
      {Of("atlas_maintenance"), 0},
      {Of("atlas_metrics_worker_flap_total"), 0},
      {DependencyOf("database"), 1},
      {DependencyOf("redis"), 1},
      {DependencyOf("models"), 1},
  };
  for (const auto& [series, value] : rows) BOOST_TEST(atlas.At(series) == value, series);
  BOOST_TEST(atlas.Count("optimization_requests_total") == 4U);
  BOOST_TEST(atlas.Count("atlas_probe_duration_seconds") == 2U);
  BOOST_TEST(!atlas.Has(Of("http_requests_per_second")));
  BOOST_TEST(atlas.Count("optimization_requests_created") == 0U);
  BOOST_TEST(atlas.Count("python_gc_objects_collected_total") == 0U);
  BOOST_TEST(atlas.parts.empty());
  BOOST_TEST((atlas.sources == std::map<std::string, std::string>{{"pods", ""}}));
  BOOST_TEST(atlas.dropped == DropCounts{}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(EachFaultShowsWhereItIsAndGoesAway) {
  const struct {
    std::string name;
    std::map<std::string, TestServer::Reply> replies;
    double up;
    double healthy;
    double ready;
    std::optional<double> maintenance;
    std::optional<double> database;
    std::string part;
  } rows[] = {
      {"a dependency is down",
       {{"/ready", TestServer::Answer(503, R"({"ready": false, "checks": {"database": false}})")}},
       1,
       1,
       0,
       0,
       0,
       ""},
      {"maintenance",
       {{"/metrics", Maintenance()}, {"/ready", Maintenance()}},
       0,
       1,
       0,
       1,
       std::nullopt,
       ""},
      {"HTML everywhere",
       {{"/metrics", TestServer::Answer(200, "<!doctype html>", "Content-Type: text/html\r\n")},
        {"/health", TestServer::Answer(200, "<!doctype html>")},
        {"/ready", TestServer::Answer(200, "<!doctype html>")}},
       0,
       0,
       0,
       0,
       std::nullopt,
       "page of metrics"},
      {"half JSON",
       {{"/ready", TestServer::Answer(503, R"({"ready": false, "che)")}},
       1,
       1,
       0,
       0,
       std::nullopt,
       ""},
      {"probe hangs up", {{"/ready", {"", Then::kClose}}}, 1, 1, 0, std::nullopt, std::nullopt, ""},
      {"a page without a type",
       {{"/metrics", TestServer::Answer(200, PageText(5))}},
       0,
       1,
       1,
       0,
       1,
       ""},
      {"a failing page", {{"/metrics", TestServer::Answer(500)}}, 0, 1, 1, 0, 1, "500"},
  };
  for (const auto& row : rows) {
    Pod pod;
    Collected atlas(Configure, OnePod(pod));
    for (const auto& [path, reply] : row.replies) pod.Set(path, reply);
    BOOST_TEST_CONTEXT(row.name) {
      BOOST_REQUIRE(atlas.Collect());
      BOOST_TEST(atlas.At(Of("atlas_up")) == row.up);
      BOOST_TEST(atlas.At(Of("atlas_healthy")) == row.healthy);
      BOOST_TEST(atlas.At(Of("atlas_ready")) == row.ready);
      BOOST_TEST(atlas.Has(Of("atlas_maintenance")) == row.maintenance.has_value());
      if (row.maintenance) BOOST_TEST(atlas.At(Of("atlas_maintenance")) == *row.maintenance);
      BOOST_TEST(atlas.Has(DependencyOf("database")) == row.database.has_value());
      if (row.database) BOOST_TEST(atlas.At(DependencyOf("database")) == *row.database);
      BOOST_TEST((atlas.Count("optimization_requests_total") > 0) == (row.up == 1));
      const std::string words = atlas.parts.empty() ? "" : atlas.parts.begin()->second;
      BOOST_TEST(words.find(row.part) != std::string::npos, words);
      if (row.maintenance == 1) BOOST_TEST(words.empty());

      pod.Set("/metrics", Page(PageText(6)));
      pod.Set("/health", TestServer::Answer(200));
      pod.Set("/ready", TestServer::Answer(200, kReadyBody));
      BOOST_REQUIRE(atlas.Collect());
      BOOST_TEST(atlas.At(Of("atlas_up")) == 1);
      BOOST_TEST(atlas.At(Of("atlas_ready")) == 1);
      BOOST_TEST(atlas.parts.empty());
    }
  }
}

BOOST_AUTO_TEST_CASE(TheRequestRateIsThatOfTheLastMinute) {
  Pod pod;
  Collected atlas(Configure, OnePod(pod));
  for (const double total : {5.0, 35.0, 65.0}) {
    pod.Set("/metrics", Page(PageText(total)));
    BOOST_REQUIRE(atlas.Collect());
    atlas.clock.Advance(seconds(15));
  }
  BOOST_TEST(atlas.At(Of("http_requests_per_second")) == 2);
  pod.Set("/metrics", TestServer::Answer(500));
  BOOST_REQUIRE(atlas.Collect());
  BOOST_TEST(!atlas.Has(Of("http_requests_per_second")));
}

BOOST_AUTO_TEST_CASE(TheFirstRequestsOfAPodCount) {
  Pod pod;
  Collected atlas(Configure, OnePod(pod));
  pod.Set("/metrics", Page("# TYPE active_optimizations gauge\nactive_optimizations 0.0\n"));
  BOOST_REQUIRE(atlas.Collect());
  atlas.clock.Advance(seconds(15));
  BOOST_REQUIRE(atlas.Collect());
  BOOST_TEST(atlas.At(Of("http_requests_per_second")) == 0);
  atlas.clock.Advance(seconds(15));
  pod.Set("/metrics", Page(PageText(27)));
  BOOST_REQUIRE(atlas.Collect());
  BOOST_TEST(atlas.At(Of("http_requests_per_second")) == 1);
}

BOOST_AUTO_TEST_CASE(AnAddressThatIsNoPageCostsItselfOnly) {
  Pod pod;
  pod.Set("/other", Page("hello there\n"));
  pod.Set("/dead", TestServer::Answer(500));
  Collected atlas(Configure,
                  fmt::format("pods: [{{name: p, url: \"{0}\", metrics_urls: [\"{0}/other\", "
                              "\"{0}/metrics\", \"{0}/dead\"]}}]",
                              pod.url()));
  for (const double total : {5.0, 35.0}) {
    pod.Set("/metrics", Page(PageText(total)));
    BOOST_REQUIRE(atlas.Collect());
    BOOST_TEST(atlas.At(Of("atlas_up")) == 1);
    BOOST_TEST(atlas.Count("optimization_requests_total") == 4U);
    BOOST_TEST(atlas.parts.size() == 2U);
    BOOST_TEST(atlas.parts.contains("page 1 of p"));
    BOOST_TEST(atlas.parts.contains("page 3 of p"));
    atlas.clock.Advance(seconds(15));
  }
  BOOST_TEST(atlas.At(Of("http_requests_per_second")) == 2);
  // The requests may stand on the page that was not read, so there are not none.
  pod.Set("/metrics", Page("active_optimizations 3.0\n"));
  BOOST_REQUIRE(atlas.Collect());
  BOOST_TEST(!atlas.Has(Of("http_requests_per_second")));
  for (const std::string path : {"/metrics", "/other"}) pod.Set(path, TestServer::Answer(500));
  BOOST_REQUIRE(atlas.Collect());
  BOOST_TEST(atlas.At(Of("atlas_up")) == 0);
  BOOST_TEST(atlas.parts.size() == 3U);
}

BOOST_AUTO_TEST_CASE(AFamilyOfAnotherTypeIsReported) {
  Pod pod;
  Collected atlas(Configure, OnePod(pod));
  pod.Set("/metrics", Page("# TYPE active_optimizations counter\nactive_optimizations 3\n"));
  BOOST_REQUIRE(atlas.Collect());
  BOOST_TEST(atlas.Count("active_optimizations") == 0U);
  BOOST_REQUIRE(atlas.parts.contains("active_optimizations of p"));
  BOOST_TEST(atlas.parts.at("active_optimizations of p") ==
             "active_optimizations is a counter, expected a gauge");
}

BOOST_AUTO_TEST_CASE(WorkersThatCountApartAreFoundOut) {
  Pod pod;
  Collected atlas(Configure, OnePod(pod));
  const std::vector<std::pair<double, double>> pages = {
      {100, 1.5e9}, {20, 1.6e9}, {101, 1.5e9}, {101, 1.5e9}};
  const std::vector<double> flaps = {0, 1, 2, 2};
  for (std::size_t i = 0; i < pages.size(); ++i) {
    pod.Set("/metrics", Page(PageText(pages[i].first, pages[i].second)));
    BOOST_REQUIRE(atlas.Collect());
    BOOST_TEST(atlas.At(Of("atlas_metrics_worker_flap_total")) == flaps[i]);
    BOOST_TEST(!atlas.Has(Of("http_requests_per_second")));
    atlas.clock.Advance(seconds(15));
  }
  for (int i = 0; i < 6; ++i) {
    BOOST_REQUIRE(atlas.Collect());
    atlas.clock.Advance(seconds(15));
  }
  BOOST_TEST(atlas.At(Of("http_requests_per_second")) == 0);
}

BOOST_AUTO_TEST_CASE(OnePodsTroubleIsNotAnothers) {
  const Pod good;
  Collected atlas(Configure, fmt::format("pods: [{{name: good, url: \"{}\"}}, {{name: dead, url: "
                                         "\"http://127.0.0.1:1\"}}]",
                                         good.url()));
  BOOST_REQUIRE(atlas.Collect());
  BOOST_TEST(atlas.At("atlas_up{pod=\"good\"}") == 1);
  BOOST_TEST(atlas.At("atlas_up{pod=\"dead\"}") == 0);
  BOOST_TEST(atlas.At("atlas_healthy{pod=\"dead\"}") == 0);
  BOOST_TEST(!atlas.Has("atlas_maintenance{pod=\"dead\"}"));
  BOOST_TEST(atlas.parts.size() == 1U);
}

BOOST_AUTO_TEST_CASE(RedisIsAskedInOneGo) {
  const Pod pod;
  std::atomic<bool> may_tell = true;
  const RedisServer redis([&](const RedisServer::Command& command) {
    if (command[0] == "PING") return RedisServer::Reply{"+PONG\r\n"};
    if (!may_tell) return RedisServer::Error("NOPERM no permissions");
    return RedisServer::Text("# Memory\r\nused_memory:1048576\r\nused_memory_human:1.00M\r\n");
  });
  Collected atlas(Configure, OnePod(pod, fmt::format("redis: {{port: {}}}", redis.port())));
  BOOST_REQUIRE(atlas.Collect());
  BOOST_TEST(atlas.At("atlas_redis_up") == 1);
  BOOST_TEST(atlas.At("atlas_redis_memory_used_bytes") == 1048576);
  BOOST_TEST(atlas.sources.at("redis").empty());
  may_tell = false;
  BOOST_REQUIRE(atlas.Collect());
  BOOST_TEST(atlas.At("atlas_redis_up") == 1);
  BOOST_TEST(!atlas.Has("atlas_redis_memory_used_bytes"));
  BOOST_TEST(!atlas.sources.at("redis").empty());
}

BOOST_AUTO_TEST_CASE(ADeadRedisIsZeroAndCostsItselfOnly) {
  const Pod pod;
  Collected atlas(Configure, OnePod(pod, "redis: {port: 1}, postgres: {port: 1}"));
  BOOST_REQUIRE(atlas.Collect());
  BOOST_TEST(atlas.At("atlas_redis_up") == 0);
  BOOST_TEST(!atlas.Has("atlas_redis_memory_used_bytes"));
  BOOST_TEST(atlas.Count("atlas_database_connections") == 0U);
  BOOST_TEST(atlas.At("atlas_database_pool_max") == 80);
  BOOST_TEST(atlas.At(Of("atlas_up")) == 1);
  BOOST_TEST(!atlas.sources.at("redis").empty());
  BOOST_TEST(!atlas.sources.at("postgres").empty());
  BOOST_TEST(atlas.sources.at("pods").empty());
}

BOOST_AUTO_TEST_CASE(NoPodsHaveNoPools) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "targets.yaml") << "[]";
  Collected atlas(Configure, fmt::format("{{file_sd_configs: [{{files: [\"{}/targets.yaml\"]}}], "
                                         "postgres: {{port: 1}}}}",
                                         folder.path().string()));
  BOOST_REQUIRE(atlas.Collect());
  BOOST_TEST(atlas.Count("atlas_database_pool_max") == 0U);
}

BOOST_AUTO_TEST_CASE(AllSourcesTogetherKeepTheDeadline) {
  Pod pod;
  for (const std::string path : {"/metrics", "/health", "/ready"}) pod.Set(path, {"", Then::kHang});
  const RedisServer redis([](const RedisServer::Command&) {
    return RedisServer::Reply{.bytes = "", .then = RedisServer::Reply::Then::kHang};
  });
  // To a PostgreSQL client any server that waits for more is one that hangs.
  const Pod postgres;
  Collected atlas(Configure, OnePod(pod, fmt::format("redis: {{port: {}}}, postgres: {{port: {}}}",
                                                     redis.port(), postgres.url().substr(17))));
  const Attempt attempt = AttemptFor(seconds(3));
  BOOST_REQUIRE(atlas.Collect(attempt));
  BOOST_TEST((std::chrono::steady_clock::now() < attempt.deadline));
  BOOST_TEST(atlas.At(Of("atlas_up")) == 0);
  BOOST_TEST(atlas.At("atlas_redis_up") == 0);
}

BOOST_AUTO_TEST_CASE(CountsWhatNginxLogs) {
  const Pod pod;
  const TemporaryFolder folder;
  const auto access = folder.path() / "access.log";
  const auto error = folder.path() / "error.log";
  const auto append = [](const std::filesystem::path& file, const std::string& line) {
    std::ofstream(file, std::ios::app) << line << "\n";
  };
  const auto request = [&](int status) {
    append(access,
           fmt::format("1.2.3.4 - - [01/May/2026:10:00:00 +0000] \"GET / HTTP/1.1\" {} 5", status));
  };
  append(access, "old");
  append(error, "old");
  const std::string yaml = OnePod(pod, fmt::format("nginx: {{access_log: \"{}\", error_log: "
                                                   "\"{}\"}}",
                                                   access.string(), error.string()));
  {
    Collected atlas(Configure, yaml, folder.path() / "state.json");
    BOOST_REQUIRE(atlas.Collect());
    BOOST_TEST(atlas.Count("atlas_http_requests_total") == 0U);
    BOOST_TEST(atlas.At("atlas_rate_limited_total{zone=\"api\"}") == 0);
    BOOST_TEST(atlas.At("atlas_rate_limited_total{zone=\"optimize\"}") == 0);
    request(200);
    request(200);
    request(503);
    append(error, "e 1#1: *1 limiting requests, excess: 5.1 by zone \"api\", client: 1.2.3.4");
    BOOST_REQUIRE(atlas.Collect());
    BOOST_TEST(atlas.At("atlas_http_requests_total{code=\"200\"}") == 2);
    BOOST_TEST(atlas.At("atlas_http_requests_total{code=\"503\"}") == 1);
    BOOST_TEST(atlas.At("atlas_rate_limited_total{zone=\"api\"}") == 1);
  }
  request(200);
  Collected again(Configure, yaml, folder.path() / "state.json");
  BOOST_REQUIRE(again.Collect());
  BOOST_TEST(again.At("atlas_http_requests_total{code=\"200\"}") == 3);
  append(access, "{\"status\": 200}");
  BOOST_REQUIRE(again.Collect());
  BOOST_TEST(again.parts.contains("nginx_access_log"));
  BOOST_TEST(again.At("atlas_http_requests_total{code=\"200\"}") == 3);
}

BOOST_AUTO_TEST_CASE(CountsThatCannotBeSavedAreNotShown) {
  const Pod pod;
  const TemporaryFolder folder;
  const auto error = folder.path() / "error.log";
  std::ofstream(error) << "old\n";
  const auto states = folder.path() / "states";
  Collected atlas(Configure,
                  OnePod(pod, fmt::format("nginx: {{error_log: \"{}\"}}", error.string())),
                  states / "state.json");
  BOOST_REQUIRE(atlas.Collect());
  BOOST_TEST(atlas.Count("atlas_rate_limited_total") == 0U);
  BOOST_TEST(atlas.parts.contains("state"));
  BOOST_TEST(atlas.At(Of("atlas_up")) == 1);
  std::filesystem::create_directory(states);
  std::ofstream(error, std::ios::app)
      << "e 1#1: *1 limiting requests, excess: 5.1 by zone \"api\", client: 1.2.3.4\n";
  BOOST_REQUIRE(atlas.Collect());
  BOOST_TEST(atlas.At("atlas_rate_limited_total{zone=\"api\"}") == 1);
  BOOST_TEST(atlas.parts.empty());
}

BOOST_AUTO_TEST_CASE(ALogThatIsNotThereCostsItselfOnly) {
  const Pod pod;
  Collected atlas(Configure, OnePod(pod, "nginx: {error_log: /nonexistent/error.log}"));
  BOOST_REQUIRE(atlas.Collect());
  BOOST_TEST(!atlas.sources.at("nginx_error_log").empty());
  BOOST_TEST(atlas.Count("atlas_rate_limited_total") == 0U);
  BOOST_TEST(atlas.At(Of("atlas_up")) == 1);
}

BOOST_AUTO_TEST_CASE(CountsWhatKongCounted) {
  const Pod pod;
  Pod kong;
  const std::string yaml = OnePod(pod, fmt::format("kong: {{url: \"{}/metrics\"}}", kong.url()));
  Collected atlas(Configure, yaml);
  kong.Set("/metrics",
           Page("# TYPE kong_http_requests_total counter\n"
                "kong_http_requests_total{service=\"a\",code=\"200\",consumer=\"w\"} 4\n"
                "kong_http_requests_total{service=\"a\",code=\"200\",consumer=\"m\"} 3\n"
                "kong_http_requests_total{service=\"a\",code=\"429\",consumer=\"m\"} 2\n"
                "kong_http_requests_total{service=\"a\",code=\"\"} 9\n"));
  BOOST_REQUIRE(atlas.Collect());
  BOOST_TEST(atlas.At("atlas_http_requests_total{code=\"200\"}") == 7);
  BOOST_TEST(atlas.At("atlas_http_requests_total{code=\"429\"}") == 2);
  BOOST_TEST(atlas.Count("atlas_http_requests_total") == 2U);
  kong.Set("/metrics", Page("# TYPE kong_http_status counter\nkong_http_status{code=\"200\"} 8\n"));
  BOOST_REQUIRE(atlas.Collect());
  BOOST_TEST(atlas.At("atlas_http_requests_total{code=\"200\"}") == 8);
  BOOST_TEST(atlas.parts.empty());
  kong.Set("/metrics", Page("# TYPE kong_http_status counter\nkong_http_status{code=\"200\"} 8\n"
                            "kong_http_status{code=\"500\n"));
  BOOST_REQUIRE(atlas.Collect());
  BOOST_TEST(atlas.At("atlas_http_requests_total{code=\"200\"}") == 8);
  BOOST_REQUIRE(atlas.parts.contains("kong"));
  BOOST_TEST(atlas.parts.at("kong").find("passed over") != std::string::npos);
  kong.Set("/metrics",
           Page("# TYPE kong_nginx_requests_total gauge\nkong_nginx_requests_total 9\n"));
  BOOST_REQUIRE(atlas.Collect());
  BOOST_TEST(atlas.Count("atlas_http_requests_total") == 0U);
  BOOST_TEST(atlas.sources.at("kong").empty());
  BOOST_REQUIRE(atlas.parts.contains("kong"));
  BOOST_TEST(atlas.parts.at("kong").find("status_code_metrics") != std::string::npos);
  kong.Set("/metrics", TestServer::Answer(503));
  BOOST_REQUIRE(atlas.Collect());
  BOOST_TEST(atlas.Count("atlas_http_requests_total") == 0U);
  BOOST_TEST(!atlas.sources.at("kong").empty());
}

BOOST_AUTO_TEST_CASE(RefusesWhatMakesNoSense) {
  const struct {
    std::string yaml;
    std::string words;
  } rows[] = {
      {"{}", "expected pods, or a way to discover them"},
      {"{pods: []}", "expected pods, or a way to discover them"},
      {"{pods: [{name: a, url: \"http://a\"}], kong: {url: \"http://k/\"}, nginx: {access_log: a}}",
       "kong: expected either this or nginx.access_log"},
      {"{pods: [{name: a, url: \"http://a\"}], kong: {}}", "url"},
      {"{pods: [{name: a, url: \"http://a\"}], pool_size: 0}", "pool_size"},
      {"{pods: [{name: a, url: \"http://a\"}], nginx: {acces_log: a}}", "did you mean"},
  };
  for (const auto& row : rows) {
    const std::string problem = collectors::Configure(Configure, row.yaml).problem;
    BOOST_TEST(problem.find(row.words) != std::string::npos, row.yaml + " gives " + problem);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::collectors::atlas

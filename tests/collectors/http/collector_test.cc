#include "collectors/http/collector.h"

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include "tests/collectors/http/collected.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/test_server.h"
#include "tests/support/tls_server.h"

namespace tocsin::collectors::http {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using Then = TestServer::Reply::Then;

TestServer::Handler Always(const TestServer::Reply& reply) {
  return [reply](const TestServer::Request&) { return reply; };
}

/// One target "t" with more keys in flow style.
std::string Target(const std::string& url, const std::string& keys = "") {
  return fmt::format("targets: [{{name: t, url: \"{}\"{}{}}}]", url, keys.empty() ? "" : ", ",
                     keys);
}

std::string Series(const std::string& name) {
  return name + "{target=\"t\"}";
}

BOOST_AUTO_TEST_SUITE(http_collector_test)

BOOST_AUTO_TEST_CASE(ShowsAGoodAnswer) {
  const TestServer server(Always(TestServer::Answer(
      200, R"({"ready": true, "checks": {"database": true, "redis": false}, "uptime": 4.5,
              "version": "1.2"})",
      "Content-Type: application/json\r\n")));
  Collected probe(Configure, Target(server.url(), R"(expect: {json: [{path: ready, equals: true}]},
      values: [{path: "checks.*"}, {path: uptime, member: uptime_seconds}, {path: version}])"));
  BOOST_REQUIRE(probe.Collect());
  BOOST_TEST(probe.At(Series("probe_success")) == 1);
  BOOST_TEST(probe.At(Series("probe_http_status_code")) == 200);
  BOOST_TEST(probe.At(Series("probe_http_version")) == 1.1);
  BOOST_TEST(probe.At(Series("probe_ip_protocol")) == 4);
  BOOST_TEST(probe.At(Series("probe_http_ssl")) == 0);
  BOOST_TEST(probe.At(Series("probe_http_redirects")) == 0);
  BOOST_TEST(probe.At(Series("probe_failed_due_to_regex")) == 0);
  BOOST_TEST(probe.At(Series("probe_duration_seconds")) > 0);
  BOOST_TEST(probe.At(Series("probe_http_content_length")) ==
             probe.At(Series("probe_http_uncompressed_body_length")));
  BOOST_TEST(probe.Count("probe_http_duration_seconds") == 5U);
  BOOST_TEST(probe.Count("probe_failed_due_to") == 0U);
  BOOST_TEST(probe.At("probe_json_value{member=\"database\",target=\"t\"}") == 1);
  BOOST_TEST(probe.At("probe_json_value{member=\"redis\",target=\"t\"}") == 0);
  BOOST_TEST(probe.At("probe_json_value{member=\"uptime_seconds\",target=\"t\"}") == 4.5);
  BOOST_TEST(probe.Count("probe_json_value") == 3U);
  BOOST_TEST(!probe.Has(Series("probe_ssl_earliest_cert_expiry")));
  BOOST_TEST(probe.log.text().empty());
}

BOOST_AUTO_TEST_CASE(SendsWhatIsAskedFor) {
  const TestServer server(Always(TestServer::Answer(200)));
  Collected probe(Configure, Target(server.url() + "/graphql?x=1",
                                    R"(method: POST, body: '{"query": "{version}"}',
                                       http_headers: {X-Key: abc})"));
  BOOST_REQUIRE(probe.Collect());
  BOOST_REQUIRE(probe.Collect());
  const auto requests = server.requests();
  BOOST_REQUIRE(requests.size() == 2U);
  BOOST_TEST(requests[0].line() == "POST /graphql?x=1 HTTP/1.1");
  BOOST_TEST(requests[0].Header("Content-Type") == "application/json");
  BOOST_TEST(requests[0].Header("X-Key") == "abc");
  BOOST_TEST(requests[0].body == R"({"query": "{version}"})");
  // Each time as a new client would find it.
  BOOST_TEST(requests[1].connection != requests[0].connection);
}

BOOST_AUTO_TEST_CASE(AFailureIsDataAndSaysWhy) {
  std::string closed;
  {
    const TestServer gone(Always({}));
    closed = gone.url();
  }
  const struct {
    std::string name;
    TestServer::Reply reply;
    std::string keys;
    std::string reason;
    int status;
  } rows[] = {
      {"status", TestServer::Answer(503, "no"), "", "status", 503},
      {"redirect", TestServer::Answer(302, "", "Location: /\r\n"), "", "status", 302},
      {"HTML", TestServer::Answer(200, "<html>"), "", "html", 200},
      {"type", TestServer::Answer(200, "", "Content-Type: text/plain\r\n"),
       "expect: {content_type: application/json}", "content_type", 200},
      {"body", TestServer::Answer(200, "down"), "expect: {body_matches: [up]}", "body", 200},
      {"half JSON", TestServer::Answer(200, "{\"a\":"), "expect: {json: [{path: a}]}", "json", 200},
      {"half a body",
       {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", Then::kClose},
       "",
       "connect",
       0},
      {"reset", {"", Then::kReset}, "", "connect", 0},
      {"slow", {"HTTP/1.1 200 OK\r\n", Then::kHang}, "timeout: 200ms", "timeout", 0},
      {"no HTTP", {"220 mail ready\r\n", Then::kClose}, "", "parse", 0},
  };
  for (const auto& row : rows) {
    const TestServer server(Always(row.reply));
    Collected probe(Configure, Target(server.url(), row.keys));
    BOOST_TEST_CONTEXT(row.name) {
      BOOST_TEST(static_cast<bool>(probe.Collect()));
      BOOST_TEST(probe.At(Series("probe_success")) == 0);
      BOOST_TEST(probe.At(Series("probe_http_status_code")) == row.status);
      BOOST_TEST(probe.Count("probe_failed_due_to") == 1U);
      BOOST_TEST(probe.At(fmt::format("probe_failed_due_to{{reason=\"{}\",target=\"t\"}}",
                                      row.reason)) == 1);
      BOOST_TEST(probe.Has(Series("probe_http_version")) == (row.status != 0));
      BOOST_TEST(probe.log.Count("probe fails") == 1);
    }
  }
  Collected refused(Configure, Target(closed));
  BOOST_TEST(static_cast<bool>(refused.Collect()));
  BOOST_TEST(refused.At("probe_failed_due_to{reason=\"connect\",target=\"t\"}") == 1);
  BOOST_TEST(refused.log.text().find("connection refused") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(RecoversAndLogsChangesOnly) {
  std::atomic<int> status = 503;
  const TestServer server([&](const TestServer::Request&) {
    return TestServer::Answer(status, R"({"ready": false})");
  });
  Collected probe(Configure, Target(server.url(), "values: [{path: ready}]"));
  for (int i = 0; i < 3; ++i) {
    BOOST_TEST(static_cast<bool>(probe.Collect()));
    BOOST_TEST(probe.At(Series("probe_success")) == 0);
    // What the body says is shown whatever the status is.
    BOOST_TEST(probe.At("probe_json_value{member=\"ready\",target=\"t\"}") == 0);
  }
  status = 200;
  BOOST_TEST(static_cast<bool>(probe.Collect()));
  BOOST_TEST(probe.At(Series("probe_success")) == 1);
  BOOST_TEST(probe.log.Count("probe fails") == 1);
  BOOST_TEST(probe.log.Count("probe succeeds again") == 1);
}

BOOST_AUTO_TEST_CASE(ShowsWhenTheCertificateEnds) {
  const auto now = std::chrono::floor<seconds>(std::chrono::system_clock::now().time_since_epoch());
  const TimePoint ends{now - hours(1)};
  const TlsServer server({.begins = TimePoint(now - hours(2)), .ends = ends});
  Collected probe(Configure, Target(server.url()));
  BOOST_TEST(static_cast<bool>(probe.Collect()));
  BOOST_TEST(probe.At(Series("probe_success")) == 0);
  BOOST_TEST(probe.At("probe_failed_due_to{reason=\"auth\",target=\"t\"}") == 1);
  BOOST_TEST(probe.At(Series("probe_ssl_earliest_cert_expiry")) == UnixSeconds(ends));
  BOOST_TEST(!probe.Has(Series("probe_ssl_last_chain_expiry_timestamp_seconds")));
  BOOST_TEST(probe.At("probe_tls_version_info{target=\"t\",version=\"TLS 1.3\"}") == 1);

  Collected careless(Configure, Target(server.url(), "tls_config: {insecure_skip_verify: true}"));
  BOOST_TEST(static_cast<bool>(careless.Collect()));
  BOOST_TEST(careless.At(Series("probe_success")) == 1);
  BOOST_TEST(careless.At(Series("probe_http_ssl")) == 1);
  BOOST_TEST(careless.At(Series("probe_ssl_earliest_cert_expiry")) == UnixSeconds(ends));
}

BOOST_AUTO_TEST_CASE(AHangingTargetCostsTheOthersNothing) {
  const TestServer hanging(Always({"", Then::kHang}));
  const TestServer good(Always(TestServer::Answer(200)));
  Collected probe(Configure, fmt::format("targets: [{{name: a, url: \"{}\"}}, {{name: b, url: "
                                         "\"{}\"}}, {{name: c, url: \"{}\"}}]",
                                         hanging.url(), good.url(), hanging.url()));
  const Attempt attempt = AttemptFor(std::chrono::milliseconds(1500));
  BOOST_TEST(static_cast<bool>(probe.Collect(attempt)));
  BOOST_TEST((std::chrono::steady_clock::now() < attempt.deadline));
  BOOST_TEST(probe.At("probe_success{target=\"a\"}") == 0);
  BOOST_TEST(probe.At("probe_success{target=\"b\"}") == 1);
  BOOST_TEST(probe.At("probe_success{target=\"c\"}") == 0);
  BOOST_TEST(probe.At("probe_failed_due_to{reason=\"timeout\",target=\"a\"}") == 1);
}

BOOST_AUTO_TEST_CASE(IsStoppedAtOnce) {
  std::stop_source stop;
  const TestServer server([&](const TestServer::Request&) {
    stop.request_stop();
    return TestServer::Reply{"", Then::kHang};
  });
  Collected probe(Configure, Target(server.url()));
  BOOST_TEST(!probe.Collect(AttemptFor(seconds(60), stop.get_token())));
}

BOOST_AUTO_TEST_CASE(ProbesWhatIsDiscovered) {
  const TestServer server([](const TestServer::Request& request) {
    return TestServer::Answer(request.line() == "GET /health HTTP/1.1" ? 204 : 404);
  });
  const std::string address = server.url().substr(7);
  const TemporaryFolder folder;
  const auto write = [&](const std::string& targets) {
    std::ofstream(folder.path() / "new.yaml") << targets;
    std::filesystem::rename(folder.path() / "new.yaml", folder.path() / "targets.yaml");
  };
  write("[{targets: [\"" + address + "\"], labels: {target: one}}]");
  Collected probe(Configure, fmt::format(R"(
file_sd_configs: [{{files: ["{}/targets.yaml"]}}]
relabel_configs: [{{target_label: __metrics_path__, replacement: /health}}]
discovered: {{expect: {{status: [204]}}}}
)",
                                         folder.path().string()));
  BOOST_REQUIRE(probe.Collect());
  BOOST_TEST(probe.At("probe_success{target=\"one\"}") == 1);
  BOOST_TEST(probe.Count("probe_success") == 1U);
}

BOOST_AUTO_TEST_CASE(DiscoveredTargetsOfOneNameAreToldApart) {
  const TestServer good(Always(TestServer::Answer(200)));
  const TestServer bad(Always(TestServer::Answer(500)));
  const std::string addresses = "\"" + good.url().substr(7) + "\", \"" + bad.url().substr(7) + "\"";
  const auto success = [](const std::string& name) {
    return "probe_success{target=\"" + name + "\"}";
  };
  // Each is called the same, whichever of them is found first.
  Collected replicas(Configure, fmt::format(R"(
targets: [{{name: listed, url: "{}"}}]
static_configs:
  - {{targets: [{}], labels: {{target: web, __param_key: secret}}}}
  - {{targets: ["{}"], labels: {{target: listed}}}}
  - {{targets: ["127.0.0.1:1"], labels: {{target: alone}}}}
)",
                                            good.url(), addresses, bad.url().substr(7)));
  for (int i = 0; i < 2; ++i) {
    BOOST_REQUIRE(replicas.Collect());
    BOOST_TEST(replicas.At(success("web " + good.url() + "/metrics")) == 1);
    BOOST_TEST(replicas.At(success("web " + bad.url() + "/metrics")) == 0);
    BOOST_TEST(replicas.At(success("listed")) == 1);
    BOOST_TEST(replicas.At(success("listed " + bad.url() + "/metrics")) == 0);
    BOOST_TEST(replicas.At(success("alone")) == 0);
    BOOST_TEST(replicas.Count("probe_success") == 5U);
    BOOST_TEST(replicas.dropped == DropCounts{}, boost::test_tools::per_element());
    BOOST_TEST(replicas.parts.empty());
  }
  BOOST_TEST(replicas.log.Count("probe fails") == 3);
  BOOST_TEST(replicas.log.Count("probe succeeds again") == 0);

  Collected twins(Configure, fmt::format(R"(
static_configs:
  - {{targets: [{0}], labels: {{target: web}}}}
  - {{targets: ["{1}"], labels: {{target: web, group: other}}}}
)",
                                         addresses, good.url().substr(7)));
  BOOST_REQUIRE(twins.Collect());
  BOOST_TEST(twins.Count("probe_success") == 2U);
  BOOST_TEST(twins.dropped == DropCounts{}, boost::test_tools::per_element());
  BOOST_REQUIRE(twins.parts.contains("target names"));
  BOOST_TEST(twins.parts.at("target names")
                 .ends_with("are not probed: 1, such as web " + good.url() + "/metrics"));
}

BOOST_AUTO_TEST_CASE(ATargetThatIsGoneFailsNoMore) {
  const TemporaryFolder folder;
  const auto write = [&](const std::string& targets) {
    std::ofstream(folder.path() / "new.yaml") << targets;
    std::filesystem::rename(folder.path() / "new.yaml", folder.path() / "targets.yaml");
  };
  const std::string dead = "[{targets: [\"127.0.0.1:1\"], labels: {target: a}}]";
  write(dead);
  Collected probe(Configure,
                  "file_sd_configs: [{files: [\"" + folder.path().string() + "/targets.yaml\"]}]");
  BOOST_REQUIRE(probe.Collect());
  BOOST_TEST(probe.log.Count("probe fails") == 1);
  write("[]");
  BOOST_REQUIRE(probe.Collect());
  BOOST_TEST(probe.Count("probe_success") == 0U);
  write(dead);
  BOOST_REQUIRE(probe.Collect());
  BOOST_TEST(probe.log.Count("probe fails") == 2);
}

BOOST_AUTO_TEST_CASE(RefusesWhatMakesNoSense) {
  const struct {
    std::string yaml;
    std::string words;
  } rows[] = {
      {"{}", "expected targets, or a way to discover them"},
      {"targets: [{url: \"http://a/\"}]", "name"},
      {"targets: [{name: a}]", "url"},
      {"targets: [{name: a, url: \"ftp://a/\"}]", "expected a URL"},
      {"targets: [{name: a, url: \"http://u:secret@a/\"}]", "expected no user and password here"},
      {"targets: [{name: a, url: \"http://a/\"}, {name: a, url: \"http://b/\"}]",
       "name: expected another than before"},
      {"targets: [{name: a, url: \"http://a/\", method: get}]", "method: expected a method"},
      {"targets: [{name: a, url: \"http://a/\", timeout: 0s}]", "timeout"},
      {"targets: [{name: a, url: \"http://a/\", values: [{path: \"a.*\", member: b}]}]",
       "member: expected none"},
      {"targets: [{name: a, url: \"http://a/\", expect: {stats: [200]}}]", "did you mean"},
      {"{targets: [{name: a, url: \"http://a/\"}], discovered: {method: HEAD}}",
       "discovered: expected a discovery"},
  };
  for (const auto& row : rows) {
    const std::string problem = collectors::Configure(Configure, row.yaml).problem;
    BOOST_TEST(problem.find(row.words) != std::string::npos, row.yaml + " gives " + problem);
    BOOST_TEST(problem.find("secret") == std::string::npos, problem);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::collectors::http

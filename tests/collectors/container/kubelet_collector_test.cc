#include "collectors/container/kubelet_collector.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/collectors/configured.h"
#include "tests/collectors/snapshot_lines.h"

namespace tocsin::collectors::container {
namespace {

constexpr std::string_view kPage =
    R"(# HELP cadvisor_version_info A metric with a constant '1' value.
# TYPE cadvisor_version_info gauge
cadvisor_version_info{kernelVersion="6.1.0"} 1
# HELP container_cpu_usage_seconds_total Cumulative cpu time consumed in seconds.
# TYPE container_cpu_usage_seconds_total counter
container_cpu_usage_seconds_total{container="",cpu="total",id="/",image="",name="",namespace="",pod=""} 90000 1700000000000
container_cpu_usage_seconds_total{container="",cpu="total",id="/kubepods/pod1",image="",name="",namespace="data",pod="db-0"} 70 1700000000000
container_cpu_usage_seconds_total{container="POD",cpu="total",id="/kubepods/pod1/a",image="pause",name="a",namespace="data",pod="db-0"} 1 1700000000000
container_cpu_usage_seconds_total{container="postgres",cpu="total",id="/kubepods/pod1/b",image="postgres:15",name="b",namespace="data",pod="db-0"} 69 1700000000000
container_cpu_usage_seconds_total{container="postgres",cpu="cpu00",id="/kubepods/pod1/b",image="postgres:15",name="b",namespace="data",pod="db-0"} 30 1700000000000
# HELP container_memory_working_set_bytes Current working set in bytes.
# TYPE container_memory_working_set_bytes gauge
container_memory_working_set_bytes{container="postgres",id="/kubepods/pod1/b",image="postgres:15",name="b",namespace="data",pod="db-0"} 1.048576e+06 1700000000000
# HELP container_spec_memory_limit_bytes Memory limit for the container.
# TYPE container_spec_memory_limit_bytes gauge
container_spec_memory_limit_bytes{container="postgres",id="/kubepods/pod1/b",image="postgres:15",name="b",namespace="data",pod="db-0"} 0
# HELP container_network_receive_bytes_total Cumulative count of bytes received
# TYPE container_network_receive_bytes_total counter
container_network_receive_bytes_total{container="",id="/",interface="eth0",namespace="",pod=""} 5
)";

/// A client that always has the same answer.
class FixedAnswer final : public HttpClient {
 public:
  explicit FixedAnswer(Result<HttpAnswer> answer) : answer_(std::move(answer)) {}
  Result<HttpAnswer> Send(const OutgoingRequest& /*request*/, std::stop_token /*stop*/) override {
    return answer_;
  }

 private:
  const Result<HttpAnswer> answer_;
};

CollectedLines CollectFrom(const Result<HttpAnswer>& answer) {
  KubeletCollector collector(
      {.url = "https://node:10250/metrics/cadvisor", .settings = {}},
      [&](const HttpSettings&) { return std::make_unique<FixedAnswer>(answer); });
  return CollectOnce(collector);
}

HttpAnswer PageAnswer(std::string_view body, int status = 200,
                      const std::string& type = "text/plain; version=0.0.4; charset=utf-8") {
  return {.status = status, .headers = {{"Content-Type", type}}, .body = std::string(body)};
}

BOOST_AUTO_TEST_SUITE(kubelet_collector_test)

BOOST_AUTO_TEST_CASE(OnlyContainersAreShown) {
  const CollectedLines collected = CollectFrom(PageAnswer(kPage));
  BOOST_TEST(bool(collected.status));
  BOOST_TEST(collected.parts.empty());
  const std::string labels =
      "id=\"/kubepods/pod1/b\",image=\"postgres:15\",name=\"b\",namespace=\"data\",pod=\"db-0\"}";
  const SnapshotLines expected = {
      {"container_cpu_usage_seconds_total{container=\"postgres\",cpu=\"total\"," + labels, 69},
      {"container_memory_working_set_bytes{container=\"postgres\"," + labels, 1048576},
      {"container_spec_memory_limit_bytes{container=\"postgres\"," + labels, 0},
  };
  BOOST_TEST((collected.lines == expected));
}

BOOST_AUTO_TEST_CASE(AnswersThatAreNoPageFailTheCollection) {
  struct Row {
    std::string name;
    Result<HttpAnswer> answer;
    ErrorCode code;
  };
  const std::vector<Row> table = {
      {"no connection", Error{ErrorCode::kUnavailable, "refused"}, ErrorCode::kUnavailable},
      {"late", Error{ErrorCode::kTimeout, "late"}, ErrorCode::kTimeout},
      {"no token", PageAnswer("Unauthorized", 401), ErrorCode::kDenied},
      {"no right", PageAnswer("Forbidden", 403), ErrorCode::kDenied},
      {"in trouble", PageAnswer("", 500), ErrorCode::kUnavailable},
      {"HTML", PageAnswer("<html></html>", 200, "text/html"), ErrorCode::kCorrupt},
      {"HTML that claims to be text", PageAnswer("<html></html>"), ErrorCode::kCorrupt},
  };
  for (const Row& row : table) {
    BOOST_TEST_CONTEXT(row.name) {
      const CollectedLines collected = CollectFrom(row.answer);
      BOOST_REQUIRE(!collected.status);
      BOOST_TEST((collected.status.error().code == row.code));
      BOOST_TEST(collected.lines.empty());
    }
  }
}

BOOST_AUTO_TEST_CASE(APageWithABadLineIsShownAndReported) {
  std::string page(kPage);
  page += "container_processes{container=\n";
  const CollectedLines collected = CollectFrom(PageAnswer(page));
  BOOST_TEST(bool(collected.status));
  BOOST_TEST(collected.parts.contains("page"));
  BOOST_TEST(collected.lines.size() == 3U);
}

BOOST_AUTO_TEST_CASE(MistakesInOptionsAreReported) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"", ""},
      {"kubelet: {url: 'https://node:10250/metrics/cadvisor'}", ""},
      {"kubelet: {}", "test.yaml:1:10: \"url\" is required"},
      {"{kubelet: {url: 'https://node:10250/metrics/cadvisor'}, groups_include: x}",
       "test.yaml:1:73: groups_include: with a kubelet, no control groups are read"},
      {"groups_include: '['",
       "test.yaml:1:17: groups_include: expected a regular expression: missing ]: [)$"},
      {"names: {/system.slice/a.service: a, 4bd1a7a1c9a5: b}", ""},
      {"names: {web: a}",
       "test.yaml:1:9: names: expected the path of a control group, or 12 to 64 digits (0-9, a-f) "
       "of a container's id"},
      {"names: {4BD1A7A1C9A5: a}",
       "test.yaml:1:9: names: expected the path of a control group, or 12 to 64 digits (0-9, a-f) "
       "of a container's id"},
      {"names: {4bd1a7a1c9a: a}",
       "test.yaml:1:9: names: expected the path of a control group, or 12 to 64 digits (0-9, a-f) "
       "of a container's id"},
      {"max_containers: 0",
       "test.yaml:1:17: max_containers: expected a whole number from 1 to 50000, got \"0\""},
  };
  for (const auto& [options, problems] : table) {
    BOOST_TEST_CONTEXT("options '" << options << "'") {
      BOOST_TEST(Configured("container", options).problems() == problems);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::collectors::container

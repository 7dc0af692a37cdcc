#include "exporter/generate/monitor.h"

#include <chrono>
#include <string>

#include <boost/test/unit_test.hpp>

namespace tocsin::generate {
namespace {

using std::chrono::seconds;

BOOST_AUTO_TEST_SUITE(monitor_test)

BOOST_AUTO_TEST_CASE(DefaultsLeaveTimesToPrometheus) {
  const auto files = GenerateMonitor({});
  BOOST_REQUIRE(files && files->size() == 1);
  BOOST_TEST(files->front().path == "servicemonitor.yaml");
  BOOST_TEST(files->front().text == R"(# Written by `tocsin generate servicemonitor`.
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: tocsin
  labels:
    app.kubernetes.io/name: tocsin
spec:
  jobLabel: app.kubernetes.io/name
  selector:
    matchLabels:
      app.kubernetes.io/name: tocsin
  endpoints:
    - port: metrics
      path: /metrics
      honorLabels: true
)");
}

BOOST_AUTO_TEST_CASE(EveryOptionIsInTheObject) {
  MonitorOptions options;
  options.kind = MonitorOptions::Kind::kPod;
  options.meta = {"pager", "monitoring", {{"release", "stack"}}};
  options.target_namespaces = {"data", "ops"};
  options.selector = {{"app", "tocsin"}};
  options.port = "http-metrics";
  options.path = "/federate";
  options.interval = seconds(90);
  options.scrape_timeout = seconds(10);
  const auto files = GenerateMonitor(options);
  BOOST_REQUIRE(files && files->size() == 1);
  BOOST_TEST(files->front().path == "podmonitor.yaml");
  BOOST_TEST(files->front().text == R"(# Written by `tocsin generate podmonitor`.
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata:
  name: pager
  namespace: monitoring
  labels:
    app.kubernetes.io/name: tocsin
    release: stack
spec:
  jobLabel: app.kubernetes.io/name
  selector:
    matchLabels:
      app: tocsin
  namespaceSelector:
    matchNames:
      - data
      - ops
  podMetricsEndpoints:
    - port: http-metrics
      path: /federate
      interval: 1m30s
      scrapeTimeout: 10s
      honorLabels: true
)");
}

BOOST_AUTO_TEST_CASE(WhatWouldBeRefusedIsRefused) {
  struct Row {
    const char* what;
    void (*change)(MonitorOptions&);
    std::string expected;  ///< What the error begins with.
  };
  const Row rows[] = {
      {"number", [](auto& o) { o.port = "10061"; }, "--port: expected the name of a port"},
      {"long port", [](auto& o) { o.port = "sixteenletterss-"; }, "--port: expected"},
      {"path", [](auto& o) { o.path = "metrics"; }, "--path: expected a path"},
      {"name", [](auto& o) { o.meta.name = "A"; }, "--name: 'A' cannot be"},
      {"namespace", [](auto& o) { o.meta.space = "a_b"; }, "'a_b' cannot be a namespace"},
      {"target", [](auto& o) { o.target_namespaces = {""}; }, "'' cannot be a namespace"},
      {"selector",
       [](auto& o) {
         o.selector = {{"", "x"}};
       },
       "--selector-label: '' cannot be"},
      {"no time", [](auto& o) { o.interval = seconds(0); }, "--interval: expected more than 0"},
      {"timeout",
       [](auto& o) {
         o.interval = seconds(10);
         o.scrape_timeout = seconds(11);
       },
       "--scrape-timeout: is longer than --interval"},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.what) {
      MonitorOptions options;
      row.change(options);
      const auto files = GenerateMonitor(options);
      BOOST_REQUIRE(!files);
      BOOST_TEST(files.error().message.starts_with(row.expected), files.error().message);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::generate

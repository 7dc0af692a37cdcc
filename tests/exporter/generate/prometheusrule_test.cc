#include "exporter/generate/prometheusrule.h"

#include <string>

#include <boost/test/unit_test.hpp>

namespace tocsin::generate {
namespace {

constexpr EmbeddedFile kPacks[] = {{"a.yaml", R"(groups:
  - name: a
    rules:
      - alert: AHigh
        expr: |
          a
            > 5
        for: 5m
)"}};

BOOST_AUTO_TEST_SUITE(prometheusrule_test)

BOOST_AUTO_TEST_CASE(APackIsAnObject) {
  PrometheusRuleOptions options;
  options.name_prefix = "x-";
  options.space = "monitoring";
  options.labels = {{"release", "stack"}, {"example.org/tier", "1"}};
  options.rules.edits.labels = {{"team", "data"}};
  const auto files = GeneratePrometheusRules(kPacks, options);
  BOOST_REQUIRE(files && files->size() == 1);
  BOOST_TEST(files->front().path == "a.yaml");
  BOOST_TEST(files->front().text == R"(# Written by `tocsin generate prometheusrule`.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: x-a
  namespace: monitoring
  labels:
    app.kubernetes.io/name: tocsin
    release: stack
    example.org/tier: "1"
spec:
  groups:
    - name: a
      rules:
        - alert: AHigh
          expr: |
            a
              > 5
          for: 5m
          labels:
            team: data
)");
}

BOOST_AUTO_TEST_CASE(DefaultsNameNoNamespace) {
  const auto files = GeneratePrometheusRules(kPacks, {});
  BOOST_REQUIRE(files);
  const std::string& text = files->front().text;
  BOOST_TEST(text.find("  name: tocsin-a\n  labels:\n    app.kubernetes.io/name: tocsin\nspec:") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(WhatKubernetesRefusesIsRefused) {
  struct Row {
    const char* what;
    void (*change)(PrometheusRuleOptions&);
    std::string expected;
  };
  const Row rows[] = {
      {"namespace", [](auto& o) { o.space = "Upper"; },
       "--namespace: 'Upper' cannot be a namespace in Kubernetes"},
      {"dots", [](auto& o) { o.space = "a.b"; },
       "--namespace: 'a.b' cannot be a namespace in Kubernetes"},
      {"prefix", [](auto& o) { o.name_prefix = "-x"; },
       "--name-prefix: '-xa' cannot be the name of an object in Kubernetes"},
      {"label",
       [](auto& o) {
         o.labels = {{"a b", "c"}};
       },
       "--metadata-label: 'a b' cannot be the name of a label in Kubernetes"},
      {"two slashes",
       [](auto& o) {
         o.labels = {{"a/b/c", "c"}};
       },
       "--metadata-label: 'a/b/c' cannot be the name of a label in Kubernetes"},
      {"value",
       [](auto& o) {
         o.labels = {{"a", "-c"}};
       },
       "--metadata-label: '-c' cannot be the value of a label in Kubernetes"},
      {"long value",
       [](auto& o) {
         o.labels = {{"a", std::string(64, 'c')}};
       },
       "--metadata-label: '" + std::string(64, 'c') +
           "' cannot be the value of a label in Kubernetes"},
      {"pack", [](auto& o) { o.rules.packs = {"b"}; }, "no pack is called 'b'"},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.what) {
      PrometheusRuleOptions options;
      row.change(options);
      const auto files = GeneratePrometheusRules(kPacks, options);
      BOOST_REQUIRE(!files);
      BOOST_TEST(files.error().message == row.expected);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::generate

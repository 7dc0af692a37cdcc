#include "rules/unit_test/test_file.h"

#include <cmath>
#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

namespace tocsin::unit_test {
namespace {

TestFile Parse(std::string_view text, bool ignore_unknown_fields = false) {
  Diagnostics diagnostics("t.yml");
  TestFile file = ParseTestFile(text, ignore_unknown_fields, diagnostics);
  BOOST_TEST(diagnostics.Text() == "");
  return file;
}

std::string MistakesOf(std::string_view text) {
  Diagnostics diagnostics("t.yml");
  ParseTestFile(text, false, diagnostics);
  return diagnostics.Text();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(test_file_test)

BOOST_AUTO_TEST_CASE(EveryFieldIsRead) {
  const TestFile file = Parse(R"(
rule_files: [a.yml, "b/*.yml"]
evaluation_interval: 30s
group_eval_order: [g, h]
fuzzy_compare: true
tests:
  - name: one
    interval: 15s
    start_timestamp: 2026-01-01T00:00:00Z
    input_series:
      - series: up{job="a"}
        values: 1 _ 0x2 stale
    alert_rule_test:
      - eval_time: 1m
        alertname: Down
        exp_alerts:
          - exp_labels: {severity: page, job: a}
            exp_annotations: {summary: x}
      - eval_time: 2m
        alertname: Down
        state: pending
        exp_alerts:
          - exp_labels_subset: {job: a}
            exp_annotations_subset: {}
    promql_expr_test:
      - expr: up
        eval_time: 90s
        exp_samples:
          - labels: up{job="a"}
            value: 1.5e1
          - {labels: '{}', value: .nan}
          - {value: -.inf}
    external_labels: {cluster: c}
    external_url: http://x
)");
  BOOST_TEST(file.rule_files.size() == 2);
  BOOST_TEST(file.evaluation_interval.count() == 30'000);
  BOOST_TEST(file.group_eval_order.size() == 2);
  BOOST_TEST(file.fuzzy_compare);
  BOOST_REQUIRE(file.tests.size() == 1);
  const TestGroup& test = file.tests[0];
  BOOST_TEST(test.name == "one");
  BOOST_TEST(test.interval.count() == 15'000);
  BOOST_TEST(test.start == 1'767'225'600'000);
  BOOST_REQUIRE(test.input.size() == 1);
  BOOST_TEST(test.input[0].labels.ToString() == "up{job=\"a\"}");
  BOOST_TEST(test.input[0].values.size() == 6);
  BOOST_REQUIRE(test.alert_tests.size() == 2);
  BOOST_REQUIRE(test.alert_tests[0].alerts.size() == 1);
  const TextMap labels = {{"alertname", "Down"}, {"job", "a"}, {"severity", "page"}};
  BOOST_CHECK(test.alert_tests[0].alerts[0].labels == labels);
  BOOST_TEST(!test.alert_tests[0].alerts[0].labels_subset);
  BOOST_CHECK(test.alert_tests[1].state == AlertState::kPending);
  BOOST_TEST(test.alert_tests[1].alerts[0].labels_subset);
  BOOST_TEST(test.alert_tests[1].alerts[0].annotations_subset);
  BOOST_REQUIRE(test.expr_tests.size() == 1);
  BOOST_REQUIRE(test.expr_tests[0].samples.size() == 3);
  BOOST_TEST(test.expr_tests[0].samples[0].value == 15);
  BOOST_TEST(std::isnan(test.expr_tests[0].samples[1].value));
  BOOST_TEST(std::isinf(test.expr_tests[0].samples[2].value));
  BOOST_TEST(test.external_labels.ToString() == "{cluster=\"c\"}");
  BOOST_TEST(test.Length().count() == 120'000);
}

BOOST_AUTO_TEST_CASE(WhatIsMissingHasPrometheusDefaults) {
  const TestFile file = Parse("rule_files: [a.yml]\nevaluation_interval: 2m\ntests:\n  - {}\n");
  BOOST_TEST(file.tests[0].interval.count() == 120'000);
  BOOST_TEST(file.tests[0].start == 0);
  BOOST_TEST(Parse("{}").evaluation_interval.count() == 60'000);
}

BOOST_AUTO_TEST_CASE(MistakesAreNamedWithTheirPlaces) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"test: []", "t.yml:1:1: unknown key \"test\""},
      {"tests: [{interval: x}]", "t.yml:1:20: "},
      {"tests: [{start_timestamp: soon}]", "expected Unix seconds or RFC 3339"},
      {"tests: [{input_series: [{series: 'up{', values: 1}]}]", "t.yml:1:34: "},
      {"tests: [{input_series: [{series: up, values: 1 x}]}]", "t.yml:1:46: "},
      {"tests: [{input_series: [{series: up, values: '{{schema:1}}'}]}]", "native histograms"},
      {"tests: [{alert_rule_test: [{eval_time: 1m}]}]", "misses the required key alertname"},
      {"tests: [{alert_rule_test: [{alertname: A, state: off}]}]", "expected firing or pending"},
      {"tests: [{alert_rule_test: [{alertname: A, exp_alerts: [{exp_labels: {a: b}, "
       "exp_labels_subset: {a: b}}]}]}]",
       "expected one of the two"},
      {"tests: [{promql_expr_test: [{expr: up, exp_samples: [{value: one}]}]}]",
       "expected a number"},
  };
  for (const auto& [text, mistake] : cases) {
    const std::string mistakes = MistakesOf(text);
    BOOST_TEST(mistakes.find(mistake) != std::string::npos, text << ": " << mistakes);
  }
}

BOOST_AUTO_TEST_CASE(UnknownFieldsCanBeIgnored) {
  BOOST_TEST(Parse("{tests: [{x: 1}], y: 2}", true).tests.size() == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::unit_test

#include "rules/unit_test/test_run.h"

#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

namespace tocsin::unit_test {
namespace {

constexpr std::string_view kRules = R"(
groups:
  - name: second
    rules:
      - alert: Down
        expr: job:up:min == 0
        for: 2m
        labels: {severity: page}
        annotations: {summary: "{{ $labels.job }} is down in {{ $externalLabels.cluster }}"}
  - name: first
    rules:
      - record: job:up:min
        expr: min by (job) (up)
)";

/// What fails in the only test of a file whose tests are `tests`.
std::string Failures(std::string_view tests, std::string_view head = "",
                     std::string_view rules = kRules,
                     const std::vector<RulePolicy>& policies = {}) {
  Diagnostics diagnostics("t.yml");
  const TestFile file =
      ParseTestFile(std::string(head) + "\ntests:\n" + std::string(tests), false, diagnostics);
  std::vector<std::string> warnings;
  const std::vector<RuleGroup> groups = ParseRuleFile(rules, "r.yml", {}, diagnostics, warnings);
  BOOST_TEST(diagnostics.Text() == "");
  BOOST_REQUIRE(file.tests.size() == 1);
  Coverage coverage;
  std::string text;
  for (const Failure& failure :
       RunTest(file.tests[0], file, ApplyPolicies(groups, policies), {}, coverage).failures) {
    text += failure.ToString() + "\n";
  }
  return text;
}

constexpr std::string_view kOrder = "group_eval_order: [first, second]";
constexpr std::string_view kInput = R"(
  - input_series:
      - {series: 'up{job="a",instance="1"}', values: 1 0x10}
      - {series: 'up{job="b",instance="1"}', values: 1x10}
    external_labels: {cluster: c}
)";

std::string Alerts(std::string_view cases) {
  return std::string(kInput) + "    alert_rule_test:\n" + std::string(cases);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(test_run_test)

BOOST_AUTO_TEST_CASE(AnAlertFiresWhenItsTimeHasCome) {
  BOOST_TEST(Failures(Alerts(R"(
      - {eval_time: 2m, alertname: Down}
      - eval_time: 3m59s
        alertname: Down
        exp_alerts:
          - exp_labels: {severity: page, job: a}
            exp_annotations: {summary: a is down in c}
)"),
                      kOrder) == "");
}

BOOST_AUTO_TEST_CASE(WhatDiffersIsShownAsPromtoolShowsIt) {
  BOOST_TEST(Failures(Alerts("      - {eval_time: 3m, alertname: Down}\n"), kOrder) ==
             "    alertname: Down, time: 3m, \n"
             "        exp:[], \n"
             "        got:[\n"
             "            0:\n"
             "              Labels:{alertname=\"Down\", job=\"a\", severity=\"page\"}\n"
             "              Annotations:{summary=\"a is down in c\"}\n"
             "            ]\n");
}

BOOST_AUTO_TEST_CASE(GroupsAreEvaluatedInTheOrderThatIsAskedFor) {
  // The other way round, the alert sees each minimum one evaluation later.
  const std::string at_3m = Alerts("      - {eval_time: 3m, alertname: Down}\n");
  BOOST_TEST(Failures(at_3m, "group_eval_order: [second, first]") == "");
  BOOST_TEST(Failures(at_3m, kOrder) != "");
}

BOOST_AUTO_TEST_CASE(PendingAlertsAndSubsetsCanBeExpected) {
  BOOST_TEST(Failures(Alerts(R"(
      - eval_time: 1m
        alertname: Down
        state: pending
        exp_alerts:
          - {exp_labels_subset: {job: a}, exp_annotations_subset: {}}
      - {eval_time: 3m, alertname: Down, state: pending}
)"),
                      kOrder) == "");
}

BOOST_AUTO_TEST_CASE(PoliciesApply) {
  RulePolicy policy;
  policy.hold = std::chrono::minutes(4);
  policy.resolve_expr = "vector(0) > 1";  // Never.
  const std::string held = Alerts("      - {eval_time: 3m, alertname: Down}\n");
  BOOST_TEST(Failures(held, kOrder) != "");
  BOOST_TEST(Failures(held, kOrder, kRules, {policy}) == "");
  const std::string back = R"(
  - input_series:
      - {series: 'up{job="a"}', values: 0x6 1x4}
    alert_rule_test:
      - {eval_time: 9m, alertname: Down, exp_alerts: [{exp_labels_subset: {job: a}, exp_annotations_subset: {}}]}
)";
  BOOST_TEST(Failures(back, kOrder) != "");
  BOOST_TEST(Failures(back, kOrder, kRules, {policy}) == "");
}

BOOST_AUTO_TEST_CASE(ExpressionsSeeAllThatWasWritten) {
  const std::string tests = std::string(kInput) + R"(
    promql_expr_test:
      - expr: job:up:min
        eval_time: 4m
        exp_samples:
          - {labels: 'job:up:min{job="b"}', value: 1}
          - {labels: 'job:up:min{job="a"}', value: 0}
      - {expr: 1 + 1, exp_samples: [{value: 2}]}
      - expr: ALERTS
        eval_time: 3m
        exp_samples:
          - labels: ALERTS{alertname="Down",alertstate="firing",job="a",severity="page"}
            value: 1
)";
  BOOST_TEST(Failures(tests, kOrder) == "");
}

BOOST_AUTO_TEST_CASE(ExpressionsThatGiveSomethingElseAreShown) {
  const std::string tests = std::string(kInput) + R"(
    promql_expr_test:
      - {expr: count(up), eval_time: 1m, exp_samples: [{value: 3}]}
      - {expr: sum(up, exp_samples: []}
      - {expr: 'up[1m]', exp_samples: []}
      - {expr: up, exp_samples: [{labels: 'up{'}]}
)";
  const std::string failures = Failures(tests, kOrder);
  BOOST_TEST(failures.starts_with("    expr: \"count(up)\", time: 1m,\n        exp:"), failures);
  for (const std::string_view part :
       {"{} 3", "{} 2", "err: 1:7: parse error", "rule result is not a vector or scalar",
        "err: labels \"up{\": "}) {
    BOOST_TEST(failures.find(part) != std::string::npos, part << " in " << failures);
  }
}

BOOST_AUTO_TEST_CASE(AValueMayBeOneUnitOffOnlyWhenItIsAllowed) {
  const std::string tests = std::string(kInput) + R"(
    promql_expr_test:
      - {expr: 0.1 + 0.2, exp_samples: [{value: 0.3}]}
)";
  BOOST_TEST(Failures(tests) != "");
  BOOST_TEST(Failures(tests, "fuzzy_compare: true") == "");
}

BOOST_AUTO_TEST_CASE(ARuleThatFailsEndsTheTest) {
  constexpr std::string_view kBad = R"(
groups:
  - name: g
    rules:
      - {record: x, expr: "up * on (job) up"}
)";
  const std::string failures = Failures(R"(
  - input_series:
      - {series: 'up{job="a",instance="1"}', values: 1x3}
      - {series: 'up{job="a",instance="2"}', values: 1x3}
    promql_expr_test:
      - {expr: up, eval_time: 3m}
)",
                                        "", kBad);
  BOOST_TEST(failures.starts_with("    rule: x, time: 0s, err: "), failures);
  BOOST_TEST(failures.find("expr:") == std::string::npos, failures);
}

BOOST_AUTO_TEST_CASE(AStartMovesEverything) {
  BOOST_TEST(Failures(R"(
  - start_timestamp: 1000
    input_series:
      - {series: up, values: 0+1x10}
    promql_expr_test:
      - {expr: time(), eval_time: 1m, exp_samples: [{value: 1060}]}
      - {expr: up, eval_time: 2m, exp_samples: [{labels: up, value: 2}]}
      - {expr: timestamp(up), eval_time: 2m30s, exp_samples: [{value: 1120}]}
)") == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::unit_test

#include "rules/rule_policy.h"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace tocsin {
namespace {

struct Read {
  std::vector<RulePolicy> policies;
  std::string mistakes;
};

/// Reads a list of policies.
Read ReadText(std::string_view yaml) {
  Read read;
  Diagnostics diagnostics("f");
  const auto root = ParseYaml(yaml, diagnostics);
  BOOST_TEST_REQUIRE(root.has_value());
  read.policies = ReadRulePolicies(root->items, {}, diagnostics);
  read.mistakes = diagnostics.Text();
  return read;
}

Rule Alert(std::string name, TextMap labels = {}) {
  Rule rule;
  rule.name = std::move(name);
  rule.expr = "up == 0";
  rule.labels = std::move(labels);
  rule.annotations = {{"summary", "down"}};
  return rule;
}

BOOST_AUTO_TEST_SUITE(rule_policy_test)

BOOST_AUTO_TEST_CASE(EveryKeyIsRead) {
  const Read read = ReadText(R"(
- alert: Down
  matchers: ['severity=~"page|warn"', 'team!="a"']
  on_missing: keep
  evaluations: 3
  resolve_expr: up > 0
  for: 10m
  keep_firing_for: 0s
  labels: {severity: '', a: b}
  annotations: {summary: x}
  expr: up < 1
  enabled: false
)");
  BOOST_TEST_REQUIRE(read.mistakes == "");
  BOOST_TEST_REQUIRE(read.policies.size() == 1U);
  const RulePolicy& policy = read.policies[0];
  BOOST_TEST_REQUIRE(policy.matchers.size() == 3U);
  BOOST_TEST(policy.matchers[0].ToString() == "alertname=\"Down\"");
  BOOST_TEST(policy.matchers[1].ToString() == "severity=~\"page|warn\"");
  BOOST_TEST((policy.on_missing == RulePolicy::OnMissing::kKeep));
  BOOST_TEST(policy.evaluations == 3U);
  BOOST_TEST(policy.resolve_expr.value() == "up > 0");
  BOOST_TEST((policy.hold == std::chrono::minutes(10)));
  BOOST_TEST((policy.keep_firing_for == Duration{0}));
  BOOST_TEST((policy.labels == TextMap{{"a", "b"}, {"severity", ""}}));
  BOOST_TEST((policy.annotations == TextMap{{"summary", "x"}}));
  BOOST_TEST(policy.expr.value() == "up < 1");
  BOOST_TEST(!policy.enabled);
}

BOOST_AUTO_TEST_CASE(MistakesAreReportedAtTheirPlaces) {
  struct Row {
    std::string_view name;
    std::string_view yaml;
    std::string_view mistakes;
  };
  const std::vector<Row> rows = {
      {"ForWhom", "- on_missing: keep", "f:1:3: expected \"alert\" or \"matchers\""},
      {"NoAlert", "- alert: ''", "f:1:10: alert: expected the name of an alert"},
      {"Matcher", "- matchers: [severity]",
       "f:1:13: matchers: expected a matcher such as severity=\"page\", got 'severity'"},
      {"MatcherOfName", "- matchers: ['\"up\"']",
       "f:1:13: matchers: expected a matcher such as severity=\"page\", got '\"up\"'"},
      {"Word", "- {alert: A, on_missing: stay}",
       "f:1:26: on_missing: expected resolve, keep or fire"},
      {"Evaluations", "- {alert: A, evaluations: 3}",
       "f:1:27: evaluations: goes with on_missing: keep or on_missing: fire"},
      {"FireAtOnce", "- {alert: A, on_missing: fire, evaluations: 0}",
       "f:1:45: evaluations: expected a whole number from 1 to 4294967295, got \"0\""},
      {"Expression", "- {alert: A, expr: 'sum('}",
       "f:1:20: expr: 1:5: parse error: unclosed left parenthesis"},
      {"ResolveExpression", "- {alert: A, resolve_expr: ''}",
       "f:1:28: resolve_expr: unknown position: parse error: no expression found in input"},
      {"AlertName", "- {alert: A, labels: {alertname: b}}",
       "f:1:22: labels: \"alertname\" cannot be set"},
      {"Key", "- {alert: A, form: 1m}", "f:1:14: unknown key \"form\" (did you mean \"for\"?)"},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.name) {
      const Read read = ReadText(row.yaml);
      BOOST_TEST(read.mistakes == row.mistakes);
      BOOST_TEST(read.policies.empty());
    }
  }
}

BOOST_AUTO_TEST_CASE(PoliciesAreForTheRulesThatMatch) {
  struct Row {
    std::string_view name;
    std::string_view matcher;
    bool matches;
  };
  const Rule rule = Alert("Down", {{"severity", "page"}, {"where", "{{ $labels.job }}"}});
  for (const Row& row : std::vector<Row>{
           {"Name", "alertname=~\"D.*\"", true},
           {"OtherName", "alertname=\"Up\"", false},
           {"Label", "severity=\"page\"", true},
           {"OtherLabel", "severity!=\"page\"", false},
           {"MissingLabel", "team=\"\"", true},
           {"TemplateIsMissing", "where=~\".+\"", false},
       }) {
    BOOST_TEST_CONTEXT(row.name) {
      const Read read =
          ReadText("- {matchers: ['" + std::string(row.matcher) + "'], expr: 'vector(1)'}");
      BOOST_TEST_REQUIRE(read.mistakes == "");
      BOOST_TEST((ApplyPolicies(rule, read.policies).rule.expr == "vector(1)") == row.matches);
    }
  }
  Rule recording = rule;
  recording.kind = Rule::Kind::kRecording;
  const Read all = ReadText("- {matchers: [], expr: 'vector(1)'}");
  BOOST_TEST(ApplyPolicies(rule, all.policies).rule.expr == "vector(1)");
  BOOST_TEST(ApplyPolicies(recording, all.policies).rule.expr == "up == 0");
}

BOOST_AUTO_TEST_CASE(LaterPoliciesWinFieldByField) {
  const Read read = ReadText(R"(
- {alert: Down, on_missing: keep, evaluations: 2, for: 1m, expr: up < 1, enabled: false}
- {alert: Down, for: 2m, labels: {severity: warn, team: ''}, annotations: {runbook: x}}
- {alert: Down, on_missing: resolve, enabled: true}
- {matchers: ['severity="warn"'], for: 9m}
)");
  BOOST_TEST_REQUIRE(read.mistakes == "");
  const Rule rule = Alert("Down", {{"severity", "page"}, {"team", "a"}});
  const EffectiveRule effective = ApplyPolicies(rule, read.policies);
  BOOST_TEST((effective.policy.on_missing == RulePolicy::OnMissing::kResolve));
  BOOST_TEST(effective.policy.evaluations == 0U);
  BOOST_TEST(effective.policy.enabled);
  BOOST_TEST((effective.rule.hold == std::chrono::minutes(2)));
  BOOST_TEST(effective.rule.expr == "up < 1");
  BOOST_TEST((effective.rule.labels == TextMap{{"severity", "warn"}}));
  BOOST_TEST((effective.rule.annotations == TextMap{{"runbook", "x"}, {"summary", "down"}}));
}

BOOST_AUTO_TEST_CASE(PoliciesWithoutARuleAreFound) {
  RuleGroup group;
  group.rules = {Alert("A")};
  const Read read = ReadText("- {alert: A, for: 1m}\n- {alert: Aa, for: 1m}\n");
  const std::vector<YamlPlace> unused = UnusedPolicies({group}, read.policies);
  BOOST_TEST_REQUIRE(unused.size() == 1U);
  BOOST_TEST(unused[0].line == 2);
}

BOOST_AUTO_TEST_CASE(DisabledRulesAreLeftOut) {
  RuleGroup group;
  group.rules = {Alert("A"), Alert("B"), Alert("C")};
  const Read read = ReadText("- {alert: B, enabled: false}\n- {alert: C, on_missing: fire}\n");
  const std::vector<EffectiveGroup> groups = ApplyPolicies({group}, read.policies);
  BOOST_TEST_REQUIRE(groups.size() == 1U);
  BOOST_TEST_REQUIRE(groups[0].group.rules.size() == 2U);
  BOOST_TEST_REQUIRE(groups[0].policies.size() == 2U);
  BOOST_TEST(groups[0].group.rules[1].name == "C");
  BOOST_TEST((groups[0].policies[1].on_missing == RulePolicy::OnMissing::kFire));
  BOOST_TEST(groups[0].policies[1].evaluations == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin

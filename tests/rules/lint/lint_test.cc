#include "rules/lint/lint.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace tocsin::lint {
namespace {

File Load(std::string name, std::string text) {
  Diagnostics diagnostics(name);
  std::vector<std::string> warnings;
  File file{std::move(name), std::move(text), {}};
  file.groups = ParseRuleFile(file.text, file.name, {.experimental = true}, diagnostics, warnings);
  BOOST_TEST_REQUIRE(diagnostics.Text() == "");
  return file;
}

Options Checking(std::string check) {
  return {.checks = {std::move(check)},
          .file = {.experimental = true},
          .scrape_interval = std::nullopt};
}

std::string Found(const std::vector<File>& files, const Options& options) {
  std::string found;
  for (const Finding& finding : Lint(files, options)) found += finding.ToString() + "\n";
  return found;
}

/// What one check says about a file, without what is always the same.
std::string Found(const std::string& check, const std::string& yaml) {
  std::string found = Found({Load("f", yaml)}, Checking(check));
  if (!found.empty()) found.pop_back();
  return found;
}

/// A file with one rule, whose expression begins in line 4, column 18.
std::string Alert(const std::string& expr, const std::string& rest = "") {
  return "groups:\n- name: g\n  rules:\n  - {  expr:    '" + expr + "', alert: A" + rest + "}\n";
}

struct Row {
  std::string name;
  std::string yaml;
  std::string found;  ///< Without the file, and the group and rule; empty: nothing.
};

void Check(const std::string& check, const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.name) {
      std::string found = Found(check, row.yaml);
      const std::string ending = " (" + check + ")";
      if (found.ends_with(ending)) found.resize(found.size() - ending.size());
      const std::string rule = "group \"g\", rule 1, \"A\": ";
      if (const auto at = found.find(rule); at != found.npos) found.erase(at, rule.size());
      BOOST_TEST(found == (row.found.empty() ? "" : "f:" + row.found));
    }
  }
}

BOOST_AUTO_TEST_SUITE(lint_test)

BOOST_AUTO_TEST_CASE(AlertsNeedACondition) {
  constexpr const char* kAlways =
      "4:18: warning: there is no condition, so it fires as long as there are series";
  Check("alerts/comparison",
        {
            {"Series", Alert("up"), kAlways},
            {"Rate", Alert("rate(x_total[5m]) * 100"), kAlways},
            {"SumOfSeries", Alert("sum(up)"), kAlways},
            {"OrWithout", Alert("x > 1 or y"), kAlways},
            {"And", Alert("x and y"), kAlways},
            {"Scalar", Alert("scalar(x > 1)"), kAlways},
            {"InfoOfAll", Alert("x_info"), kAlways},
            {"Info", Alert("x_info{state=\"bad\"}"), ""},
            {"Bool", Alert("x > bool 1"),
             "4:18: warning: a comparison with bool gives 0 or 1, and both fire; remove bool"},
            {"BoolWithin", Alert("sum(x > bool 1)"), kAlways},
            {"Comparison", Alert("x > 1"), ""},
            {"ComparisonWithin", Alert("sum by (a) (x == 0) / 2"), ""},
            {"Absent", Alert("absent(x)"), ""},
            {"AbsentAndTime", Alert("absent(x) and on () hour() > 5"), ""},
            {"Unless", Alert("x unless y"), ""},
            {"AndCondition", Alert("x and on (a) y > 1"), ""},
            {"Watchdog", Alert("vector(1)"), ""},
            {"OtherAlerts", Alert("ALERTS{alertname=\"B\"}"), ""},
        });
}

BOOST_AUTO_TEST_CASE(ForIsNotShorterThanTheInterval) {
  const auto in_group = [](const std::string& interval, const std::string& rest) {
    return "groups:\n- name: g\n  " + interval + "\n  rules:\n  - {alert: A, expr: up > 0, " +
           rest + "}\n";
  };
  Check("alerts/for",
        {
            {"Unknown", in_group("", "for: 1s"), ""},
            {"None", in_group("interval: 1m", "for: 0s"), ""},
            {"Long", in_group("interval: 1m", "for: 1m, keep_firing_for: 5m"), ""},
            {"Short", in_group("interval: 1m", "for: 30s"),
             "5:5: warning: for: 30s is shorter than the group's interval, 1m, so it lasts as "
             "long as that"},
            {"ShortKeep", in_group("interval: 1m", "keep_firing_for: 30s"),
             "5:5: warning: keep_firing_for: 30s is shorter than the group's interval, 1m, so it "
             "lasts as long as that"},
        });
}

BOOST_AUTO_TEST_CASE(TemplatesUseLabelsThatAreThere) {
  const auto with = [](const std::string& expr, const std::string& summary) {
    return "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: " + expr +
           "\n    labels: {severity: page}\n    annotations:\n      s: >-\n        " + summary +
           "\n";
  };
  const std::string gone = "9:12: warning: annotation \"s\": the expression gives no label \"b\"";
  Check(
      "alerts/template",
      {
          {"Any", with("x > 1", "{{ $labels.b }}"), ""},
          {"Kept", with("sum by (b) (x) > 1", "{{ $labels.b }}"), ""},
          {"Gone", with("sum by (a) (x) > 1", "{{ $labels.b }}"), gone},
          {"GoneAsField", with("sum by (a) (x) > 1", "{{ .Labels.b }}"), gone},
          {"GoneByIndex", with("sum by (a) (x) > 1", "{{ index $labels \"b\" }}"),
           "9:26: warning: annotation \"s\": the expression gives no label \"b\""},
          {"GoneInIf", with("sum(x) > 1", "{{ if eq $labels.b \"x\" }}{{ end }}"),
           "9:18: warning: annotation \"s\": the expression gives no label \"b\""},
          {"GoneInCall", with("sum(x) > 1", "{{ printf \"%s\" ($labels.b | title) }}"),
           "9:25: warning: annotation \"s\": the expression gives no label \"b\""},
          {"OtherDot", with("sum(x) > 1", "{{ range query \"up\" }}{{ .Labels.b }}{{ end }}"), ""},
          {"OwnLabel", with("sum(x) > 1", "{{ $labels.severity }}"),
           "9:12: warning: annotation \"s\": the label \"severity\" is the rule's own, which "
           "templates do not see"},
          {"Query", with("x > 1", "{{ query \"sum(\" | first | value }}"),
           "9:18: error: annotation \"s\": query: 1:5: parse error: unclosed left parenthesis"},
          {"PipedQuery", with("x > 1", "{{ \"sum(\" | query | first | value }}"),
           "9:12: error: annotation \"s\": query: 1:5: parse error: unclosed left parenthesis"},
          {"ComputedQuery", with("x > 1", "{{ printf \"up{%s\" \"}\" | query }}"), ""},
          {"Value", with("x > 1", "{{ $value }}"), ""},
      });
}

BOOST_AUTO_TEST_CASE(ValuesAreNotPartOfLabels) {
  constexpr const char* kNew =
      "label \"a\": with the value in a label, every new value is a new alert, and the old one "
      "resolves";
  const auto with = [](const std::string& label) {
    return "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: x > 1\n    labels:\n      a: '" +
           label + "'\n";
  };
  Check("alerts/template",
        {
            {"Printed", with("{{ $value | humanize }}"), std::string("7:14: warning: ") + kNew},
            {"AsField", with("x {{ printf \"%.0f\" .Value }}"),
             std::string("7:30: warning: ") + kNew},
            {"Decides", with("{{ if gt $value 90.0 }}critical{{ else }}warning{{ end }}"), ""},
        });
}

BOOST_AUTO_TEST_CASE(LabelsOfTheGroupAreTemplatesToo) {
  BOOST_TEST(Found("alerts/template",
                   "groups:\n- name: g\n  labels: {a: '{{'}\n  rules:\n  - {alert: A, expr: x > "
                   "1}\n")
                 .starts_with("f:5:5: error: group \"g\", rule 1, \"A\": label \"a\": template:"));
}

BOOST_AUTO_TEST_CASE(SidesMatch) {
  const auto nothing = [](const std::string& expr, const std::string& why) {
    return "4:18: warning: nothing matches in '" + expr + "': " + why;
  };
  Check("promql/vector_matching",
        {
            {"Same", Alert("sum by (a) (x) / sum by (a) (y)"), ""},
            {"Series", Alert("x / y"), ""},
            {"LeftHasMore", Alert("sum by (a) (x) / sum(y)"),
             nothing("sum by (a) (x) / sum(y)",
                     "the left side has the label \"a\", which the right side has not")},
            {"RightHasMore", Alert("sum(x) / sum by (a) (y)"),
             nothing("sum(x) / sum by (a) (y)",
                     "the right side has the label \"a\", which the left side has not")},
            {"RightIsSelected", Alert("sum(x) / y{a=\"1\"}"),
             nothing("sum(x) / y{a=\"1\"}",
                     "the right side has the label \"a\", which the left side has not")},
            {"On", Alert("sum by (a, b) (x) / on (a) group_left () sum by (a) (y)"), ""},
            {"OnWhatIsGone", Alert("x{a=\"1\"} and on (a) sum by (b) (y)"),
             nothing("x{a=\"1\"} and on (a) sum by (b) (y)",
                     "the left side has the label \"a\", which the right side has not")},
            {"Ignoring", Alert("sum by (a) (x) / ignoring (a) sum(y)"), ""},
            {"Or", Alert("sum by (a) (x) or sum(y)"), ""},
            {"Scalar", Alert("sum by (a) (x) / 2"), ""},
            {"Include", Alert("x * on (a) group_left (b) sum by (a) (y)"),
             "4:18: warning: group_left(b) takes a label that the right side, 'sum by (a) (y)', "
             "has not"},
            {"IncludeIsThere", Alert("x * on (a) group_left (b) y"), ""},
            {"Fill", Alert("sum by (a) (x) / fill (0) sum(y)"), ""},
        });
}

BOOST_AUTO_TEST_CASE(AggregationsNameLabelsThatAreThere) {
  Check("promql/aggregate",
        {
            {"There", Alert("sum by (a) (sum by (a, b) (x))"), ""},
            {"Any", Alert("sum by (a) (x)"), ""},
            {"Gone", Alert("sum by (a) (sum by (b) (x))"),
             "4:18: warning: by (a) has no effect: 'sum by (b) (x)' has no such label"},
            {"GoneByWithout", Alert("1 + sum by (a) (sum without (a) (x))"),
             "4:22: warning: by (a) has no effect: 'sum without (a) (x)' has no such label"},
        });
}

BOOST_AUTO_TEST_CASE(AlertsDoNotFlap) {
  Check("promql/fragile",
        {
            {"Topk", Alert("topk(5, x) > 1"),
             "4:18: warning: topk can choose other series each time, so that alerts come and go"},
            {"TopkOfSums", Alert("1 < topk(5, sum by (a) (x))"),
             "4:22: warning: topk can choose other series each time, so that alerts come and go"},
            {"SumOfTopk", Alert("sum(topk(5, x)) > 1"), ""},
            {"ScalarOfTopk", Alert("x > scalar(topk(1, y))"), ""},
            {"OneOfEach", Alert("topk by (a) (1, x) > 1"), ""},
            {"Max", Alert("max by (a) (x) > 1"), ""},
        });
}

BOOST_AUTO_TEST_CASE(ConditionsCanBeFulfilled) {
  const auto never = [](const std::string& expr) {
    return "4:18: error: '" + expr + "' is never true";
  };
  Check("promql/impossible",
        {
            {"CountOfNothing", Alert("count(x) == 0"), never("count(x) == 0")},
            {"CountBelowOne", Alert("count(x) < 1"), never("count(x) < 1")},
            {"Count", Alert("count(x) <= 1"), ""},
            {"Hour", Alert("hour() > 23"), never("hour() > 23")},
            {"HourTheOtherWay", Alert("24 <= hour()"), never("24 <= hour()")},
            {"HourOnTheRight", Alert("5 > hour()"), ""},
            {"Absent", Alert("absent(x) == 0"), never("absent(x) == 0")},
            {"Vector", Alert("vector(1) != 1"), never("vector(1) != 1")},
            {"Chain", Alert("x > 5 < 5"), never("x > 5 < 5")},
            {"ChainOnce", Alert("(x > 5 < 5) > 9"), never("x > 5 < 5").replace(2, 2, "19")},
            {"Between", Alert("x > 5 < 6"), ""},
            {"Negative", Alert("-abs(x) > 0"), never("-abs(x) > 0")},
            {"Bool", Alert("(x > bool 1) == 2"), never("(x > bool 1) == 2")},
            {"Or", Alert("(count(x) or vector(0)) == 0"), ""},
            {"Sum", Alert("sum(x) < 0"), ""},
            {"Matchers", Alert("x{a=\"1\", a=\"2\"} > 0"),
             "4:18: error: no series can match both a=\"1\" and a=\"2\""},
            {"RegexpMatchers", Alert("x{a=~\"1|2\", a!~\"1.*|2\"} > 0"),
             "4:18: error: no series can match both a=~\"1|2\" and a!~\"1.*|2\""},
            {"ManyMatchers", Alert("x{a=~\"1|2\", a!=\"1\", a!=\"\"} > 0"), ""},
        });
}

BOOST_AUTO_TEST_CASE(NanIsNotEqualToAnything) {
  Check("promql/nan",
        {
            {"Equal", Alert("x == NaN"),
             "4:18: error: 'x == NaN' is never true: NaN is not equal to anything, nor to itself"},
            {"NotEqual", Alert("x != (NaN)"),
             "4:18: error: 'x != (NaN)' is always true: NaN is not equal to anything, nor to "
             "itself"},
            {"Itself", Alert("x != x"), ""},
        });
}

BOOST_AUTO_TEST_CASE(RegularExpressionsAreNeeded) {
  Check("promql/regexp",
        {
            {"Plain", Alert("x{a=~\"b\"} > 0"),
             "4:18: info: a=~\"b\" needs no regular expression: a=\"b\" says the same"},
            {"NotPlain", Alert("x{a!~\"b\"} > 0"),
             "4:18: info: a!~\"b\" needs no regular expression: a!=\"b\" says the same"},
            {"Empty", Alert("x{a=~\"\"} > 0"),
             "4:18: info: a=~\"\" needs no regular expression: a=\"\" says the same"},
            {"Everything", Alert("x{a=~\".*\"} > 0"),
             "4:18: info: a=~\".*\" matches everything, so leave it out"},
            {"Nothing", Alert("x{a!~\".*\"} > 0"), "4:18: info: a!~\".*\" matches nothing"},
            {"Anchored", Alert("rate(x{a=~\"^b.*$\"}[5m]) > 0"),
             "4:23: info: a=~\"^b.*$\": ^ and $ are there already, so leave them out"},
            {"Choice", Alert("x{a=~\"b|c\"} > 0"), ""},
            {"Something", Alert("x{a=~\".+\"} > 0"), ""},
            {"Escaped", Alert("x{a=~\"b\\\\.c\"} > 0"), ""},
        });
}

BOOST_AUTO_TEST_CASE(RatesHaveTwoSamples) {
  const auto recorded = [](const std::string& interval, const std::string& sum,
                           const std::string& expr) {
    return "groups:\n- name: h\n  " + interval + "\n  rules: [{record: r, expr: '" + sum +
           "'}]\n- name: g\n  rules:\n  - {alert: A, expr: '" + expr + "'}\n";
  };
  Check(
      "promql/rate",
      {
          {"Unknown", Alert("rate(x[1s]) > 0"), ""},
          {"Subquery", Alert("rate(x[5m:3m]) > 0"),
           "4:23: warning: rate() needs two samples, which 5m does not always hold: there is "
           "one every 3m"},
          {"SubqueryOfTwo", Alert("rate(x[6m:3m]) > 0"), ""},
          {"Recorded", recorded("interval: 1m", "x", "deriv(r[90s]) > 0"),
           "7:29: warning: deriv() needs two samples, which 1m30s does not always hold: there "
           "is one every 1m"},
          {"RecordedUnknown", recorded("", "x", "deriv(r[90s]) > 0"), ""},
          {"RecordedSum", recorded("", "sum(x_total)", "rate(r[5m]) > 0"),
           "7:28: warning: rate() of 'sum(x_total)' takes the end of any series for a reset of "
           "all; sum the rate() of each instead"},
          {"RecordedRate", recorded("", "sum(rate(x_total[5m]))", "max_over_time(r[5m]) > 0"), ""},
          {"SumInSubquery", Alert("increase(sum by (a) (x_total)[1h:1m]) > 0"),
           "4:27: warning: increase() of 'sum by (a) (x_total)' takes the end of any series for "
           "a reset of all; sum the increase() of each instead"},
          {"DeltaOfSum", Alert("delta(sum(x_total)[1h:1m]) > 0"), ""},
      });
  Options options = Checking("promql/rate");
  options.scrape_interval = std::chrono::minutes(1);
  const std::vector<File> files = {Load("f", Alert("rate(x[1m]) > rate(x[2m])"))};
  BOOST_TEST(Found(files, options) ==
             "f:4:23: warning: group \"g\", rule 1, \"A\": rate() needs two samples, which 1m does "
             "not always hold: there is one every 1m (promql/rate)\n");
}

BOOST_AUTO_TEST_CASE(ResultsAreOfUse) {
  Check("promql/syntax",
        {
            {"Vector", Alert("x"), ""},
            {"Scalar", Alert("1"), ""},
            {"Range", Alert("x[5m]"),
             "4:18: error: the result is a range vector, so every evaluation fails; a rule needs "
             "an instant vector or a scalar"},
            {"Text", Alert("\"x\""),
             "4:18: error: the result is a string, so every evaluation fails; a rule needs an "
             "instant vector or a scalar"},
        });
}

BOOST_AUTO_TEST_CASE(RulesAreThereOnce) {
  const std::string one = "groups:\n- {name: g, rules: [{record: r, expr: x, labels: {a: b}}]}\n";
  const std::string two = one + "- {name: h, rules: [{record: r, expr: 'x ', labels: {a: b}}]}\n";
  const std::string other = one + "- {name: h, rules: [{record: r, expr: x, labels: {a: c}}]}\n";
  BOOST_TEST(Found("duplicate-rules", two) ==
             "f:3:21: warning: group \"h\", rule 1, \"r\": the rule at f:2:21 has the same name "
             "and labels, r{a=\"b\"} (duplicate-rules)");
  BOOST_TEST(Found("duplicate-rules", other) == "");
  BOOST_TEST(Found("rule/duplicate", two) == "");
  const std::vector<File> files = {Load("f", one), Load("e", two)};
  BOOST_TEST(Found(files, Checking("duplicate-rules")).starts_with("e:3:21:"));
  BOOST_TEST(Found(files, Checking("rule/duplicate")) ==
             "e:2:21: warning: group \"g\", rule 1, \"r\": the same rule is at f:2:21 "
             "(rule/duplicate)\n"
             "e:3:21: warning: group \"h\", rule 1, \"r\": the same rule is at f:2:21 "
             "(rule/duplicate)\n");
}

BOOST_AUTO_TEST_CASE(RulesAndGroupsAreWellMade) {
  const std::string yaml =
      "groups:\n- name: g\n  interval: 6m\n  rules:\n  - record: r\n    expr: x\n    labels: {a: "
      "'{{ $labels.b }}'}\n  - {record: 'a:b', expr: x}\n  - {alert: A, expr: x > 1}\n";
  BOOST_TEST(Found("rule/name", yaml) ==
             "f:5:5: info: group \"g\", rule 1, \"r\": without a colon the name reads like that of "
             "a collected metric; by custom it is level:metric:operations (rule/name)");
  BOOST_TEST(Found("rule/label", yaml) ==
             "f:7:18: warning: group \"g\", rule 1, \"r\": label \"a\": templates are not expanded "
             "in recording rules (rule/label)");
  BOOST_TEST(Found("group/interval", yaml) ==
             "f:2:3: warning: group \"g\": what is written every 6m can be seen for 5m only, so "
             "that there are gaps (group/interval)");
}

BOOST_AUTO_TEST_CASE(ChecksHaveNamesInOrderAndSummaries) {
  std::vector<std::string_view> names;
  for (const CheckSummary& check : Checks()) {
    names.push_back(check.name);
    BOOST_TEST(!check.summary.empty());
  }
  BOOST_TEST(std::is_sorted(names.begin(), names.end()));
  BOOST_TEST(std::set(names.begin(), names.end()).size() == names.size());
}

BOOST_AUTO_TEST_CASE(FindingsAreInTheOrderOfTheFiles) {
  const std::string yaml = Alert("x{a=~\"b\"}");
  BOOST_TEST(Found({Load("b", yaml), Load("a", yaml)}, {}) ==
             "b:4:18: warning: group \"g\", rule 1, \"A\": there is no condition, so it fires as "
             "long as there are series (alerts/comparison)\n"
             "b:4:18: info: group \"g\", rule 1, \"A\": a=~\"b\" needs no regular expression: "
             "a=\"b\" says the same (promql/regexp)\n"
             "a:4:5: warning: group \"g\", rule 1, \"A\": the same rule is at b:4:5 "
             "(rule/duplicate)\n"
             "a:4:18: warning: group \"g\", rule 1, \"A\": there is no condition, so it fires as "
             "long as there are series (alerts/comparison)\n"
             "a:4:18: info: group \"g\", rule 1, \"A\": a=~\"b\" needs no regular expression: "
             "a=\"b\" says the same (promql/regexp)\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::lint

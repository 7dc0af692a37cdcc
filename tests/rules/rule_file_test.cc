#include "rules/rule_file.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/support/temporary_folder.h"

namespace tocsin {
namespace {

struct Read {
  std::vector<RuleGroup> groups;
  std::string mistakes;
  std::vector<std::string> warnings;
};

Read ReadText(std::string_view yaml, const RuleFileOptions& options = {}) {
  Read read;
  Diagnostics diagnostics("f");
  read.groups = ParseRuleFile(yaml, "f", options, diagnostics, read.warnings);
  read.mistakes = diagnostics.Text();
  return read;
}

/// A file of one group with these rules, which begin in line 4.
std::string Rules(std::string_view rules) {
  return "groups:\n- name: g\n  rules:\n" + std::string(rules);
}

struct Row {
  std::string_view name;
  std::string yaml;
  std::string_view mistakes;
};

void Check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.name) {
      BOOST_TEST(ReadText(row.yaml).mistakes == row.mistakes);
    }
  }
}

const Rule& OnlyRule(const Read& read) {
  BOOST_TEST_REQUIRE(read.mistakes.empty());
  BOOST_TEST_REQUIRE(read.groups.size() == 1U);
  BOOST_TEST_REQUIRE(read.groups[0].rules.size() == 1U);
  return read.groups[0].rules[0];
}

BOOST_AUTO_TEST_SUITE(rule_file_test)

BOOST_AUTO_TEST_CASE(EveryFieldIsRead) {
  const Read read = ReadText(R"(groups:
- name: g
  interval: 30s
  query_offset: 10s
  limit: 7
  labels: {team: core, severity: none}
  rules:
  - alert: Down
    expr: up == 0
    for: 5m
    keep_firing_for: 1h
    labels: {severity: page}
    annotations: {summary: "{{ $labels.job }}"}
  - record: job:up:sum
    expr: sum by (job) (up)
    labels: {a: b}
)");
  BOOST_TEST_REQUIRE(read.mistakes == "");
  BOOST_TEST_REQUIRE(read.groups.size() == 1U);
  const RuleGroup& group = read.groups[0];
  BOOST_TEST(group.file == "f");
  BOOST_TEST(group.name == "g");
  BOOST_TEST((group.interval == std::chrono::seconds(30)));
  BOOST_TEST((group.query_offset == std::chrono::seconds(10)));
  BOOST_TEST(group.limit == 7U);
  BOOST_TEST_REQUIRE(group.rules.size() == 2U);
  const Rule& alert = group.rules[0];
  BOOST_TEST((alert.kind == Rule::Kind::kAlerting));
  BOOST_TEST(alert.name == "Down");
  BOOST_TEST(alert.expr == "up == 0");
  BOOST_TEST((alert.hold == std::chrono::minutes(5)));
  BOOST_TEST((alert.keep_firing_for == std::chrono::hours(1)));
  BOOST_TEST((alert.labels == TextMap{{"severity", "page"}, {"team", "core"}}));
  BOOST_TEST((alert.annotations == TextMap{{"summary", "{{ $labels.job }}"}}));
  BOOST_TEST((alert.place == YamlPlace{8, 5}));
  BOOST_TEST((alert.expr_place == YamlPlace{9, 11}));
  const Rule& record = group.rules[1];
  BOOST_TEST((record.kind == Rule::Kind::kRecording));
  BOOST_TEST(record.name == "job:up:sum");
  BOOST_TEST((record.labels == TextMap{{"a", "b"}, {"severity", "none"}, {"team", "core"}}));
}

BOOST_AUTO_TEST_CASE(WhatPrometheusTakesIsTaken) {
  Check({
      {"Empty", "", ""},
      {"NoGroups", "groups:\n", ""},
      {"EmptyGroups", "groups: []\n", ""},
      {"NoRules", "groups: [{name: g}]\n", ""},
      {"ByteOrderMark", "\xef\xbb\xbfgroups: []\n", ""},
      {"CarriageReturns", "groups:\r\n- name: g\r\n  rules:\r\n  - record: a\r\n    expr: 1\r\n",
       ""},
      {"Json", R"({"groups": [{"name": "g", "rules": [{"record": "a", "expr": "1"}]}]})", ""},
      {"NumbersAsTexts", Rules("  - {alert: 1, expr: 1, labels: {a: 1.0, b: true, c: }}\n"), ""},
      {"ZeroDurations", Rules("  - {record: a, expr: 1, for: 0, keep_firing_for: 0s}\n"), ""},
      {"NamesAreUtf8", Rules("  - {record: ä.b, expr: 1, labels: {ä: b}}\n"), ""},
      {"NegativeLimit", "groups: [{name: g, limit: -1}]\n", ""},
      {"IntervalOfZero", "groups: [{name: g, interval: 0s}]\n", ""},
      {"RangeVector", Rules("  - {record: a, expr: 'up[5m]'}\n"), ""},
      {"Merged", "groups: [{name: g, rules: [&a {record: a, expr: 1}, {<<: *a, record: b}]}]\n",
       ""},
      {"MergedList", "groups: [{name: g, rules: [{record: b, <<: [&a {expr: 1}, {expr: 2}]}]}]\n",
       ""},
  });
}

BOOST_AUTO_TEST_CASE(FaultyFilesAreRefusedWithPlaceAndReason) {
  Check({
      {"NotYaml", "groups: [\n", "f:2:1: not YAML: end of sequence flow not found"},
      {"NotUtf8", "groups: \xff\n", "f:1:1: not UTF-8 text"},
      {"List", "- name: g\n", "f:1:1: expected a map of options, got a list"},
      {"OtherKey", "groups: []\ngroup: []\n",
       "f:2:1: unknown key \"group\" (did you mean \"groups\"?)"},
      {"GroupsAreAMap", "groups: {name: g}\n", "f:1:9: groups: expected a list, got a map"},
      {"GroupIsAText", "groups: [g]\n",
       "f:1:10: group 1: expected a map of options, got a single value\n"
       "f:1:10: group 1: the name must not be empty"},
      {"GroupWithoutName", "groups:\n- rules: []\n", "f:2:3: group 1: the name must not be empty"},
      {"GroupTwice", "groups:\n- name: g\n- name: g\n",
       "f:3:9: group \"g\": the name is repeated in the same file"},
      {"GroupKey", "groups:\n- name: g\n  intervall: 1m\n",
       "f:3:3: group \"g\": unknown key \"intervall\" (did you mean \"interval\"?)"},
      {"IntervalTooLong", "groups:\n- name: g\n  interval: 100000y\n",
       "f:3:13: group \"g\": interval: expected a year at most: the rules would hardly ever be "
       "evaluated"},
      {"GroupKeyTwice", "groups:\n- name: g\n  limit: 1\n  limit: 2\n",
       "f:4:3: group \"g\": duplicate key \"limit\""},
      {"Interval", "groups:\n- name: g\n  interval: 1 m\n",
       "f:3:13: group \"g\": interval: expected a duration such as 15s or 1h30m, got '1 m'"},
      {"NegativeOffset", "groups:\n- name: g\n  query_offset: -1m\n",
       "f:3:17: group \"g\": query_offset: expected a duration such as 15s or 1h30m, got '-1m'"},
      {"Limit", "groups:\n- name: g\n  limit: many\n",
       "f:3:10: group \"g\": limit: expected a whole number from -9223372036854775807 to "
       "9223372036854775807, got \"many\""},
      {"GroupLabel", "groups:\n- name: g\n  labels: {__name__: a}\n",
       "f:3:12: group \"g\": invalid label name: \"__name__\""},
      {"RuleWithoutName", Rules("  - expr: up\n"),
       "f:4:5: group \"g\", rule 1: one of 'record' or 'alert' must be set"},
      {"RuleWithTwoNames", Rules("  - alert: A\n    record: b\n    expr: up\n"),
       "f:5:13: group \"g\", rule 1, \"A\": only one of 'record' and 'alert' must be set"},
      {"NoExpression", Rules("  - alert: A\n"),
       "f:4:5: group \"g\", rule 1, \"A\": field 'expr' must be set in rule"},
      {"EmptyExpression", Rules("  - alert: A\n    expr: ''\n"),
       "f:5:11: group \"g\", rule 1, \"A\": field 'expr' must be set in rule"},
      {"RuleKey", Rules("  - alert: A\n    expr: up\n    summary: x\n"),
       "f:6:5: group \"g\", rule 1, \"A\": unknown key \"summary\" (known here: alert, record, "
       "expr, for, keep_firing_for, labels, annotations)"},
      {"For", Rules("  - alert: A\n    expr: up\n    for: 5\n"),
       "f:6:10: group \"g\", rule 1, \"A\": for: expected a duration such as 15s or 1h30m, got "
       "'5'"},
      {"RecordingRule",
       Rules("  - record: a\n    expr: up\n    for: 5m\n    keep_firing_for: 1m\n"
             "    annotations: {a: b}\n"),
       "f:6:10: group \"g\", rule 1, \"a\": invalid field 'for' in recording rule\n"
       "f:7:22: group \"g\", rule 1, \"a\": invalid field 'keep_firing_for' in recording rule\n"
       "f:8:18: group \"g\", rule 1, \"a\": invalid field 'annotations' in recording rule"},
      {"RecordName", Rules("  - record: 'sum(a{b=\"c\"})'\n    expr: up\n"),
       "f:4:13: group \"g\", rule 1, \"sum(a{b=\"c\"})\": braces present in the recording rule "
       "name; should it be in expr?"},
      {"LabelName", Rules("  - alert: A\n    expr: up\n    labels: {'': x, __name__: y}\n"),
       "f:6:14: group \"g\", rule 1, \"A\": invalid label name: \"\"\n"
       "f:6:21: group \"g\", rule 1, \"A\": invalid label name: \"__name__\""},
      {"LabelValue", Rules("  - alert: A\n    expr: up\n    labels: {a: [b]}\n"),
       "f:6:17: group \"g\", rule 1, \"A\": label \"a\": expected a text"},
      {"LabelTwice", Rules("  - alert: A\n    expr: up\n    labels: {a: b, a: c}\n"),
       "f:6:20: group \"g\", rule 1, \"A\": duplicate key \"a\""},
      {"LabelsAreAList", Rules("  - alert: A\n    expr: up\n    labels: [a]\n"),
       "f:6:13: group \"g\", rule 1, \"A\": labels: expected a map of names and texts"},
      {"AnnotationName", Rules("  - alert: A\n    expr: up\n    annotations: {'': x}\n"),
       "f:6:19: group \"g\", rule 1, \"A\": invalid annotation name: \"\""},
      {"AllAtOnce",
       "groups:\n- name: g\n  rules:\n  - alert: A\n  - record: b\n    expr: sum(\n- x: 1\n",
       "f:4:5: group \"g\", rule 1, \"A\": field 'expr' must be set in rule\n"
       "f:6:15: group \"g\", rule 2, \"b\": could not parse expression: unclosed left parenthesis\n"
       "f:7:3: group 2: the name must not be empty\n"
       "f:7:3: group 2: unknown key \"x\" (known here: name, interval, query_offset, limit, "
       "labels, rules)"},
  });
}

BOOST_AUTO_TEST_CASE(MistakesInExpressionsHaveTheirPlaceInTheFile) {
  constexpr std::string_view kWhat =
      ": group \"g\", rule 1, \"A\": could not parse expression: unknown function with name "
      "\"raet\"";
  struct Written {
    std::string_view name;
    std::string rest;  ///< Begins in line 5, column 11.
    std::string_view place;
  };
  const std::vector<Written> rows = {
      {"Plain", "sum(raet(x[5m]))", "5:15"},
      {"PlainOverLines", "sum(x)\n      / raet(x[5m])", "6:9"},
      {"Single", "'{a=\"''\"} / raet(x[5m])'", "5:23"},
      {"Double", "\"{a=\\\"b\\\"} /\\n raet(x[5m])\"", "5:26"},
      {"DoubleOverLines", "\"sum(\\\n      raet(x[5m]))\"", "6:7"},
      {"Literal", "|\n      sum(x)\n      /\n      raet(x[5m])\n", "8:7"},
      {"LiteralWithComment", "|-  # a comment\n      x / raet(x[5m])\n", "6:11"},
      {"LiteralIndented", "|2\n       x / raet(x[5m])\n", "6:12"},
      {"Folded", ">-\n      sum(x)\n      / raet(x[5m])\n\n", "7:9"},
      {"Anchored", "&x !!str\n     sum(raet(x[5m]))", "6:10"},
  };
  for (const Written& row : rows) {
    BOOST_TEST_CONTEXT(row.name) {
      const std::string yaml = Rules("  - alert: A\n    expr: " + row.rest + "\n");
      BOOST_TEST(ReadText(yaml).mistakes == "f:" + std::string(row.place) + std::string(kWhat));
    }
  }
  const std::string escaped = Rules("  - alert: A\n    expr: \"\\x31 + raet(x[5m])\"\n");
  BOOST_TEST(ReadText(escaped).mistakes ==
             "f:5:11: group \"g\", rule 1, \"A\": could not parse expression: 1:5: parse error: "
             "unknown function with name \"raet\"");
}

BOOST_AUTO_TEST_CASE(GroupsWithoutMistakesAreGiven) {
  const Read read = ReadText("groups:\n- {name: a, limit: x}\n- {name: b}\n");
  BOOST_TEST(!read.mistakes.empty());
  BOOST_TEST_REQUIRE(read.groups.size() == 1U);
  BOOST_TEST(read.groups[0].name == "b");
}

BOOST_AUTO_TEST_CASE(OnlyTheFirstDocumentCounts) {
  const Read read = ReadText("groups: [{name: a}]\n---\ngroups: [{name: b}]\nwrong: 1\n");
  BOOST_TEST(read.mistakes == "");
  BOOST_TEST(read.groups.size() == 1U);
  BOOST_TEST_REQUIRE(read.warnings.size() == 1U);
  BOOST_TEST(read.warnings[0] == "f:2:1: only the first YAML document of a file counts");
  BOOST_TEST(ReadText("---\ngroups: []\n").warnings.empty());
  BOOST_TEST(ReadText("groups: []\n---\na: [\n").mistakes == "");
}

BOOST_AUTO_TEST_CASE(UnknownFieldsCanBeIgnored) {
  const std::string yaml = "a: 1\ngroups: [{name: g, b: 1, rules: [{record: r, expr: 1, c: 1}]}]\n";
  BOOST_TEST(ReadText(yaml, {.ignore_unknown_fields = true}).mistakes == "");
  BOOST_TEST(ReadText(yaml).mistakes != "");
}

BOOST_AUTO_TEST_CASE(ExperimentalExpressionsNeedTheOption) {
  const std::string yaml = Rules("  - {record: r, expr: 'limitk(1, up)'}\n");
  BOOST_TEST(ReadText(yaml, {.experimental = true}).mistakes == "");
  BOOST_TEST(ReadText(yaml).mistakes != "");
}

BOOST_AUTO_TEST_CASE(RulesAreComparedByWhatTheySay) {
  const std::string yaml = "groups: [{name: g, rules: [{alert: A, expr: up, for: 1m}]}]\n";
  const Read one = ReadText(yaml);
  const Read moved = ReadText("\n\n" + yaml);
  BOOST_TEST(OnlyRule(one).SaysTheSameAs(OnlyRule(moved)));
  BOOST_TEST(one.groups[0].SaysTheSameAs(moved.groups[0]));
  const Read other = ReadText("groups: [{name: g, rules: [{alert: A, expr: up, for: 2m}]}]\n");
  BOOST_TEST(!OnlyRule(one).SaysTheSameAs(OnlyRule(other)));
  BOOST_TEST(!one.groups[0].SaysTheSameAs(other.groups[0]));
}

void Write(const std::filesystem::path& file, std::string_view text) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file) << text;
}

BOOST_AUTO_TEST_CASE(FilesAreFoundByPatterns) {
  const TemporaryFolder folder;
  Write(folder.path() / "b.yml", "groups: [{name: b}]\n");
  Write(folder.path() / ".a.yml", "groups: [{name: a}]\n");
  Write(folder.path() / "sub/c.yml", "groups: [{name: c}]\n---\n");
  const auto loaded =
      LoadRuleFiles({"sub/?.yml", "*.yml", "./b.yml", "no*.yml"}, folder.path(), {});
  BOOST_TEST_REQUIRE(static_cast<bool>(loaded));
  std::string names;
  for (const RuleGroup& group : loaded->groups) names += group.name;
  BOOST_TEST(names == "cab");
  BOOST_TEST_REQUIRE(loaded->files.size() == 3U);
  BOOST_TEST(loaded->files[0] == (folder.path() / "sub/c.yml").string());
  BOOST_TEST(loaded->groups[2].file == (folder.path() / "b.yml").string());
  BOOST_TEST_REQUIRE(loaded->warnings.size() == 2U);
  BOOST_TEST(loaded->warnings[1] == "rule_files: no file matches \"no*.yml\"");
}

BOOST_AUTO_TEST_CASE(EveryMistakeOfEveryFileIsTold) {
  const TemporaryFolder folder;
  const std::string at = folder.path().string();
  Write(folder.path() / "a.yml", "groups: [{name: ''}]\nx: 1\n");
  Write(folder.path() / "b.yml", "groups: 1\n");
  const auto loaded = LoadRuleFiles({"*.yml", "c.yml"}, folder.path(), {});
  BOOST_TEST_REQUIRE(!loaded);
  BOOST_TEST(loaded.error().message ==
             at + "/a.yml:1:17: group 1: the name must not be empty\n" + at +
                 "/a.yml:2:1: unknown key \"x\" (known here: groups)\n" + at +
                 "/b.yml:1:9: groups: expected a list, got a single value\n" + at +
                 "/c.yml: No such file or directory");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin

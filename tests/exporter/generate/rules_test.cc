#include "exporter/generate/rules.h"

#include <algorithm>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "base/file.h"
#include "base/labels.h"
#include "rules/promql/analysis.h"
#include "rules/promql/parser.h"
#include "rules/rule_file.h"
#include "tests/support/source_directory.h"

namespace tocsin::generate {
namespace {

constexpr EmbeddedFile kPacks[] = {
    {"a.yaml", R"(# A comment.
groups:
  - name: a
    interval: 15s
    rules:
      - record: a:b:sum
        expr: sum without (c) (a_b)
      - alert: ATooHigh
        expr: a:b:sum > 5
        for: 5m
        labels:
          severity: warning
        annotations:
          summary: It is high.
          description: 'Now {{ $value }}, like {{ query "a_c" }}.'
          runbook_url: docs/runbooks/atoohigh.md
      - alert: AGone
        expr: up == 0 or a_b == 0
        annotations: {summary: "It is gone."}
)"},
    {"b.yaml", "groups: []\n"},
    {"optional/a-sizing.yaml", "groups: []\n"},
    {"optional/b-load.yaml", "groups: []\n"},
};

/// The paths of the files, or what went wrong.
std::string Paths(const Result<std::vector<GeneratedFile>>& files) {
  if (!files) return files.error().message;
  std::string paths;
  for (const GeneratedFile& file : *files) paths += (paths.empty() ? "" : " ") + file.path;
  return paths;
}

/// The pack "a" with changes, or what went wrong.
std::string Edited(const RuleEdits& edits) {
  const auto files = GenerateRules(kPacks, {.packs = {"a"}, .optional = false, .edits = edits});
  return files ? files->front().text : files.error().message;
}

bool Has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

BOOST_AUTO_TEST_SUITE(generate_rules_test)

BOOST_AUTO_TEST_CASE(PacksAreChosenByName) {
  struct Row {
    std::vector<std::string> packs;
    bool optional;
    std::string expected;
  };
  const Row rows[] = {
      {{}, false, "a.yaml b.yaml"},
      {{}, true, "a.yaml b.yaml optional/a-sizing.yaml optional/b-load.yaml"},
      {{"b"}, false, "b.yaml"},
      {{"b", "a"}, false, "a.yaml b.yaml"},
      {{"a"}, true, "a.yaml optional/a-sizing.yaml"},
      {{"a-sizing"}, false, "optional/a-sizing.yaml"},
      {{"a-sizng"}, false, "no pack is called 'a-sizng'; did you mean 'a-sizing'?"},
      {{"nonsense"}, true, "no pack is called 'nonsense'"},
  };
  for (const Row& row : rows) {
    BOOST_TEST(Paths(GenerateRules(kPacks, {row.packs, row.optional, {}})) == row.expected);
  }
}

BOOST_AUTO_TEST_CASE(WithoutChangesTheyAreAsShipped) {
  const auto files = GenerateRules(kPacks, {});
  BOOST_REQUIRE(files);
  BOOST_TEST(files->front().text == kPacks[0].text);
}

BOOST_AUTO_TEST_CASE(EachChangeIsMade) {
  RuleEdits edits;
  edits.matchers = {*Matcher::Make(MatchType::kEqual, "job", "x")};
  std::string text = Edited(edits);
  BOOST_TEST(Has(text, "expr: sum without (c) (a_b{job=\"x\"})\n"), text);
  BOOST_TEST(Has(text, "expr: a:b:sum{job=\"x\"} > 5\n"), text);
  BOOST_TEST(Has(text, "expr: up{job=\"x\"} == 0 or a_b{job=\"x\"} == 0\n"), text);
  BOOST_TEST(Has(text, "Now {{ $value }}, like {{ query \"a_c{job=\\\"x\\\"}\" }}."), text);
  BOOST_TEST(Has(text, "interval: 15s\n"), text);

  edits = {};
  edits.labels = {{"severity", "page"}, {"team", "data"}};
  text = Edited(edits);
  BOOST_TEST(Has(text, "severity: page\n          team: data\n        annotations:"), text);
  BOOST_TEST(Has(text, "== 0\n        labels:\n          severity: page\n          team: data\n"),
             text);

  edits = {};
  edits.thresholds = {{"ATooHigh", 0.5}};
  edits.holds = {{"ATooHigh", std::chrono::minutes(90)}, {"AGone", Duration(0)}};
  text = Edited(edits);
  BOOST_TEST(Has(text, "expr: a:b:sum > 0.5\n        for: 1h30m\n"), text);
  BOOST_TEST(Has(text, "query \"a_c\" }}. (That is how tocsin ships this alert."), text);
  BOOST_TEST(Has(text, "counts instead: its limit is 0.5, it waits for 1h30m.)\n"), text);
  BOOST_TEST(Has(text, "expr: up == 0 or a_b == 0\n        for: 0s\n        annotations:"), text);
}

BOOST_AUTO_TEST_CASE(RunbooksMoveToAnAddress) {
  const std::pair<std::string, std::string> rows[] = {
      {"https://runbooks.example", "https://runbooks.example/atoohigh.md"},
      {"https://runbooks.example/", "https://runbooks.example/atoohigh.md"},
      {"https://wiki.example/{name}?v=1", "https://wiki.example/atoohigh?v=1"},
  };
  for (const auto& [url, expected] : rows) {
    RuleEdits edits;
    edits.runbook_url = url;
    BOOST_TEST(Has(Edited(edits), "runbook_url: " + expected + "\n"), Edited(edits));
  }
}

BOOST_AUTO_TEST_CASE(WhatCannotBeChangedIsSaid) {
  RuleEdits edits;
  edits.thresholds = {{"ATooHgh", 1}};
  BOOST_TEST(Edited(edits) ==
             "no alert of these packs is called 'ATooHgh'; did you mean 'ATooHigh'?");
  edits = {};
  edits.holds = {{"a:b:sum", Duration(0)}};
  BOOST_TEST(Edited(edits) == "no alert of these packs is called 'a:b:sum'");
  edits = {};
  edits.thresholds = {{"AGone", 1}};
  BOOST_TEST(Edited(edits) ==
             "AGone: --threshold: its value is compared with more than one number: 0, 0");
  edits = {};
  edits.labels = {{"team", "{{ .Wrong"}};
  BOOST_TEST(Has(Edited(edits), "a.yaml:"), Edited(edits));
}

BOOST_AUTO_TEST_CASE(TheCatalogueIsWhatIsInTheRepository) {
  BOOST_TEST(RulePacks().size() >= 12U);
  BOOST_TEST(std::ranges::is_sorted(RulePacks(), {}, &EmbeddedFile::name));
  for (const EmbeddedFile& pack : RulePacks()) {
    const Result<std::string> file = ReadFile(SourceDirectory() / "alerts" / pack.name);
    BOOST_REQUIRE_MESSAGE(file, pack.name);
    BOOST_TEST((*file == pack.text), pack.name << " is another one in the binary");
  }
}

/// All rules of all packs, read by whoever evaluates them.
std::vector<RuleGroup> AllGroups(const RuleEdits& edits) {
  std::vector<RuleGroup> all;
  const auto files = GenerateRules(RulePacks(), {.packs = {}, .optional = true, .edits = edits});
  BOOST_REQUIRE_MESSAGE(files, (files ? "" : files.error().message));
  for (const GeneratedFile& file : *files) {
    Diagnostics diagnostics(file.path);
    std::vector<std::string> warnings;
    auto groups = ParseRuleFile(file.text, file.path, {}, diagnostics, warnings);
    BOOST_TEST(diagnostics.empty(), diagnostics.Text());
    std::ranges::move(groups, std::back_inserter(all));
  }
  return all;
}

bool IsQuiet(const Rule& rule) {  // Watchdog.
  return rule.expr == "vector(1)";
}

BOOST_AUTO_TEST_CASE(RewrittenPacksSayTheSame) {
  RuleEdits edits;
  edits.runbook_url = "docs/runbooks";  // Where they are anyway.
  const std::vector<RuleGroup> shipped = AllGroups({});
  const std::vector<RuleGroup> rewritten = AllGroups(edits);
  BOOST_REQUIRE(shipped.size() == rewritten.size());
  for (std::size_t i = 0; i < shipped.size(); ++i) {
    BOOST_TEST(shipped[i].SaysTheSameAs(rewritten[i]), shipped[i].name);
  }
}

BOOST_AUTO_TEST_CASE(EverySelectorOfEveryPackGetsTheMatcher) {
  RuleEdits edits;
  edits.matchers = {*Matcher::Make(MatchType::kEqual, "job", "x")};
  std::size_t selectors = 0;
  for (const RuleGroup& group : AllGroups(edits)) {
    for (const Rule& rule : group.rules) {
      const auto parsed = promql::Parse(rule.expr, {});
      BOOST_REQUIRE_MESSAGE(parsed, rule.expr);
      const auto found = promql::Selectors(*parsed.query->root);
      BOOST_TEST((!found.empty() || IsQuiet(rule)), rule.name);
      for (const promql::VectorSelector* const selector : found) {
        ++selectors;
        BOOST_TEST(
            (std::ranges::find(selector->matchers, edits.matchers[0]) != selector->matchers.end()),
            rule.name << ": " << rule.expr);
      }
      for (const auto& [name, text] : rule.annotations) {
        BOOST_TEST((!Has(text, "query") || Has(text, "job=\\\"x\\\"")), rule.name << ": " << text);
      }
    }
  }
  BOOST_TEST(selectors > 200U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::generate

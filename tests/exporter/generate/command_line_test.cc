#include "exporter/generate/command_line.h"

#include <chrono>
#include <string>
#include <variant>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace tocsin::generate {
namespace {

Result<CommandLine> Parse(const std::vector<const char*>& words) {
  std::vector<const char*> all = {"generate"};
  all.insert(all.end(), words.begin(), words.end());
  return ParseCommandLine(all);
}

template <class Options>
Options Parsed(const std::vector<const char*>& words) {
  const Result<CommandLine> line = Parse(words);
  BOOST_REQUIRE_MESSAGE(line, (line ? "" : line.error().message));
  const auto* const flags = std::get_if<GenerateFlags>(&*line);
  BOOST_REQUIRE(flags != nullptr);
  BOOST_TEST(flags->folder == "out");
  const auto* const options = std::get_if<Options>(&flags->what);
  BOOST_REQUIRE(options != nullptr);
  return *options;
}

std::string Refusal(const std::vector<const char*>& words) {
  const Result<CommandLine> line = Parse(words);
  return line ? "taken" : line.error().message;
}

BOOST_AUTO_TEST_SUITE(generate_command_line_test)

BOOST_AUTO_TEST_CASE(RulesHaveAllTheirOptions) {
  const auto plain = Parsed<RulesOptions>({"rules", "-o", "out"});
  BOOST_TEST(plain.packs.empty());
  BOOST_TEST(!plain.optional);
  BOOST_TEST(plain.edits.empty());

  const auto rules =
      Parsed<RulesOptions>({"rules",       "-o",         "out",
                            "--pack",      "dagster",    "--pack",
                            "atlas",       "--optional", "--job",
                            "a",           "--selector", "cluster=~\"b|c\",zone!=\"d\"",
                            "--selector",  "{e=\"f\"}",  "--label",
                            "team=a=b,c",  "--label",    "severity=page",
                            "--threshold", "A=0.5",      "--threshold",
                            "B=-1e3",      "--for",      "A=1h30m",
                            "--for",       "B=0",        "--runbook-url",
                            "http://x"});
  BOOST_TEST((rules.packs == std::vector<std::string>{"dagster", "atlas"}));
  BOOST_TEST(rules.optional);
  std::string matchers;
  for (const Matcher& matcher : rules.edits.matchers) matchers += matcher.ToString() + " ";
  BOOST_TEST(matchers == "job=\"a\" cluster=~\"b|c\" zone!=\"d\" e=\"f\" ");
  BOOST_TEST((rules.edits.labels == TextPairs{{"team", "a=b,c"}, {"severity", "page"}}));
  using Thresholds = decltype(rules.edits.thresholds);
  BOOST_TEST((rules.edits.thresholds == Thresholds{{"A", 0.5}, {"B", -1000}}));
  using Holds = decltype(rules.edits.holds);
  BOOST_TEST((rules.edits.holds == Holds{{"A", std::chrono::minutes(90)}, {"B", Duration(0)}}));
  BOOST_TEST(rules.edits.runbook_url == "http://x");
}

BOOST_AUTO_TEST_CASE(PrometheusRulesHaveThoseAndTheirOwn) {
  const auto plain = Parsed<PrometheusRuleOptions>({"prometheusrule", "-o", "out"});
  BOOST_TEST(plain.name_prefix == "tocsin-");
  BOOST_TEST(plain.space.empty());
  const auto options = Parsed<PrometheusRuleOptions>(
      {"prometheusrule", "-o", "out", "--pack", "dagster", "--job", "a", "--namespace", "m",
       "--name-prefix", "p-", "--metadata-label", "release=stack", "--label", "team=x"});
  BOOST_TEST((options.rules.packs == std::vector<std::string>{"dagster"}));
  BOOST_TEST(options.rules.edits.matchers.size() == 1U);
  BOOST_TEST((options.rules.edits.labels == TextPairs{{"team", "x"}}));
  BOOST_TEST(options.space == "m");
  BOOST_TEST(options.name_prefix == "p-");
  BOOST_TEST((options.labels == TextPairs{{"release", "stack"}}));
}

BOOST_AUTO_TEST_CASE(MonitorsHaveAllTheirOptions) {
  const auto plain = Parsed<MonitorOptions>({"podmonitor", "-o", "out"});
  BOOST_TEST((plain.kind == MonitorOptions::Kind::kPod));
  BOOST_TEST((plain.selector == MonitorOptions().selector));
  BOOST_TEST((!plain.interval && !plain.scrape_timeout));
  const auto options = Parsed<MonitorOptions>({"servicemonitor",
                                               "-o",
                                               "out",
                                               "--name",
                                               "n",
                                               "--namespace",
                                               "m",
                                               "--metadata-label",
                                               "release=stack",
                                               "--target-namespace",
                                               "t",
                                               "--selector-label",
                                               "app=x",
                                               "--port",
                                               "http",
                                               "--path",
                                               "/m",
                                               "--interval",
                                               "30s",
                                               "--scrape-timeout",
                                               "10s"});
  BOOST_TEST((options.kind == MonitorOptions::Kind::kService));
  BOOST_TEST(options.meta.name == "n");
  BOOST_TEST(options.meta.space == "m");
  BOOST_TEST((options.meta.labels == TextPairs{{"release", "stack"}}));
  BOOST_TEST((options.target_namespaces == std::vector<std::string>{"t"}));
  BOOST_TEST((options.selector == TextPairs{{"app", "x"}}));
  BOOST_TEST(options.port == "http");
  BOOST_TEST(options.path == "/m");
  BOOST_TEST((options.interval == std::chrono::seconds(30)));
  BOOST_TEST((options.scrape_timeout == std::chrono::seconds(10)));
}

BOOST_AUTO_TEST_CASE(DashboardsGoWithChangedRules) {
  const auto boards = Parsed<DashboardFlags>({"dashboards", "-o", "out", "--datasource-uid", "u",
                                              "--threshold", "A=5", "--runbook-url", "http://x"});
  BOOST_TEST(boards.options.datasource_uid == "u");
  BOOST_TEST(boards.edits.thresholds.size() == 1U);
  BOOST_TEST(boards.edits.runbook_url == "http://x");
}

BOOST_AUTO_TEST_CASE(DocumentationHasNoOptions) {
  BOOST_TEST((Parsed<Documentation>({"metrics-doc", "-o", "out"}) == Documentation::kMetrics));
  BOOST_TEST((Parsed<Documentation>({"man-page", "-o", "out"}) == Documentation::kManPage));
  BOOST_TEST((Parsed<Documentation>({"completions", "-o", "out"}) == Documentation::kCompletions));
  BOOST_TEST(Refusal({"metrics-doc", "-o", "out", "--job", "x"}) != "taken");
}

BOOST_AUTO_TEST_CASE(MistakesAreSaid) {
  struct Row {
    std::vector<const char*> words;
    std::string expected;
  };
  const Row rows[] = {
      {{"rules"}, "--output is required"},
      {{"rules", "-o", "out", "--label", "x"}, "--label: expected NAME=VALUE; got 'x'"},
      {{"rules", "-o", "out", "--label", "=x"}, "--label: expected NAME=VALUE; got '=x'"},
      {{"rules", "-o", "out", "--label", "a b=x"},
       "--label: expected the name of a label; got 'a b'"},
      {{"rules", "-o", "out", "--label", "a=1", "--label", "a=2"}, "--label: 'a' stands twice"},
      {{"rules", "-o", "out", "--threshold", "A=x"}, "--threshold: A: expected a number, got 'x'"},
      {{"rules", "-o", "out", "--threshold", "A=Inf"},
       "--threshold: A: expected a number, got 'Inf'"},
      {{"rules", "-o", "out", "--selector", "up{a=\"b\"}"},
       "--selector up{a=\"b\"}: 1:4: parse error: unexpected left brace '{'"},
      {{"rules", "-o", "out", "--selector", "\"up\""},
       "--selector: expected matchers of labels, such as cluster=\"a\"; got '\"up\"'"},
      {{"servicemonitor", "-o", "out", "--metadata-label", "x"},
       "--metadata-label: expected NAME=VALUE; got 'x'"},
      {{"prometheusrule", "-o", "out", "--metadata-label", "x"},
       "--metadata-label: expected NAME=VALUE; got 'x'"},
      {{"servicemonitor", "-o", "out", "--selector-label", "x"},
       "--selector-label: expected NAME=VALUE; got 'x'"},
  };
  for (const Row& row : rows) BOOST_TEST(Refusal(row.words) == row.expected);
  BOOST_TEST(Refusal({"rules", "-o", "out", "--for", "A=x"}).starts_with("--for: A: "));
  BOOST_TEST(Refusal({"podmonitor", "-o", "out", "--interval", "x"}).starts_with("--interval: "));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::generate

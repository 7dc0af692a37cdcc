#include "notify/inhibition.h"

#include <chrono>
#include <string>

#include <boost/test/unit_test.hpp>

namespace tocsin::notify {
namespace {

using std::chrono::minutes;

const TimePoint kNow(std::chrono::hours(1000));

InhibitRule MakeRule(std::string_view source, std::string_view target,
                     std::vector<std::string> equal) {
  return {"", *ParseLabelMatchers(source), *ParseLabelMatchers(target), std::move(equal)};
}

ReceivedAlert Firing(Labels labels, TimePoint ends_at = kNow + minutes(4)) {
  Alert alert;
  alert.ends_at = ends_at;
  return {std::move(labels), std::make_shared<Alert>(alert), kNow};
}

ReceivedAlert Resolved(Labels labels) {
  Alert alert;
  alert.resolved = true;
  alert.ends_at = kNow;
  return {std::move(labels), std::make_shared<Alert>(alert), kNow};
}

BOOST_AUTO_TEST_SUITE(inhibition_test)

BOOST_AUTO_TEST_CASE(SourcesKeepTargetsQuiet) {
  const Labels target{{"severity", "warning"}, {"host", "a"}};
  const struct {
    std::string what;
    std::vector<std::string> equal;
    ReceivedAlert source;
    Labels labels;
    bool inhibited;
  } rows[] = {
      {"no source", {}, Firing({{"severity", "info"}}), target, false},
      {"a source", {}, Firing({{"severity", "critical"}}), target, true},
      {"no target", {}, Firing({{"severity", "critical"}}), {{"severity", "info"}}, false},
      {"equal", {"host"}, Firing({{"severity", "critical"}, {"host", "a"}}), target, true},
      {"not equal", {"host"}, Firing({{"severity", "critical"}, {"host", "b"}}), target, false},
      {"missing in the source", {"host"}, Firing({{"severity", "critical"}}), target, false},
      {"missing in the target",
       {"host"},
       Firing({{"severity", "critical"}, {"host", "a"}}),
       {{"severity", "warning"}},
       false},
      {"missing in both", {"zone"}, Firing({{"severity", "critical"}}), target, true},
      {"two labels, one differs",
       {"host", "zone"},
       Firing({{"severity", "critical"}, {"host", "a"}, {"zone", "x"}}),
       target,
       false},
      {"a resolved source", {}, Resolved({{"severity", "critical"}}), target, false},
      {"a source that has ended", {}, Firing({{"severity", "critical"}}, kNow), target, false},
      {"a source without an end", {}, Firing({{"severity", "critical"}}, {}), target, true},
  };
  for (const auto& row : rows) {
    BOOST_TEST_CONTEXT(row.what) {
      Inhibitor inhibitor({MakeRule("severity=critical", "severity=warning", row.equal)});
      inhibitor.Update(row.source);
      const auto source = inhibitor.InhibitedBy(row.labels, kNow);
      BOOST_TEST(source.has_value() == row.inhibited);
      if (source) BOOST_TEST(*source == Fingerprint(row.source.labels));
    }
  }
}

BOOST_AUTO_TEST_CASE(AlertsOnBothSidesDoNotInhibitEachOther) {
  Inhibitor inhibitor(
      {MakeRule("severity=~\"critical|warning\"", "severity=~\"warning|info\"", {})});
  const Labels critical{{"severity", "critical"}};
  const Labels warning{{"severity", "warning"}};
  const Labels other_warning{{"severity", "warning"}, {"a", "b"}};
  const Labels info{{"severity", "info"}};
  inhibitor.Update(Firing(warning));
  BOOST_TEST(!inhibitor.InhibitedBy(warning, kNow).has_value());
  BOOST_TEST(!inhibitor.InhibitedBy(other_warning, kNow).has_value());
  BOOST_TEST((inhibitor.InhibitedBy(info, kNow) == Fingerprint(warning)));
  inhibitor.Update(Firing(critical));
  BOOST_TEST((inhibitor.InhibitedBy(warning, kNow) == Fingerprint(critical)));
  BOOST_TEST((inhibitor.InhibitedBy(info, kNow) == Fingerprint(critical)));
}

BOOST_AUTO_TEST_CASE(FollowsItsSources) {
  Inhibitor inhibitor({MakeRule("a=source", "a=target", {"host"})});
  const Labels first{{"a", "source"}, {"host", "x"}};
  const Labels second{{"a", "source"}, {"host", "x"}, {"b", "c"}};
  const Labels target{{"a", "target"}, {"host", "x"}};
  inhibitor.Update(Firing(first, kNow + minutes(1)));
  inhibitor.Update(Firing(second, kNow + minutes(2)));
  BOOST_TEST((inhibitor.InhibitedBy(target, kNow) == Fingerprint(second)));
  inhibitor.Update(Resolved(second));
  BOOST_TEST((inhibitor.InhibitedBy(target, kNow) == Fingerprint(first)));
  BOOST_TEST(!inhibitor.InhibitedBy(target, kNow + minutes(1)).has_value());
  inhibitor.Update(Firing(first, kNow + minutes(3)));
  BOOST_TEST((inhibitor.InhibitedBy(target, kNow + minutes(1)) == Fingerprint(first)));
  inhibitor.Remove(first);
  inhibitor.Remove(first);
  BOOST_TEST(!inhibitor.InhibitedBy(target, kNow).has_value());
}

BOOST_AUTO_TEST_CASE(AnyRuleInhibits) {
  Inhibitor inhibitor({MakeRule("a=1", "b=1", {}), MakeRule("a=2", "b=2", {})});
  inhibitor.Update(Firing({{"a", "2"}}));
  BOOST_TEST(!inhibitor.InhibitedBy({{"b", "1"}}, kNow).has_value());
  BOOST_TEST(inhibitor.InhibitedBy({{"b", "2"}}, kNow).has_value());
}

// One by one, this would take 50 x 10,000 x 10,000 comparisons.
BOOST_AUTO_TEST_CASE(ManyAlertsAndRulesAreCheap) {
  constexpr int kAlerts = 10'000;
  constexpr int kRules = 50;
  std::vector<InhibitRule> rules;
  for (int i = 0; i < kRules; ++i) {
    rules.push_back(MakeRule("severity=~\"critical|warning\"", "severity=warning", {"host"}));
    rules.back().equal.push_back("label" + std::to_string(i));
  }
  Inhibitor inhibitor(std::move(rules));
  const auto labels = [](int i) {
    const std::string host = std::to_string(i % 2);
    return Labels{{"severity", "warning"}, {"id", std::to_string(i)}, {"host", host}};
  };
  for (int i = 0; i < kAlerts; ++i) inhibitor.Update(Firing(labels(i)));
  inhibitor.Update(Firing({{"severity", "critical"}, {"host", "1"}}));
  int inhibited = 0;
  for (int i = 0; i < kAlerts; ++i) {
    if (inhibitor.InhibitedBy(labels(i), kNow)) ++inhibited;
  }
  BOOST_TEST(inhibited == kAlerts / 2);
}

BOOST_AUTO_TEST_CASE(ReadsRules) {
  Diagnostics diagnostics("f");
  const auto node = ParseYaml(
      "inhibit_rules:\n"
      "  - {name: x, source_matchers: [a=b], target_matchers: ['c!=d'], equal: [e, f]}\n"
      "  - {source_match: {a: b}, source_match_re: {c: d}, target_match: {e: f},\n"
      "     target_match_re: {g: h}}\n"
      "  - {source_matchers: [a], equal: ['']}\n"
      "  - {sauce_matchers: [a=b]}\n",
      diagnostics);
  BOOST_REQUIRE(node);
  std::vector<InhibitRule> rules;
  {
    YamlMap notify(*node, diagnostics);
    rules = ReadInhibitRules(notify);
  }
  BOOST_REQUIRE(rules.size() == 4);
  BOOST_TEST(rules[0].name == "x");
  BOOST_TEST(ToString(rules[0].source) == R"({a="b"})");
  BOOST_TEST(ToString(rules[0].target) == R"({c!="d"})");
  BOOST_TEST(rules[0].equal == std::vector<std::string>({"e", "f"}),
             boost::test_tools::per_element());
  BOOST_TEST(ToString(rules[1].source) == R"({a="b",c=~"^(?:d)$"})");
  BOOST_TEST(ToString(rules[1].target) == R"({e="f",g=~"^(?:h)$"})");
  const std::string problems = diagnostics.Text();
  BOOST_TEST(problems.find("f:5:24: source_matchers: column 2:") != std::string::npos, problems);
  BOOST_TEST(problems.find("f:5:35: equal: expected names of labels") != std::string::npos,
             problems);
  BOOST_TEST(problems.find("f:6:6: unknown key \"sauce_matchers\"") != std::string::npos, problems);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::notify

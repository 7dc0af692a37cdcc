#include "rules/unit_test/coverage.h"

#include <boost/test/unit_test.hpp>

namespace tocsin::unit_test {
namespace {

RuleGroup GroupOf(std::vector<std::pair<std::string, Rule::Kind>> rules) {
  RuleGroup group;
  group.file = "a.yml";
  group.name = "g";
  for (auto& [name, kind] : rules) {
    Rule& rule = group.rules.emplace_back();
    rule.name = std::move(name);
    rule.kind = kind;
  }
  return group;
}

std::string Text(const Coverage& coverage) {
  std::string text;
  for (const Coverage::Gap& gap : coverage.Gaps()) text += gap.rule + ": " + gap.what + "; ";
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(coverage_test)

BOOST_AUTO_TEST_CASE(AnAlertIsTestedWhenItFiresAndWhenItDoesNot) {
  Coverage coverage;
  const RuleGroup group = GroupOf({{"A", Rule::Kind::kAlerting}, {"B", Rule::Kind::kAlerting}});
  coverage.AddRules(group);
  coverage.AddRules(group);
  BOOST_TEST(coverage.rules() == 2);
  BOOST_TEST(Text(coverage) == "A: no test; B: no test; ");
  coverage.SawAlertTest("A", true);
  coverage.SawAlertTest("B", false);
  BOOST_TEST(Text(coverage) == "A: no test expects none; B: no test expects an alert; ");
  coverage.SawAlertTest("A", false);
  coverage.SawAlertTest("B", true);
  BOOST_TEST(Text(coverage) == "");
}

BOOST_AUTO_TEST_CASE(ARecordedMetricIsTestedWhenItIsAskedFor) {
  Coverage coverage;
  coverage.AddRules(GroupOf({{"x:sum", Rule::Kind::kRecording}}));
  coverage.SawAlertTest("x:sum", true);
  BOOST_TEST(Text(coverage) == "x:sum: no test; ");
  coverage.SawMetric("x:sum");
  BOOST_TEST(Text(coverage) == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::unit_test

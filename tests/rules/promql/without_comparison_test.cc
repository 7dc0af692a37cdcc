#include "rules/promql/without_comparison.h"

#include <boost/test/unit_test.hpp>

#include "rules/promql/parser.h"
#include "tests/support/promql_fixture.h"

namespace tocsin::promql {
namespace {

std::string Without(std::string_view text) {
  const ParseResult parsed = Parse(text, {});
  if (!parsed) return "no expression";
  return WithoutComparison(*parsed.query->root).value_or("none");
}

BOOST_AUTO_TEST_SUITE(without_comparison_test)

BOOST_AUTO_TEST_CASE(TheOutermostConditionIsLeftOut) {
  struct Row {
    const char* text;
    const char* expected;
  };
  const Row rows[] = {
      {"a > 5", "a"},
      {"5 < a", "a"},
      {"(a > 5)", "a"},
      {"((rate(a[5m]) / b)) >= 0.5", "((rate(a[5m]) / b))"},
      {"a == 0 > 1", "a == 0"},
      {"a > b", "a == b or a != b"},
      {"a > on (x) group_left (y) b",
       "a == on (x) group_left (y) b or a != on (x) group_left (y) b"},
      {"a > 5 and b < 3", "(a)"},
      {"a unless b > 3", "(a)"},
      {"a > 5 or b > 3", "(a) or (b)"},
      {"a > 5 or b", "(a) or (b)"},
      {"(a > 5 or b > 3) and c", "((a) or (b))"},
      {"a", "none"},
      {"a or b", "none"},
      {"a > bool 5", "none"},
      {"1 > bool 0", "none"},
      {"sum(a > 5)", "none"},
      {"absent(a)", "none"},
      {"a + 1", "none"},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      BOOST_TEST(Without(row.text) == row.expected);
      if (std::string_view(row.expected) != "none") BOOST_TEST(bool(Parse(row.expected, {})));
    }
  }
}

BOOST_FIXTURE_TEST_CASE(WhatPassesHasTheSameLabelsAndNumbers, PromqlFixture) {
  Load("a{x=\"1\",y=\"1\"}", 0, kMinute, {7});
  Load("a{x=\"2\",y=\"1\"}", 0, kMinute, {3});
  Load("b{x=\"1\"}", 0, kMinute, {5});
  Load("b{x=\"2\"}", 0, kMinute, {5});
  BOOST_TEST(Instant("a > on (x) b", 0) == "{x=\"1\"} 7");
  BOOST_TEST(Instant(Without("a > on (x) b"), 0) == "{x=\"1\"} 7\n{x=\"2\"} 3");
  BOOST_TEST(Instant("a > on (x) group_left () b", 0) == "a{x=\"1\", y=\"1\"} 7");
  BOOST_TEST(Instant(Without("a > on (x) group_left () b"), 0) ==
             "a{x=\"1\", y=\"1\"} 7\na{x=\"2\", y=\"1\"} 3");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::promql

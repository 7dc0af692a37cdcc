#include "exporter/generate/promql_edit.h"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "rules/promql/parser.h"

namespace tocsin::generate {
namespace {

BOOST_AUTO_TEST_SUITE(promql_edit_test)

BOOST_AUTO_TEST_CASE(MatchersGoIntoEverySelector) {
  struct Row {
    std::string expr;
    std::string expected;
  };
  const Row rows[] = {
      {"up", "up{job=\"a}\"}"},
      {"up{}", "up{job=\"a}\"}"},
      {"up { b = 'c}' , }", "up { b = 'c}' , job=\"a}\"}"},
      {"{__name__=~\"a.*\"}", "{__name__=~\"a.*\", job=\"a}\"}"},
      {"{\"up\"}", "{\"up\", job=\"a}\"}"},
      {"up offset 5m @ 0", "up{job=\"a}\"} offset 5m @ 0"},
      {"rate(x_total{c=\"{\"}[5m] offset 1h)", "rate(x_total{c=\"{\", job=\"a}\"}[5m] offset 1h)"},
      {"max_over_time(a:b:c[1h:5m])", "max_over_time(a:b:c{job=\"a}\"}[1h:5m])"},
      {"sum by (up) (up) # up\n / on (up) group_left (x)\n down",
       "sum by (up) (up{job=\"a}\"}) # up\n / on (up) group_left (x)\n down{job=\"a}\"}"},
      {"offset offset 5m", "offset{job=\"a}\"} offset 5m"},
      {"label_replace(up, \"up\", \"up\", \"\", \"\")",
       "label_replace(up{job=\"a}\"}, \"up\", \"up\", \"\", \"\")"},
      {"time() - vector(1)", "time() - vector(1)"},
  };
  const std::vector<Matcher> matchers = {*Matcher::Make(MatchType::kEqual, "job", "a}")};
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.expr) {
      const auto insertions = MatcherInsertions(row.expr, matchers);
      BOOST_REQUIRE(insertions);
      const std::string made = WithInsertions(row.expr, *insertions);
      BOOST_TEST(made == row.expected);
      BOOST_TEST(static_cast<bool>(promql::Parse(made, {})));
    }
  }
  const std::vector<Matcher> two = {matchers[0],
                                    *Matcher::Make(MatchType::kNotRegexp, "cluster", "b|c")};
  BOOST_TEST(WithInsertions("up", *MatcherInsertions("up", two)) ==
             "up{job=\"a}\", cluster!~\"b|c\"}");
  BOOST_TEST(!MatcherInsertions("up{", two));
}

BOOST_AUTO_TEST_CASE(TheThresholdIsWhatTheValueIsComparedWith) {
  struct Row {
    std::string expr;
    std::string expected;  ///< Of what fails, a part of the error.
  };
  const Row rows[] = {
      {"up == 0", "up == 2.5"},
      {"a > 60 unless b == 0", "a > 2.5 unless b == 0"},
      {"a\n  > 60 # more\n  and\nsum(b > 3) == 0", "a\n  > 2.5 # more\n  and\nsum(b > 3) == 0"},
      {"(a / (b > 0) < 0.1) and c >= 3", "(a / (b > 0) < 2.5) and c >= 3"},
      {"a < -(1)", "a < 2.5"},
      {"a > (5)", "a > (2.5)"},
      {"a > 5 or b", "a > 2.5 or b"},
      {"a", "not compared with a number"},
      {"a > b", "not compared with a number"},
      {"5 < a", "not compared with a number"},
      {"a > 5 + 1", "not compared with a number"},
      {"a > bool 5", "not compared with a number"},
      {"max(a > 5)", "not compared with a number"},
      {"vector(1)", "not compared with a number"},
      {"a > 5 or b > 3", "more than one number: 5, 3"},
      {"a > 100 <= 1e3", "more than one number: 100, 1e3"},
      {"a >", "parse error"},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.expr) {
      const Result<std::string> made = WithThreshold(row.expr, 2.5);
      if (made) {
        BOOST_TEST(*made == row.expected);
      } else {
        BOOST_TEST(made.error().message.find(row.expected) != std::string::npos,
                   made.error().message);
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::generate

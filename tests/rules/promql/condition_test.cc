#include "rules/promql/condition.h"

#include <boost/test/unit_test.hpp>

#include "rules/promql/parser.h"

namespace tocsin::promql {
namespace {

BOOST_AUTO_TEST_SUITE(condition_test)

BOOST_AUTO_TEST_CASE(TheOutermostComparisonWithANumberIsSaid) {
  const struct {
    const char* text;
    const char* expected;
  } rows[] = {
      {"a > 300", "> 300"},
      {"300 < a", "> 300"},
      {"5 >= a", "<= 5"},
      {"1 == a", "== 1"},
      {"a != 0", "!= 0"},
      {"a < -1.5", "< -1.5"},
      {"((rate(a[5m]) / b)) >= (0.5)", ">= 0.5"},
      {"a == 0 > 1", "> 1"},
      {"a > 5 and b < 3", "> 5"},
      {"a > 5 unless b", "> 5"},
      {"a > 5 or b > 5", "> 5"},
      {"a > 5 or b > 6", ""},
      {"a > b", ""},
      {"a > bool 5", ""},
      {"a > 2 * 3", ""},
      {"sum(a > 5)", ""},
      {"absent(a)", ""},
      {"a", ""},
  };
  for (const auto& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      const ParseResult parsed = Parse(row.text, {});
      BOOST_TEST_REQUIRE(!!parsed);
      BOOST_TEST(ConditionOf(*parsed.query->root) == row.expected);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::promql

#include "rules/promql/look_back.h"

#include <string_view>

#include <boost/test/unit_test.hpp>

#include "rules/promql/parser.h"

namespace tocsin::promql {
namespace {

constexpr Millis kMinute = 60'000;
constexpr Millis kLookback = 5 * kMinute;

struct Case {
  std::string_view expr;
  Millis minutes;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(look_back_test)

BOOST_AUTO_TEST_CASE(RangesOffsetsAndSubqueriesAddUpAndTheLongestPartCounts) {
  const Case cases[] = {
      {"1 + time()", 0},
      {"up", 5},
      {"up offset 1h", 65},
      {"up offset -1h", 5},
      {"rate(x[10m])", 10},
      {"rate(x[10m] offset 1h)", 70},
      {"max_over_time(rate(x[10m])[1h:1m])", 70},
      {"max_over_time(up[1h:1m] offset 1d)", 24 * 60 + 65},
      {"sum by (job) (rate(x[2h])) / on (job) group_left () -up", 120},
      {"topk(scalar(count(x offset 3h)), (y))", 185},
      {"rate(x[2m * 10])", 20},
  };
  for (const Case& each : cases) {
    BOOST_TEST_CONTEXT(each.expr) {
      const ParseResult parsed = Parse(each.expr, {.experimental = true});
      BOOST_REQUIRE(parsed);
      BOOST_TEST(LookBack(*parsed.query, kLookback, kMinute) == each.minutes * kMinute);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::promql

#include "rules/promql/evaluator.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "rules/promql/functions.h"
#include "tests/support/promql_fixture.h"

namespace tocsin::promql {
namespace {

struct EvaluatorFixture : PromqlFixture {
  EvaluatorFixture() {
    settings.experimental = true;
    // 0 at 0m, 1 at 1m ... 10 at 10m.
    Load("m{a=\"x\"}", 0, kMinute, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
    Load("ends", 0, kMinute, {1, 2, 3, kStaleNan});
    Load("late", 8 * kMinute, kMinute, {80, 90});
    Load("c_total", 0, kMinute, {0, 60, 120, 180, 240, 300});
    Load("b{n=\"2\"}", 0, kMinute, {2});
    Load("a{n=\"3\"}", 0, kMinute, {3});
  }
};

struct InstantCase {
  const char* expr;
  Millis at;
  const char* expected;
};

/// A vector: a call of `function` with `vector` and `matrix` as its arguments of these types.
std::string CallOf(const Function& function, std::string_view vector, std::string_view matrix) {
  std::string text;
  const std::size_t optional = static_cast<std::size_t>(std::abs(function.optional_args));
  for (std::size_t i = 0; i + optional < function.args.size(); ++i) {
    if (i > 0) text += ", ";
    switch (function.args[i]) {
      case ValueType::kVector: text += vector; break;
      case ValueType::kMatrix: text += matrix; break;
      case ValueType::kScalar: text += "0.5"; break;
      case ValueType::kString:
      case ValueType::kNone: text += "\"a\""; break;
    }
  }
  text = std::string(function.name) + "(" + text + ")";
  return function.returns == ValueType::kScalar ? "vector(" + text + ")" : text;
}

struct RangeCase {
  const char* expr;
  Millis start;
  Millis step;
  std::size_t count;
  const char* expected;
};

BOOST_FIXTURE_TEST_SUITE(evaluator_test, EvaluatorFixture)

BOOST_AUTO_TEST_CASE(SelectorsSeeTheNewestSampleWithinTheLookback) {
  const std::vector<InstantCase> cases = {
      {"m", 90 * kSecond, "m{a=\"x\"} 1"},
      {"m", 15 * kMinute - 1, "m{a=\"x\"} 10"},
      {"m", 15 * kMinute, ""},
      {"m", -1, ""},
      {"ends", 2 * kMinute + 59 * kSecond, "ends 3"},
      {"ends", 3 * kMinute, ""},
      {"m offset 2m", 5 * kMinute, "m{a=\"x\"} 3"},
      {"m offset -2m", 5 * kMinute, "m{a=\"x\"} 7"},
      {"m @ 240", 90 * kMinute, "m{a=\"x\"} 4"},
      {"m @ 240 offset 1m", 90 * kMinute, "m{a=\"x\"} 3"},
      {"m @ start()", 3 * kMinute, "m{a=\"x\"} 3"},
      {"m @ end()", 3 * kMinute, "m{a=\"x\"} 3"},
      {"m{a=\"y\"}", 0, ""},
      {"-m", kMinute, "{a=\"x\"} -1"},
      {"+m", kMinute, "m{a=\"x\"} 1"},
      {"(m)", kMinute, "m{a=\"x\"} 1"},
      {"-(1 + 2)", 0, "scalar -3"},
      {"\"text\"", 0, "string text"},
  };
  for (const InstantCase& c : cases) {
    BOOST_TEST(Instant(c.expr, c.at) == c.expected, c.expr << " at " << c.at);
  }
}

BOOST_AUTO_TEST_CASE(RangesAreOpenAtTheirStartAndSkipStaleMarkers) {
  const std::vector<InstantCase> cases = {
      {"count_over_time(m[2m])", 5 * kMinute, "{a=\"x\"} 2"},
      {"count_over_time(m[2m])", 5 * kMinute - 1, "{a=\"x\"} 2"},
      {"count_over_time(m[120001ms])", 5 * kMinute, "{a=\"x\"} 3"},
      {"count_over_time(ends[10m])", 5 * kMinute, "{} 3"},
      {"count_over_time(m[2m])", 30 * kMinute, ""},
      {"last_over_time(m[2m] offset 3m)", 5 * kMinute, "m{a=\"x\"} 2"},
      {"quantile_over_time(0.5, m[3m])", 4 * kMinute, "{a=\"x\"} 3"},
      {"m[2m]", 5 * kMinute, "m{a=\"x\"} 4@240000 5@300000"},
      {"m[2m] @ 60", 5 * kMinute, "m{a=\"x\"} 0@0 1@60000"},
      {"m[2m:1m]", 5 * kMinute + 1, "m{a=\"x\"} 4@240000 5@300000"},
      {"predict_linear(m[5m] @ 300, 0)", 10 * kMinute, "{a=\"x\"} 10"},
      {"m[2m] anchored", 330 * kSecond, "m{a=\"x\"} 3@210000 4@240000 5@300000 5@330000"},
      {"m[2m] smoothed", 330 * kSecond, "m{a=\"x\"} 3.5@210000 4@240000 5@300000 5.5@330000"},
      {"m[2m] smoothed", 5 * kMinute, "m{a=\"x\"} 3@180000 4@240000 5@300000"},
      {"m[2m] anchored", 14 * kMinute, ""},
      {"deriv(m[2m] anchored)", 0,
       "execution: anchored modifier can only be used with: changes, delta, increase, rate, resets "
       "- not with deriv"},
  };
  for (const InstantCase& c : cases) {
    BOOST_TEST(Instant(c.expr, c.at) == c.expected, c.expr << " at " << c.at);
  }
}

BOOST_AUTO_TEST_CASE(SubqueriesAreEvaluatedAtMultiplesOfTheirStep) {
  const std::vector<InstantCase> cases = {
      {"count_over_time(m[3m:1m])", 5 * kMinute, "{a=\"x\"} 3"},
      {"count_over_time(m[3m:1m])", 5 * kMinute + 1, "{a=\"x\"} 3"},
      {"sum_over_time(m[3m:2m])", 5 * kMinute, "{a=\"x\"} 4"},
      {"sum_over_time(m[3m:])", 5 * kMinute, "{a=\"x\"} 12"},
      {"sum_over_time(m[3m:1m] offset 1m)", 5 * kMinute, "{a=\"x\"} 9"},
      {"sum_over_time(m[3m:1m] @ 240)", 50 * kMinute, "{a=\"x\"} 9"},
      {"sum_over_time((m @ 120)[3m:1m])", 5 * kMinute, "{a=\"x\"} 6"},
      {"sum_over_time((m offset 1m)[3m:1m] @ 240)", 50 * kMinute, "{a=\"x\"} 6"},
      // Inner sums at 1m, 2m, 3m, 4m: 1, 3, 5, 7.
      {"max_over_time(sum_over_time(m[2m:1m])[4m:1m] offset 1m)", 5 * kMinute, "{a=\"x\"} 7"},
      {"sum_over_time(sum_over_time(m[2m:1m])[4m:2m] @ 240)", 9 * kMinute, "{a=\"x\"} 10"},
      {"count_over_time(ends[5m:1m])", 4 * kMinute, "{} 3"},
      {"count_over_time(m[3m:1m])", -10 * kMinute, ""},
      {"count_over_time(vector(1)[3m:1m])", -10 * kMinute, "{} 3"},
  };
  for (const InstantCase& c : cases) {
    BOOST_TEST(Instant(c.expr, c.at) == c.expected, c.expr << " at " << c.at);
  }
}

// A moment that no multiple of seven minutes precedes by a minute or less.
constexpr Millis kBetweenPoints = 6 * kMinute + 30 * kSecond;

BOOST_AUTO_TEST_CASE(ASubqueryWithoutPointsIsEmptyWhateverStandsInIt) {
  std::vector<std::string> inner = {"m", "1 + m", "m + m", "m and m", "m > 1", "-m", "(m)"};
  inner.insert(inner.end(), {"m * on (a) group_left m", "vector(1)", "m @ 0", "m smoothed"});
  for (const std::string aggregation :
       {"sum(", "avg(", "count(", "min(", "max(", "group(", "stddev(", "stdvar(", "topk(1, ",
        "bottomk(1, ", "limitk(1, ", "limit_ratio(0.5, ", "quantile(0.5, ",
        "count_values(\"v\", "}) {
    inner.push_back(aggregation + "m)");
    inner.push_back(aggregation + "rate(m[5m]))");
  }
  for (const Function& function : AllFunctions()) inner.push_back(CallOf(function, "m", "m[5m]"));
  for (const std::string& expr : inner) {
    const std::string subquery = "(" + expr + ")[1m:7m]";
    BOOST_TEST(Instant(subquery, kBetweenPoints) == "", subquery);
    BOOST_TEST(Instant("max_over_time(" + subquery + ")", kBetweenPoints) == "", subquery);
    BOOST_TEST(Instant("absent_over_time(" + subquery + ")", kBetweenPoints) == "{} 1", subquery);
    BOOST_TEST(Instant("sum(sum_over_time(" + subquery + " @ 390))", 0) == "", subquery);
  }
}

BOOST_AUTO_TEST_CASE(FunctionsOfASubqueryWithoutPointsGiveNothing) {
  for (const Function& function : AllFunctions()) {
    if (std::ranges::find(function.args, ValueType::kMatrix) == function.args.end()) continue;
    const std::string call = CallOf(function, "m", "sum(m)[1m:7m]");
    const std::string one = function.name == "absent_over_time" ? "{} 1" : "";
    BOOST_TEST(Instant(call, kBetweenPoints) == one, call);
    const std::string each = one.empty() ? "" : "{} 1 1 1";
    BOOST_TEST(Range(call, {kBetweenPoints, kSecond, 3}) == each, call);
  }
  // Some windows have a point and some have none.
  BOOST_TEST(Range("max_over_time(sum(m)[30s:])", {40 * kSecond, 20 * kSecond, 4}) == "{} _ 1 1 _");
  BOOST_TEST(Instant("max_over_time(sum(m)[30s:])", 40 * kSecond) == "");
}

BOOST_AUTO_TEST_CASE(RangeQueriesGiveAValuePerStep) {
  const std::vector<RangeCase> cases = {
      {"m", 0, 30 * kSecond, 4, "m{a=\"x\"} 0 0 1 1"},
      {"ends", kMinute, kMinute, 4, "ends 2 3 _ _"},
      {"late", 7 * kMinute, kMinute, 4, "late _ 80 90 90"},
      {"m", 0, 7 * kMinute, 4, "m{a=\"x\"} 0 7 10 _"},
      // Steps so far apart that each is looked up by itself.
      {"m", 0, 25 * kMinute, 2, "m{a=\"x\"} 0 _"},
      {"count_over_time(m[1m])", 0, 5 * kMinute, 3, "{a=\"x\"} 1 1 1"},
      {"sum_over_time(m[3m])", 0, kMinute, 4, "{a=\"x\"} 0 1 3 6"},
      {"m @ 180", 0, kMinute, 3, "m{a=\"x\"} 3 3 3"},
      {"m @ end() - m @ start()", kMinute, kMinute, 3, "{a=\"x\"} 2 2 2"},
      {"sum_over_time(m[2m] @ 180)", 0, kMinute, 3, "{a=\"x\"} 5 5 5"},
      {"sum_over_time(m[2m:1m] @ end())", 0, kMinute, 4, "{a=\"x\"} 5 5 5 5"},
      {"sum_over_time((m @ end())[2m:1m])", 0, kMinute, 3, "{a=\"x\"} 4 4 4"},
      {"predict_linear(m[5m] @ 300, 0)", 5 * kMinute, kMinute, 3, "{a=\"x\"} 5 6 7"},
      {"timestamp(m)", 0, 45 * kSecond, 3, "{a=\"x\"} 0 0 60"},
      {"timestamp(m @ 61)", 0, 45 * kSecond, 3, "{a=\"x\"} 60 60 60"},
      {"timestamp(m + 0)", 0, 45 * kSecond, 3, "{a=\"x\"} 0 45 90"},
      {"absent_over_time(late[1m])", 7 * kMinute, kMinute, 5, "{} 1 _ _ 1 1"},
      {"absent_over_time(nothing{x=\"y\"}[1m])", 0, 1, 2, "{x=\"y\"} 1 1"},
      {"1 + 2", 0, kMinute, 3, "{} 3 3 3"},
      {"time()", 0, kMinute, 3, "{} 0 60 120"},
      {"quantile_over_time(time() / 60, m[2m])", 0, kMinute, 2, "{a=\"x\"} 0 1"},
      {"start() + end() * 10 + step() * 100 + range() * 1000", kMinute, 2 * kMinute, 2,
       "{} 133860 133860"},
      {"sum_over_time(vector(range())[1m:1m])", 0, kMinute, 3, "{} 120 120 120"},
  };
  for (const RangeCase& c : cases) {
    BOOST_TEST(Range(c.expr, Steps{c.start, c.step, c.count}) == c.expected,
               c.expr << " from " << c.start);
  }
}

BOOST_AUTO_TEST_CASE(ARangeQueryGivesAtEachStepWhatAnInstantQueryGives) {
  for (int i = 0; i < 3; ++i) {
    std::vector<double> values;
    for (int k = 0; k < 500; ++k) values.push_back((k * 7 + i * 3) % 11 == 0 ? kStaleNan : k);
    Load("r_total{i=\"" + std::to_string(i) + "\"}", i * 3457, 15'013, values);
  }
  const std::vector<const char*> exprs = {
      "r_total",
      "r_total offset 17s",
      "rate(r_total[1m])",
      "increase(r_total[7m] offset 3m)",
      "sum by (i) (rate(r_total[2m]))",
      "max_over_time(rate(r_total[1m])[10m:45s])",
      "count_over_time(r_total[5s])",
      "increase(r_total[2m] anchored)",
      "increase(r_total[2m] smoothed)",
      "r_total smoothed",
      "absent_over_time(r_total{i=\"1\"}[20s])",
  };
  for (const Millis step : {Millis{7'919}, kMinute, 21 * kMinute}) {
    const Steps steps{100'003, step, 90};
    for (const char* expr : exprs) {
      const QueryOutcome range = Query(expr, steps);
      BOOST_REQUIRE(range);
      const Block& all = std::get<Block>(range->value);
      for (std::size_t i = 0; i < steps.count; ++i) {
        Block column(all.shape, 1);
        for (std::size_t s = 0; s < all.shape->size(); ++s) column.values[s] = all.at(s, i);
        const std::string expected = Instant(expr, steps.at(i));
        const std::string got = ResultText::Of({QueryResult{.value = column, .steps = {}}});
        BOOST_TEST_REQUIRE(got == expected, expr << " at " << steps.at(i));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(SmoothedSelectorsLieOnTheLineBetweenSamples) {
  const std::vector<InstantCase> cases = {
      {"m smoothed", 90 * kSecond, "m{a=\"x\"} 1.5"},
      {"m smoothed", 2 * kMinute, "m{a=\"x\"} 2"},
      {"m smoothed", 12 * kMinute, "m{a=\"x\"} 10"},
      {"m smoothed", 15 * kMinute, ""},
      {"late smoothed", 7 * kMinute, ""},
  };
  for (const InstantCase& c : cases) {
    BOOST_TEST(Instant(c.expr, c.at) == c.expected, c.expr << " at " << c.at);
  }
}

BOOST_AUTO_TEST_CASE(DelayedNameRemovalLetsALabelFunctionSeeTheName) {
  settings.features.delayed_name_removal = true;
  BOOST_TEST(Instant("label_replace(-m, \"was\", \"$1\", \"__name__\", \"(.*)\")", kMinute) ==
             "{a=\"x\", was=\"m\"} -1");
  BOOST_TEST(Instant("rate(c_total[2m])", 5 * kMinute) == "{} 1");
  BOOST_TEST(Instant("sum by (__name__) (rate(c_total[2m]))", 5 * kMinute) == "{} 1");
}

BOOST_AUTO_TEST_CASE(RatesOfWhatIsNotNamedLikeACounterAreRemarkedOn) {
  const auto infos_of = [&](const char* expr) {
    const QueryOutcome outcome = Query(expr, 3 * kMinute);
    BOOST_REQUIRE(outcome);
    return outcome->infos;
  };
  BOOST_TEST(infos_of("rate(c_total[2m])").empty());
  const std::set<std::string> remark = {
      "PromQL info: metric might not be a counter, name does not end in "
      "_total/_sum/_count/_bucket: \"m\" (1:6)"};
  BOOST_TEST(infos_of("rate(m[2m])") == remark, boost::test_tools::per_element());
  BOOST_TEST(infos_of("rate(late[2m])").empty());
}

BOOST_AUTO_TEST_CASE(InfoAddsLabelsOfTheNewestInfoSeries) {
  Load("v{instance=\"i\", job=\"j\"}", 0, kMinute, {1, 2, 3});
  Load("target_info{instance=\"i\", job=\"j\", version=\"1\"}", 0, kMinute, {1, 1});
  Load("target_info{instance=\"i\", job=\"j\", version=\"2\"}", 2 * kMinute, kMinute, {1});
  BOOST_TEST(Range("info(v)", {0, kMinute, 3}) ==
             "v{instance=\"i\", job=\"j\", version=\"1\"} 1 2 _\n"
             "v{instance=\"i\", job=\"j\", version=\"2\"} _ _ 3");
  BOOST_TEST(Instant("info(v @ 60)", 20 * kMinute) ==
             "v{instance=\"i\", job=\"j\", version=\"1\"} 2");
  BOOST_TEST(Instant("info(m, {version=~\".+\"})", kMinute) == "");
  BOOST_TEST(Instant("info(m)", kMinute) == "m{a=\"x\"} 1");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::promql

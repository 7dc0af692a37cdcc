#include "rules/promql/small_query.h"

#include <string>
#include <string_view>
#include <variant>

#include <boost/test/unit_test.hpp>

#include "tests/support/promql_fixture.h"

namespace tocsin::promql {
namespace {

struct SmallQueryFixture : PromqlFixture {
  SmallQueryFixture() {
    for (std::size_t i = 0; i < kMostSmallSeries; ++i) {
      Load("m{i=\"" + std::to_string(i) + "\"}", 0, kMinute, {1.0 * static_cast<double>(i)});
    }
    Load("one", 0, kMinute, {7});
  }
};

PreparedQuery Prepared(const Engine& engine, std::string_view text) {
  return std::get<PreparedQuery>(engine.Prepare(text));
}

struct Case {
  std::string text;
  bool at_once;  ///< Once it has been evaluated.
};

BOOST_FIXTURE_TEST_SUITE(small_query_test, SmallQueryFixture)

BOOST_AUTO_TEST_CASE(WhatReadsLastSamplesOfFewSeriesIsSmall) {
  settings.experimental = true;
  std::string long_sum = "1";
  for (std::size_t i = 0; i < kMostSmallNodes; ++i) long_sum += " + 1";
  const Case cases[] = {
      {"1 + 1", true},
      {"\"text\"", true},
      {"one", true},
      {"one offset 1m", true},
      {"-(one > 0.5) * 2", true},
      {"m", true},
      {"sum by (i) (m)", true},
      {"topk(3, m)", true},
      {"topk(scalar(one), m)", false},
      {"m + on () group_left () one", false},  // One series too many.
      {"sum(m) + sum(m)", false},
      {"abs(one)", false},
      {"rate(one[5m])", false},
      {"one[5m]", false},
      {"max_over_time(one[5m:1m])", false},
      {"one smoothed", false},
      {long_sum, false},
  };
  const Engine engine = MakeEngine();
  for (const Case& c : cases) {
    BOOST_TEST_CONTEXT(c.text) {
      PreparedQuery query = Prepared(engine, c.text);
      const std::string answer = ResultText::Of(engine.Instant(query, kSecond, {}));
      const auto at_once = engine.InstantAtOnce(query, kSecond, {});
      BOOST_TEST(at_once.has_value() == c.at_once);
      if (at_once) BOOST_TEST(ResultText::Of(*at_once) == answer);
    }
  }
}

BOOST_AUTO_TEST_CASE(SeriesAreNeverLookedForAtOnce) {
  const Engine engine = MakeEngine();
  PreparedQuery query = Prepared(engine, "one");
  BOOST_TEST(!engine.InstantAtOnce(query, 0, {}), "it was not evaluated before");
  BOOST_REQUIRE(engine.Instant(query, 0, {}));
  BOOST_TEST(!!engine.InstantAtOnce(query, 0, {}));
  Load("another", 0, kMinute, {1});
  BOOST_TEST(!engine.InstantAtOnce(query, 0, {}), "a series has come, it may match");
  BOOST_REQUIRE(engine.Instant(query, 0, {}));
  BOOST_TEST(!!engine.InstantAtOnce(query, 0, {}));
}

BOOST_AUTO_TEST_CASE(NewSamplesAreSeenAtOnce) {
  const Engine engine = MakeEngine();
  PreparedQuery query = Prepared(engine, "one");
  BOOST_REQUIRE(engine.Instant(query, 0, {}));
  Load("one", kMinute, kMinute, {8});
  const auto outcome = engine.InstantAtOnce(query, kMinute, {});
  BOOST_REQUIRE(outcome.has_value());
  BOOST_TEST(ResultText::Of(*outcome) == "one 8");
}

BOOST_AUTO_TEST_CASE(SmallQueriesDoNotWaitForOthers) {
  settings.max_concurrency = 0;
  const Engine engine = MakeEngine();
  PreparedQuery query = Prepared(engine, "1");
  const auto outcome = engine.InstantAtOnce(query, 0, {});
  BOOST_REQUIRE(outcome.has_value());
  BOOST_TEST(ResultText::Of(*outcome) == "scalar 1");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::promql

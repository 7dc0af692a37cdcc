#include "rules/promql/engine.h"

#include <atomic>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/support/promql_fixture.h"

namespace tocsin::promql {
namespace {

/// A clock that moves on whenever it is looked at.
class TickingClock final : public Clock {
 public:
  TimePoint Now() const override { return {}; }
  SteadyPoint SteadyNow() const override { return SteadyPoint(Duration(looks_.fetch_add(1))); }
  bool WaitUntil(SteadyPoint, std::stop_token) const override { return true; }

 private:
  mutable std::atomic<int> looks_ = 0;
};

struct EngineFixture : PromqlFixture {
  void LoadMany(int series) {
    for (int i = 0; i < series; ++i) {
      Load("m{i=\"" + std::to_string(i) + "\"}", 0, kMinute, {1.0 * i, 1.0 * i});
    }
  }
};

PreparedQuery Prepared(const Engine& engine, std::string_view text) {
  return std::get<PreparedQuery>(engine.Prepare(text));
}

BOOST_FIXTURE_TEST_SUITE(engine_test, EngineFixture)

BOOST_AUTO_TEST_CASE(KindsOfErrorsHaveTheNamesOfTheApi) {
  BOOST_TEST(Name(QueryError::Kind::kBadData) == std::string_view("bad_data"));
  BOOST_TEST(Name(QueryError::Kind::kExecution) == std::string_view("execution"));
  BOOST_TEST(Name(QueryError::Kind::kTimeout) == std::string_view("timeout"));
  BOOST_TEST(Name(QueryError::Kind::kCanceled) == std::string_view("canceled"));
  BOOST_TEST(Name(QueryError::Kind::kUnavailable) == std::string_view("unavailable"));
}

BOOST_AUTO_TEST_CASE(ATextThatIsNoExpressionIsNotPrepared) {
  const Engine engine = MakeEngine();
  const auto prepared = engine.Prepare("sum(");
  BOOST_TEST(std::holds_alternative<ParseError>(prepared));
}

BOOST_AUTO_TEST_CASE(ExperimentalFunctionsNeedTheSetting) {
  BOOST_TEST(Instant("info(m)", 0).starts_with("bad_data: "));
  settings.experimental = true;
  BOOST_TEST(Instant("info(m)", 0) == "");
}

BOOST_AUTO_TEST_CASE(RangeQueriesAreOfVectorsAndScalars) {
  BOOST_TEST(Range("m[5m]", {0, 1, 2}) ==
             "bad_data: invalid expression type \"range vector\" for range query, must be Scalar "
             "or instant Vector");
  BOOST_TEST(Range("\"a\"", {0, 1, 2}) ==
             "bad_data: invalid expression type \"string\" for range query, must be Scalar or "
             "instant Vector");
}

BOOST_AUTO_TEST_CASE(DurationsOutOfBoundsAreBadData) {
  BOOST_TEST(Instant("m[step()]", 0) == "bad_data: duration must be greater than 0");
  BOOST_TEST(Range("count_over_time(m[step()-1])", {0, 1000, 2}) ==
             "bad_data: duration must be greater than 0");
}

BOOST_AUTO_TEST_CASE(RangeResultsAreSortedByTheLabelsThatAreLeft) {
  Load("a{n=\"2\"}", 0, 1, {2});
  Load("b{n=\"1\"}", 0, 1, {1});
  const QueryOutcome outcome = Query("{n=~\".+\"} + 0", Steps{0, 1, 2});
  BOOST_REQUIRE(outcome);
  const Block& block = std::get<Block>(outcome->value);
  BOOST_REQUIRE(block.shape->size() == 2u);
  BOOST_TEST(block.shape->labels[0].ToString() == "{n=\"1\"}");
  BOOST_TEST(block.at(0, 1) == 1);
  BOOST_TEST(block.at(1, 1) == 2);
}

BOOST_AUTO_TEST_CASE(OnePreparedQueryServesInstantAndRange) {
  Load("a{n=\"2\"}", 0, 1, {2});
  Load("b{n=\"1\"}", 0, 1, {1});
  const Engine engine = MakeEngine();
  PreparedQuery query = Prepared(engine, "{n=~\".+\"} + 0");
  BOOST_TEST(ResultText::Of(engine.Instant(query, 0, {})) == "{n=\"1\"} 1\n{n=\"2\"} 2");
  const QueryOutcome outcome = engine.Range(query, {0, 1, 2}, {});
  BOOST_REQUIRE(outcome);
  BOOST_TEST(std::get<Block>(outcome->value).shape->labels[0].ToString() == "{n=\"1\"}");
}

BOOST_AUTO_TEST_CASE(TheEndMayLieBehindTheLastStep) {
  settings.experimental = true;
  const Engine engine = MakeEngine();
  PreparedQuery query = Prepared(engine, "end() * 1000 + range()");
  BOOST_TEST(ResultText::Of(engine.Range(query, {kSecond, kSecond, 2}, {})) == "{} 2001 2001");
  BOOST_TEST(ResultText::Of(engine.Range(query, {kSecond, kSecond, 2}, {.end = 2500})) ==
             "{} 2501.5 2501.5");
}

BOOST_AUTO_TEST_CASE(AFailureNamesTheInnermostPartOfTheExpression) {
  struct Case {
    std::string_view text;
    std::string_view part;  ///< Empty if none is to blame.
  };
  LoadMany(2);
  const Case cases[] = {
      {"1 + sum(m * on(x) m)", "m * on(x) m"},
      {"sum(m) and\n (label_replace(m, \"1\", \"(\", \"i\", \"(\"))",
       "label_replace(m, \"1\", \"(\", \"i\", \"(\")"},
      {"max_over_time((m + on(x) m)[1m:30s]) > 0", "m + on(x) m"},
      {"label_replace(m, \"i\", \"\", \"\", \"\")", "label_replace(m, \"i\", \"\", \"\", \"\")"},
      {"m[step()]", ""},
  };
  for (const Case& each : cases) {
    BOOST_TEST_CONTEXT(each.text) {
      const QueryOutcome outcome = Query(each.text, 0);
      BOOST_REQUIRE(!outcome);
      const std::optional<Position> at = outcome.error().position;
      BOOST_TEST((at ? each.text.substr(at->begin, at->end - at->begin) : "") == each.part);
    }
  }
  // When the time is over, any part may be the one that is being evaluated.
  const TickingClock ticking;
  settings.timeout = Duration(1);
  const Engine engine(settings, store, ticking);
  PreparedQuery slow = Prepared(engine, "sum(count_over_time(vector(1)[1h:1ms]))");
  const QueryOutcome late = engine.Instant(slow, 0, {});
  BOOST_REQUIRE(!late);
  BOOST_TEST(Name(late.error().kind) == "timeout");
  BOOST_TEST(!late.error().position.has_value());
}

BOOST_AUTO_TEST_CASE(SortedInstantResultsKeepTheirOrder) {
  LoadMany(3);
  const QueryOutcome outcome = Query("sort_desc(m)", 0);
  BOOST_REQUIRE(outcome);
  const Block& block = std::get<Block>(outcome->value);
  BOOST_REQUIRE(block.order.size() == 3u);
  BOOST_TEST(block.at(block.order[0], 0) == 2);
  BOOST_TEST(block.at(block.order[2], 0) == 0);
}

BOOST_AUTO_TEST_CASE(TooManySamplesAreRefusedBeforeTheyAreHeld) {
  LoadMany(100);
  settings.max_samples = 100;
  const std::string refused =
      "execution: query processing would load too many samples into memory in query execution";
  BOOST_TEST(Instant("count(m)", 0) == "{} 100");
  BOOST_TEST(Range("m", {0, 1, 2}) == refused);
  BOOST_TEST(Instant("count_over_time(vector(1)[100y:1ms])", 0) == refused);
  BOOST_TEST(Range("1", {0, 1, 101}) == refused);
  BOOST_TEST(Instant("m[5m]", kMinute) == refused);
  BOOST_TEST(Instant("count_over_time(m{i=\"1\"}[5m])", kMinute) == "{i=\"1\"} 2");
}

BOOST_AUTO_TEST_CASE(ALongSeriesIsRefusedWithoutBeingRead) {
  Load("long", 0, kMinute, std::vector<double>(500, 1));
  settings.max_samples = 400;
  BOOST_TEST(Instant("count_over_time(long[1d])", 500 * kMinute).starts_with("execution: "));
}

BOOST_AUTO_TEST_CASE(TheBudgetIsThatOfWhatIsHeldAtOnce) {
  LoadMany(100);
  settings.max_samples = 400;
  // Each sum gives back its hundred samples.
  BOOST_TEST(Instant("sum(m) + sum(m) + sum(m) + sum(m) + sum(m) + sum(m)", 0) == "{} 29700");
}

BOOST_AUTO_TEST_CASE(AQueryEndsAtItsTimeout) {
  LoadMany(10);
  const TickingClock ticking;
  settings.timeout = Duration(4);
  const Engine engine(settings, store, ticking);
  PreparedQuery query = Prepared(engine,
                                 "sum(m) + sum(m) + sum(m) + sum(m) + sum(m) + sum(m)"
                                 " + sum(m) + sum(m) + sum(m) + sum(m) + sum(m) + sum(m)");
  const QueryOutcome outcome = engine.Instant(query, 0, {});
  BOOST_TEST(ResultText::Of(outcome) == "timeout: query timed out in expression evaluation");
}

BOOST_AUTO_TEST_CASE(ARangeFunctionOfOneSeriesEndsAtItsTimeout) {
  Load("long", 0, kSecond, std::vector<double>(2000, 1));
  const TickingClock ticking;
  settings.timeout = Duration(10);
  const Engine engine(settings, store, ticking);
  // Each sample is in many windows: 2 million in all.
  for (const char* expr : {"quantile_over_time(0.5, long[1000s])", "sum_over_time(long[1000s])",
                           "deriv(vector(time())[1000s:1s])"}) {
    PreparedQuery query = Prepared(engine, expr);
    const QueryOutcome outcome = engine.Range(query, {0, kSecond, 2000}, {});
    BOOST_TEST(ResultText::Of(outcome) == "timeout: query timed out in expression evaluation",
               expr);
  }
  // One window alone.
  PreparedQuery query = Prepared(engine, "sum_over_time(long[1000s])");
  BOOST_TEST(ResultText::Of(engine.Instant(query, 1500 * kSecond, {})) == "{} 1000");
}

BOOST_AUTO_TEST_CASE(AQueryMayAskForLessTimeButNotForMore) {
  const TickingClock ticking;
  const Engine engine(settings, store, ticking);
  PreparedQuery query = Prepared(engine, "1");
  BOOST_TEST(ResultText::Of(engine.Instant(query, 0, {.timeout = Duration(1)})) ==
             "timeout: query timed out in expression evaluation");
  BOOST_TEST(ResultText::Of(engine.Instant(query, 0, {})) == "scalar 1");
}

BOOST_AUTO_TEST_CASE(AStoppedQueryIsCanceled) {
  const Engine engine = MakeEngine();
  PreparedQuery query = Prepared(engine, "1");
  std::stop_source stop;
  stop.request_stop();
  BOOST_TEST(ResultText::Of(engine.Instant(query, 0, {.stop = stop.get_token()})) ==
             "canceled: query was canceled in expression evaluation");
}

BOOST_AUTO_TEST_CASE(QueriesBeyondTheConcurrencyWaitForTheirTimeout) {
  settings.max_concurrency = 0;
  const TickingClock ticking;
  const Engine engine(settings, store, ticking);
  PreparedQuery query = Prepared(engine, "1");
  BOOST_TEST(ResultText::Of(engine.Instant(query, 0, {})) ==
             "timeout: query timed out in query queue");
}

BOOST_AUTO_TEST_CASE(TheLookbackMayBeThatOfOneQuery) {
  Load("m", 0, 1, {1});
  const Engine engine = MakeEngine();
  PreparedQuery query = Prepared(engine, "m");
  BOOST_TEST(ResultText::Of(engine.Instant(query, 10 * kMinute, {})) == "");
  BOOST_TEST(ResultText::Of(engine.Instant(query, 10 * kMinute,
                                           {.lookback = Duration(11 * kMinute)})) == "m 1");
}

BOOST_AUTO_TEST_CASE(APreparedQuerySeesSeriesComeAndGo) {
  const Engine engine = MakeEngine();
  Load("m{i=\"1\", g=\"a\"}", 0, kMinute, {1, 1});
  Load("n{i=\"1\", name=\"one\"}", 0, kMinute, {1, 1});
  struct Asked {
    const char* expr;
    const char* before;
    const char* with_second;
    const char* after;
  };
  const std::vector<Asked> table = {
      {"m", "m{g=\"a\", i=\"1\"} 1", "m{g=\"a\", i=\"1\"} 1\nm{g=\"b\", i=\"2\"} 5",
       "m{g=\"b\", i=\"2\"} 6"},
      {"sum by (g) (m)", "{g=\"a\"} 1", "{g=\"a\"} 1\n{g=\"b\"} 5", "{g=\"b\"} 6"},
      {"m * on (i) group_left (name) n", "{g=\"a\", i=\"1\", name=\"one\"} 1",
       "{g=\"a\", i=\"1\", name=\"one\"} 1\n{g=\"b\", i=\"2\", name=\"two\"} 10",
       "{g=\"b\", i=\"2\", name=\"two\"} 12"},
      {"-count_over_time(m[1m])", "{g=\"a\", i=\"1\"} -1",
       "{g=\"a\", i=\"1\"} -1\n{g=\"b\", i=\"2\"} -1", "{g=\"b\", i=\"2\"} -1"},
  };
  std::vector<PreparedQuery> queries;
  for (const Asked& asked : table) queries.push_back(Prepared(engine, asked.expr));
  const auto expect = [&](Millis at, const char* Asked::*expected) {
    for (std::size_t i = 0; i < table.size(); ++i) {
      for (int round = 0; round < 2; ++round) {
        BOOST_TEST(ResultText::Of(engine.Instant(queries[i], at, {})) == table[i].*expected,
                   table[i].expr);
      }
    }
  };
  expect(0, &Asked::before);
  Load("m{i=\"2\", g=\"b\"}", kMinute, kMinute, {5, 6});
  Load("n{i=\"2\", name=\"two\"}", kMinute, kMinute, {2, 2});
  expect(kMinute, &Asked::with_second);
  // The first ones are older than the retention and go for good.
  store.SetRetention(kMinute / 2);
  store.Truncate();
  expect(2 * kMinute, &Asked::after);
}

BOOST_AUTO_TEST_CASE(OneEngineServesSeveralThreads) {
  LoadMany(50);
  const Engine engine = MakeEngine();
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        PreparedQuery instant = Prepared(engine, "sum(m)");
        PreparedQuery range = Prepared(engine, "count(rate(m[2m]))");
        for (int k = 0; k < 100; ++k) {
          if (ResultText::Of(engine.Instant(instant, 0, {})) != "{} 1225") ++wrong;
          if (ResultText::Of(engine.Range(range, {kMinute, 1000, 2}, {})) != "{} 50 50") ++wrong;
        }
      });
    }
    threads.emplace_back([&] {
      for (int k = 0; k < 100; ++k) Load("other{k=\"" + std::to_string(k) + "\"}", 0, 1, {1});
    });
  }
  BOOST_TEST(wrong == 0);
}

BOOST_AUTO_TEST_CASE(SamplesReadAreCounted) {
  Load("m", 0, kSecond, std::vector<double>(60, 1));
  const QueryOutcome outcome = Query("count_over_time(m[30s])", 59 * kSecond);
  BOOST_REQUIRE(outcome);
  BOOST_TEST(outcome->samples == 30u);
}

BOOST_AUTO_TEST_CASE(WhatIsHeldAtOnceIsNotWhatIsRead) {
  LoadMany(10);
  const QueryOutcome outcome = Query("sum(m) + sum(m)", 0);
  BOOST_REQUIRE(outcome);
  BOOST_TEST(outcome->samples == 20u);
  BOOST_TEST(outcome->peak_samples < 20u);
  BOOST_TEST(outcome->peak_samples >= 10u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::promql

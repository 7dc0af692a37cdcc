#include "rules/promql/shared_results.h"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "rules/promql/parser.h"
#include "tests/support/promql_fixture.h"

namespace tocsin::promql {
namespace {

struct SharedFixture : PromqlFixture {
  SharedFixture() {
    Load("m{i=\"0\"}", 0, kMinute, {1, 1});
    Load("n{i=\"0\"}", 0, kMinute, {5, 5});
  }
  PreparedQuery& Prepare(std::string_view text) {
    queries.push_back(std::get<PreparedQuery>(engine.Prepare(text)));
    queries.back().Share(shared);
    return queries.back();
  }
  std::string Run(PreparedQuery& query, Millis at = kMinute) {
    return ResultText::Of(engine.Instant(query, at, {}));
  }
  /// Another sample for the evaluation time, behind the back of `shared`.
  void Change(std::string_view series, double value) {
    Load(series, kMinute + ++changes, 1, {value});
  }

  const Engine engine = MakeEngine();
  const std::shared_ptr<SharedResults> shared = std::make_shared<SharedResults>();
  std::vector<PreparedQuery> queries = [] {
    std::vector<PreparedQuery> room;
    room.reserve(10);
    return room;
  }();
  Millis changes = 0;
  const Millis later = kMinute + 1000;
};

BOOST_FIXTURE_TEST_SUITE(shared_results_test, SharedFixture)

BOOST_AUTO_TEST_CASE(WhatStandsInTwoQueriesIsEvaluatedOnce) {
  PreparedQuery& first = Prepare("sum(m) > 0");
  PreparedQuery& second = Prepare("sum (m)  + 1");
  BOOST_TEST(Run(first, later) == "{} 1");
  Change("m{i=\"0\"}", 100);
  BOOST_TEST(Run(second, later) == "{} 2");
  BOOST_TEST(Run(second, later + 1) == "{} 101");  // Another moment.
}

BOOST_AUTO_TEST_CASE(WhatStandsOnceIsNotKept) {
  PreparedQuery& first = Prepare("sum(m)");
  BOOST_TEST(Run(first, later) == "{} 1");
  Change("m{i=\"0\"}", 100);
  BOOST_TEST(Run(first, later) == "{} 100");
}

BOOST_AUTO_TEST_CASE(WhatHasBeenWrittenIsSeen) {
  struct Row {
    const char* expression;
    const char* written;
    bool is_seen;
  };
  const Row rows[] = {
      {"sum(m)", "m", true},
      {"sum(m)", "ALERTS", false},
      {"sum({__name__=\"m\"})", "m", true},
      {"sum({__name__=\"m\"})", "n", false},
      {"sum({__name__=~\"m|x\"})", "n", true},
      {"sum({i=\"0\",__name__!=\"n\"})", "n", true},
      {"sum(sum_over_time(m[30s]))", "m", true},
      {"sum(sum_over_time(m[30s]))", "ALERTS_FOR_STATE", false},
      {"sum(max_over_time(m[5s:1s]))", "m", true},
      // The whole is forgotten, but not the part that has nothing to do with it.
      {"sum(m) + count(n) - 1", "n", false},
  };
  for (const Row& row : rows) {
    shared->Clear();
    PreparedQuery first = std::get<PreparedQuery>(engine.Prepare(row.expression));
    PreparedQuery second = std::get<PreparedQuery>(engine.Prepare(row.expression));
    first.Share(shared);
    second.Share(shared);
    const std::string before = Run(first, later);
    Change("m{i=\"0\"}", static_cast<double>(10 + changes));
    const std::string now = ResultText::Of(Query(row.expression, later));
    BOOST_REQUIRE_NE(before, now);
    shared->Wrote(row.written);
    BOOST_TEST((Run(second, later) == now) == row.is_seen,
               row.expression << " after " << row.written);
  }
}

BOOST_AUTO_TEST_CASE(AnInfoFunctionDependsOnEverything) {
  settings.experimental = true;
  const Engine experimental = MakeEngine();
  auto first = std::get<PreparedQuery>(experimental.Prepare("info(m)"));
  auto second = std::get<PreparedQuery>(experimental.Prepare("info(m)"));
  first.Share(shared);
  second.Share(shared);
  const auto run = [&](PreparedQuery& query) {
    return ResultText::Of(experimental.Instant(query, later, {}));
  };
  Load("m{instance=\"a\",job=\"b\"}", 0, 1, {1});
  run(first);
  Load("target_info{instance=\"a\",job=\"b\",version=\"2\"}", 0, 1, {1});
  BOOST_TEST(run(second).find("version") == std::string::npos);
  shared->Wrote("target_info");
  BOOST_TEST(run(second).find("version") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(TheStepsOfASubqueryAreOtherMoments) {
  PreparedQuery& plain = Prepare("m");
  PreparedQuery& inner = Prepare("sum_over_time(m[1m:30s])");
  Load("m{i=\"0\"}", 2 * kMinute, 1, {3});
  BOOST_TEST(Run(plain, 2 * kMinute) == "m{i=\"0\"} 3");
  BOOST_TEST(Run(inner, 2 * kMinute) == "{i=\"0\"} 4");
}

BOOST_AUTO_TEST_CASE(AllIsForgottenWhenTold) {
  PreparedQuery& first = Prepare("sum(m)");
  PreparedQuery& second = Prepare("sum(m) + 0");
  BOOST_TEST(Run(first, later) == "{} 1");
  Change("m{i=\"0\"}", 100);
  shared->Clear();
  BOOST_TEST(Run(second, later) == "{} 100");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::promql

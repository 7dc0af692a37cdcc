#include "tests/promqltest/script.h"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace tocsin::promql {
namespace {

BOOST_AUTO_TEST_SUITE(script_test)

/// The only command of a script.
template <class Wanted>
Wanted Only(std::string_view script) {
  const auto commands = ParseScript(script);
  BOOST_REQUIRE(commands.size() == 1U);
  if (const auto* const bad = std::get_if<BadCommand>(&commands.front()))
    BOOST_TEST(bad->message == "");
  BOOST_REQUIRE(std::holds_alternative<Wanted>(commands.front()));
  return std::get<Wanted>(commands.front());
}

BOOST_AUTO_TEST_CASE(LoadsHoldTheirSeries) {
  const auto load = Only<LoadCommand>(
      "# Comment.\n\n  load 5m\n    a 1 2\n\tb{x=\"1\"} 3x2\n    a 7\n# ends the block\n");
  BOOST_TEST(load.line == 3U);
  BOOST_TEST(load.gap.count() == 300'000);
  BOOST_TEST(!load.with_histograms);
  BOOST_REQUIRE(load.series.size() == 2U);
  BOOST_TEST((load.series[0].line.labels == Labels{{"__name__", "a"}}));
  BOOST_TEST(load.series[0].line.values.size() ==
             1U);  // The second line of `a` replaced the first.
  BOOST_TEST(load.series[0].line.values[0].value == 7);
  BOOST_TEST(load.series[1].line.values.size() == 3U);
  BOOST_TEST(Only<LoadCommand>("LOAD_WITH_NHCB 1s\n  a 1").with_histograms);
}

BOOST_AUTO_TEST_CASE(StartTimestampsBelongToTheNextLine) {
  const auto load = Only<LoadCommand>("load 1m\n a{x=\"1\"}@st _ -30s-1mx2\n a{x=\"1\"} 1x3\n b 1");
  BOOST_REQUIRE(load.series.size() == 2U);
  BOOST_TEST(load.series[0].has_start_timestamps);
  BOOST_TEST(!load.series[1].has_start_timestamps);

  const auto all = Only<LoadCommand>("load 1m\n @st -1m\n a 1\n b 1");
  BOOST_REQUIRE(all.series.size() == 2U);
  BOOST_TEST(all.series[0].has_start_timestamps);
  BOOST_TEST(all.series[1].has_start_timestamps);
}

struct MomentRow {
  std::string_view script;
  Millis start;
  Millis step;
  std::size_t count;
};

BOOST_AUTO_TEST_CASE(QueriesHaveTheirTimes) {
  const std::vector<MomentRow> rows = {
      {"eval instant at 5m x", 300'000, 1, 1},
      {"eval instant at 0 x", 0, 1, 1},
      {"eval  instant\tat   1h30m   x", 5'400'000, 1, 1},
      {"eval instant at -1m x", -60'000, 1, 1},
      {"eval instant at 12.5 x", 12'500, 1, 1},
      {"eval range from 0 to 10m step 5m x", 0, 300'000, 3},
      {"eval range from 0 to 9m step 5m x", 0, 300'000, 2},
      {"eval range from -1m to 60 step 30s x", -60'000, 30'000, 5},
      {"eval range from 1m to 1m step 10s x", 60'000, 10'000, 1},
  };
  for (const MomentRow& row : rows) {
    BOOST_TEST_CONTEXT(row.script) {
      const auto eval = Only<EvalCommand>(row.script);
      BOOST_TEST(eval.expr == "x");
      BOOST_TEST(eval.steps.start == row.start);
      BOOST_TEST(eval.steps.step == row.step);
      BOOST_TEST(eval.steps.count == row.count);
      BOOST_TEST(eval.range == (row.step != 1));
    }
  }
}

BOOST_AUTO_TEST_CASE(ARangeEndsWhereItSays) {
  const auto eval = Only<EvalCommand>("eval range from 0 to 9m step 5m x");
  BOOST_TEST(eval.steps.end() == 300'000);
  BOOST_TEST(eval.end == 540'000);
}

BOOST_AUTO_TEST_CASE(TheExpressionIsTheRestOfTheLine) {
  BOOST_TEST(Only<EvalCommand>("eval instant at 1m  sum by (to) (step) # why").expr ==
             "sum by (to) (step) # why");
}

BOOST_AUTO_TEST_CASE(ExpectedSeriesFollow) {
  const auto eval =
      Only<EvalCommand>("eval range from 0 to 2m step 1m x\n  a{b=\"c\"} 1 _ 3\n  {} 4");
  BOOST_REQUIRE(eval.series.size() == 2U);
  BOOST_TEST((eval.series[0].labels == Labels{{"__name__", "a"}, {"b", "c"}}));
  BOOST_TEST(eval.series[0].values.size() == 3U);
  BOOST_TEST(eval.series[1].labels.empty());
  BOOST_TEST(eval.written.size() == 3U);
  BOOST_TEST(!eval.scalar);
}

BOOST_AUTO_TEST_CASE(ANumberEndsTheBlock) {
  const auto commands = ParseScript("eval instant at 0 1+1\n  2\nclear");
  BOOST_REQUIRE(commands.size() == 2U);
  BOOST_TEST(std::get<EvalCommand>(commands[0]).scalar.value() == 2);
  BOOST_TEST(std::holds_alternative<ClearCommand>(commands[1]));
  BOOST_TEST(Only<EvalCommand>("eval instant at 0 x\n -0x1F").scalar.value() == -31);
  BOOST_TEST(Only<EvalCommand>("eval instant at 0 x\n +Inf").scalar.value() > 1e308);
}

BOOST_AUTO_TEST_CASE(OtherExpectationsAreRead) {
  const auto eval = Only<EvalCommand>(
      "eval instant at 0 x\n expect ordered\n expect warn msg: a b\n expect warn regex:c+d\n"
      " expect no_info\n a 1\n");
  BOOST_TEST(eval.ordered);
  BOOST_TEST(eval.infos.none);
  BOOST_TEST(!eval.warnings.none);
  BOOST_REQUIRE(eval.warnings.patterns.size() == 2U);
  BOOST_TEST(eval.warnings.patterns[0].Matches("a b"));
  BOOST_TEST(!eval.warnings.patterns[0].Matches("a b c"));
  BOOST_TEST(eval.warnings.patterns[1].Matches("x ccd y"));
  BOOST_TEST(!eval.warnings.patterns[1].Matches("d"));
  BOOST_TEST(eval.series.size() == 1U);

  const auto any = Only<EvalCommand>("eval instant at 0 x\n expect info");
  BOOST_REQUIRE(any.infos.patterns.size() == 1U);
  BOOST_TEST(any.infos.patterns[0].Matches("whatever"));
}

BOOST_AUTO_TEST_CASE(FailuresAreExpectedInEveryForm) {
  BOOST_TEST(Only<EvalCommand>("eval instant at 0 x\n expect fail").fail->Matches("anything"));
  BOOST_TEST(Only<EvalCommand>("eval_fail instant at 0 x").fail->Matches("anything"));
  const auto exactly = Only<EvalCommand>("eval instant at 0 x\n expect fail msg: bad thing");
  BOOST_TEST(exactly.fail->Matches("bad thing"));
  BOOST_TEST(!exactly.fail->Matches("a bad thing"));
  const auto old = Only<EvalCommand>("eval_fail instant at 0 x\n expected_fail_message bad thing");
  BOOST_TEST(old.fail->Matches("bad thing"));
  const auto regexp = Only<EvalCommand>("eval_fail instant at 0 x\n expected_fail_regexp b.d");
  BOOST_TEST(regexp.fail->Matches("a bad thing"));
  BOOST_TEST(!regexp.fail->Matches("a good thing"));
}

BOOST_AUTO_TEST_CASE(OldFormsOfEvalAreKnown) {
  BOOST_TEST(Only<EvalCommand>("eval_warn instant at 0 x").warnings.some);
  BOOST_TEST(Only<EvalCommand>("eval_info range from 0 to 0 step 1s x").infos.some);
  BOOST_TEST(Only<EvalCommand>("eval_ordered instant at 0 x").ordered);
}

BOOST_AUTO_TEST_CASE(StringsAreUnquoted) {
  BOOST_TEST(Only<EvalCommand>(R"(eval instant at 0 x
      expect string "a \"b\"\n\\")")
                 .string.value() == "a \"b\"\n\\");
  BOOST_TEST(Only<EvalCommand>("eval instant at 0 x\n expect string `a\\n`").string.value() ==
             "a\\n");
}

BOOST_AUTO_TEST_CASE(ARangeVectorHasItsOwnTimes) {
  const auto eval = Only<EvalCommand>(
      "eval instant at 1m x[1m]\n expect range vector from 10s to 1m step 10s\n x 1 2 3 4 5 6");
  BOOST_REQUIRE(eval.range_vector.has_value());
  BOOST_TEST(eval.range_vector->start == 10'000);
  BOOST_TEST(eval.range_vector->count == 6U);
  BOOST_TEST(eval.steps.start == 60'000);
}

struct BadRow {
  std::string_view script;
  std::size_t line;
  std::string_view message;
};

const std::vector<BadRow> kBadScripts = {
    {"foo", 1, "unknown command 'foo'"},
    {"clear all", 1, "unknown command 'clear all'"},
    {"\nevaluate instant at 0 x", 2, "unknown command 'evaluate instant at 0 x'"},
    {"eval_sometimes instant at 0 x", 1, "unknown command 'eval_sometimes'"},
    {"load", 1, "expected a duration such as 15s or 1h30m, got ''"},
    {"load 5q", 1, "expected a duration such as 15s or 1h30m, got '5q'"},
    {"load 0", 1, "a step must be positive: '0'"},
    {"load 5m\n a 1\n b 1 c", 3, "'c': expected a value"},
    {"eval instant x", 1, "expected 'instant at T' or 'range from A to B step C'"},
    {"eval instant at 5m", 1, "expected an expression"},
    {"eval instant at soon x", 1, "expected a duration such as 15s or 1h30m, got 'soon'"},
    {"eval range from 0 to 5m x", 1, "expected 'from A to B step C'"},
    {"eval range from 5m to 0 step 1m x", 1, "the range ends before it begins"},
    {"eval range from 0 to 5m step 0 x", 1, "a step must be positive: '0'"},
    {"eval instant at 0 x\n a", 2, "expected a value"},
    {"eval instant at 0 x\n a 1 2", 2, "expected 2 values of a, but there can be only 1"},
    {"eval range from 0 to 1m step 1m x\n a 1 2 3", 2,
     "expected 3 values of a, but there can be only 2"},
    {"eval instant at 0 x\n expect luck", 2, "'expect luck' is unknown"},
    {"eval instant at 0 x\n expect warn text: a", 2,
     "expected 'msg: TEXT' or 'regex: PATTERN', got 'text: a'"},
    {"eval instant at 0 x\n expect fail\n expect fail", 3, "a query can fail only once"},
    {"eval instant at 0 x\n expect warn\n expect no_warn", 3, "both warn and no_warn are expected"},
    {"eval instant at 0 x\n expect no_info\n expect info", 3, "both info and no_info are expected"},
    {"eval instant at 0 x\n expect fail regex: (", 2, "not a regular expression: missing ): ("},
    {"eval instant at 0 x\n expected_fail_message a", 2, "only eval_fail may expect an error"},
    {"eval instant at 0 x\n expect string a", 2, "expected a quoted string, got 'a'"},
    {"eval instant at 0 x\n expect string \"a\\q\"", 2, "expected a quoted string, got '\"a\\q\"'"},
    {"eval range from 0 to 1m step 1m x\n expect ordered", 2,
     "a range query has neither an order, nor a range vector or a string"},
};

BOOST_AUTO_TEST_CASE(WhatIsWrongIsTheFailureOfItsBlockOnly) {
  for (const BadRow& row : kBadScripts) {
    BOOST_TEST_CONTEXT(row.script) {
      const auto commands = ParseScript(std::string(row.script) + "\n junk\n\nclear");
      BOOST_REQUIRE(commands.size() == 2U);
      BOOST_REQUIRE(std::holds_alternative<BadCommand>(commands[0]));
      BOOST_TEST(std::get<BadCommand>(commands[0]).message == row.message);
      BOOST_TEST(std::get<BadCommand>(commands[0]).line == row.line);
      BOOST_TEST(std::holds_alternative<ClearCommand>(commands[1]));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::promql

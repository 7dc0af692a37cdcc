#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

#include "tests/rules/promql/function_call.h"

namespace tocsin::promql {
namespace {

Matcher Match(MatchType type, std::string_view name, std::string_view value) {
  return *Matcher::Make(type, name, value);
}

BOOST_AUTO_TEST_SUITE(vector_functions_test)

BOOST_AUTO_TEST_CASE(ScalarsAndVectorsTurnIntoEachOther) {
  FunctionCall vector("vector");
  vector.steps.count = 3;
  BOOST_TEST(vector.Lines({Numbers({1, kNan, 3})}) == "{} 1 NaN 3\n");

  FunctionCall scalar("scalar");
  scalar.steps.count = 5;
  BOOST_TEST(scalar.Lines({MakeBlock({{{{"a", "1"}}, {1, kAbsent, kAbsent, 4, kNan}},
                                      {{{"a", "2"}}, {kAbsent, 2, kAbsent, 4, kAbsent}},
                                      {{{"a", "3"}}, {kAbsent, kAbsent, kAbsent, 4, kAbsent}}},
                                     5)}) == "1 2 NaN NaN NaN");
  FunctionCall nothing("scalar");
  BOOST_TEST(nothing.Lines({MakeBlock({})}) == "NaN");
}

BOOST_AUTO_TEST_CASE(TimeIsThatOfTheStep) {
  FunctionCall call("time");
  call.steps = {.start = -1500, .step = 1000, .count = 3};
  BOOST_TEST(call.Lines({}) == "-1.5 -0.5 0.5");
  BOOST_TEST(FunctionCall("pi").Lines({}) == "3.141592653589793");
}

BOOST_AUTO_TEST_CASE(AbsentIsOneWhereNothingIs) {
  FunctionCall call("absent");
  call.steps.count = 3;
  BOOST_TEST(call.Lines({MakeBlock(
                 {{{{"a", "1"}}, {1, kAbsent, kAbsent}}, {{{"a", "2"}}, {kAbsent, kNan, kAbsent}}},
                 3)}) == "{} absent absent 1\n");
  BOOST_TEST(FunctionCall("absent").Lines({MakeBlock({})}) == "{} 1\n");
  BOOST_TEST(FunctionCall("absent").Lines({MakeBlock({{Labels(), {0}}})}).empty());
}

BOOST_AUTO_TEST_CASE(AbsentTakesLabelsFromItsSelector) {
  using enum MatchType;
  struct Case {
    std::vector<Matcher> matchers;
    std::string_view expected;
  };
  const Matcher name = Match(kEqual, "__name__", "m");
  const Case rows[] = {
      {{name}, "{}"},
      {{name, Match(kEqual, "a", "1"), Match(kEqual, "b", "2")}, "{a=\"1\", b=\"2\"}"},
      {{name, Match(kEqual, "a", "1"), Match(kRegexp, "b", ".x")}, "{a=\"1\"}"},
      {{name, Match(kEqual, "a", "1"), Match(kEqual, "a", "2")}, "{}"},
      {{name, Match(kEqual, "a", "1"), Match(kEqual, "a", "2"), Match(kEqual, "a", "3")}, "{}"},
      {{name, Match(kEqual, "a", "1"), Match(kNotEqual, "a", "2")}, "{}"},
      {{name, Match(kNotEqual, "a", "2"), Match(kEqual, "a", "1")}, "{a=\"1\"}"},
  };
  for (const Case& row : rows) {
    VectorSelector selector;
    selector.matchers = row.matchers;
    FunctionCall call("absent");
    call.selector = std::move(selector);
    BOOST_TEST(call.Lines({MakeBlock({})}) == std::string(row.expected) + " 1\n");
  }
}

BOOST_AUTO_TEST_CASE(SelectorsAreFoundInParenthesesAndBeforeRanges) {
  const auto selector = [] {
    VectorSelector made;
    made.matchers.push_back(Match(MatchType::kEqual, "a", "1"));
    return made;
  };
  Expr range;
  range.node = MatrixSelector{selector(), nullptr};
  BOOST_TEST(AbsentLabels(range).ToString() == "{a=\"1\"}");
  Expr parentheses;
  auto inner = std::make_unique<Expr>();
  inner->node = selector();
  parentheses.node = Paren{std::move(inner)};
  BOOST_TEST(AbsentLabels(parentheses).ToString() == "{a=\"1\"}");
  Expr other;
  other.node = NumberLiteral{1};
  BOOST_TEST(AbsentLabels(other).empty());
}

BOOST_AUTO_TEST_CASE(FloatsAreNothingToFunctionsOfNativeHistograms) {
  for (const std::string_view name : {"histogram_avg", "histogram_count", "histogram_stddev",
                                      "histogram_stdvar", "histogram_sum", "start_timestamp"}) {
    BOOST_TEST(FunctionCall(name).Lines({MakeBlock({{{{"a", "1"}}, {1}}})}).empty(), name);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::promql

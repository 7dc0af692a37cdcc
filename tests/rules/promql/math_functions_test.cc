#include <string_view>

#include <boost/test/unit_test.hpp>

#include "tests/rules/promql/function_call.h"

namespace tocsin::promql {
namespace {

BOOST_AUTO_TEST_SUITE(math_functions_test)

BOOST_AUTO_TEST_CASE(EachValueIsComputedAlone) {
  struct Case {
    std::string_view function;
    double value;
    double expected;
  };
  const Case rows[] = {
      {"abs", -2.5, 2.5},
      {"abs", -kInf, kInf},
      {"abs", kNan, kNan},
      {"ceil", -2.5, -2},
      {"ceil", 2.1, 3},
      {"floor", -2.5, -3},
      {"floor", 2.9, 2},
      {"exp", 0, 1},
      {"exp", -kInf, 0},
      {"ln", 0, -kInf},
      {"ln", -1, kNan},
      {"ln", 1, 0},
      {"log2", 8, 3},
      {"log2", 0, -kInf},
      {"log10", 1000, 3},
      {"log10", -1, kNan},
      {"sqrt", 9, 3},
      {"sqrt", -1, kNan},
      {"sgn", -5, -1},
      {"sgn", 0, 0},
      {"sgn", kInf, 1},
      {"sgn", kNan, kNan},
      {"deg", 3.141592653589793, 180},
      {"rad", 180, 3.141592653589793},
      {"sin", 0, 0},
      {"cos", 0, 1},
      {"tan", 0, 0},
      {"asin", 2, kNan},
      {"acos", 1, 0},
      {"atan", kInf, 1.5707963267948966},
      {"sinh", 0, 0},
      {"cosh", 0, 1},
      {"tanh", kInf, 1},
      {"asinh", 0, 0},
      {"acosh", 0.5, kNan},
      {"atanh", 1, kInf},
      {"round", 2.5, 3},
      {"round", -2.5, -2},
      {"round", kNan, kNan},
  };
  for (const Case& row : rows) {
    FunctionCall call(row.function);
    const Result<Operand> result =
        call.Evaluate({MakeBlock({{{{"__name__", "m"}, {"a", "b"}}, {row.value}}})});
    BOOST_REQUIRE(result);
    const Block& block = std::get<Block>(*result);
    BOOST_TEST(Close(block.at(0, 0), row.expected),
               row.function << " of " << row.value << " is " << Show(block.at(0, 0)));
    BOOST_TEST(block.shape->visible(0).ToString() == "{a=\"b\"}");
  }
}

BOOST_AUTO_TEST_CASE(AbsentValuesStayAbsent) {
  for (const Function& function : AllFunctions()) {
    if (!std::holds_alternative<MathFunction>(function.how)) continue;
    FunctionCall call(function.name);
    call.steps.count = 3;
    const Result<Operand> result =
        call.Evaluate({MakeBlock({{{{"a", "b"}}, {kAbsent, 1, kAbsent}}}, 3)});
    BOOST_REQUIRE(result);
    const Block& block = std::get<Block>(*result);
    BOOST_TEST((IsAbsent(block.at(0, 0)) && IsPresent(block.at(0, 1)) && IsAbsent(block.at(0, 2))),
               function.name);
  }
}

/// A function of a vector and scalars that change from step to step.
BOOST_AUTO_TEST_CASE(BoundsAreThoseOfTheStep) {
  struct Case {
    std::string_view function;
    std::vector<double> values;
    std::vector<std::vector<double>> scalars;
    std::string_view expected;
  };
  const Case rows[] = {
      {"clamp", {-50, 0, 100, kNan}, {{-25, -25, -25, 0}, {75, 75, 75, 1}}, "-25 0 75 NaN"},
      {"clamp", {1, 1, 1, kAbsent}, {{5, kNan, 0, 0}, {-5, 0, kNan, 1}}, "absent NaN NaN absent"},
      {"clamp_max", {-50, 100, kNan, 7}, {{75, 75, 75, kNan}}, "-50 75 NaN NaN"},
      {"clamp_max", {kInf, -kInf, 1, 1}, {{1, 1, -kInf, kInf}}, "1 -Inf -Inf 1"},
      {"clamp_min", {-50, 100, kNan, 7}, {{-25, -25, 75, kNan}}, "-25 100 NaN NaN"},
      {"clamp_min", {1, kNan, 1, kInf}, {{kInf, kInf, -kInf, 1}}, "+Inf +Inf 1 +Inf"},
      {"round", {0.55, -7, 26, 3}, {{0.1, 5, 10, 0}}, "0.6 -5 30 NaN"},
  };
  for (const Case& row : rows) {
    FunctionCall call(row.function);
    call.steps.count = row.values.size();
    std::vector<Operand> arguments{MakeBlock({{{{"a", "b"}}, row.values}}, row.values.size())};
    for (const std::vector<double>& scalar : row.scalars) arguments.push_back(Numbers(scalar));
    BOOST_TEST(call.Lines(std::move(arguments)) == "{a=\"b\"} " + std::string(row.expected) + "\n");
  }
}

BOOST_AUTO_TEST_CASE(TheLargerAndTheSmallerOfTwo) {
  const std::vector<double> a{3, -2, kNan, 3, kInf, -kInf};
  const std::vector<double> b{5, -5, 3, kNan, kNan, kNan};
  FunctionCall larger("max_of");
  FunctionCall smaller("min_of");
  larger.steps.count = smaller.steps.count = a.size();
  BOOST_TEST(larger.Lines({Numbers(a), Numbers(b)}) == "5 -2 NaN NaN +Inf NaN");
  BOOST_TEST(smaller.Lines({Numbers(a), Numbers(b)}) == "3 -5 NaN NaN NaN -Inf");
}

BOOST_AUTO_TEST_CASE(SeriesThatLoseTheirNamesMustStayDifferent) {
  const auto input = [] {
    return MakeBlock(
        {{{{"__name__", "a"}, {"l", "x"}}, {1}}, {{{"__name__", "b"}, {"l", "x"}}, {2}}});
  };
  FunctionCall call("abs");
  BOOST_TEST(call.Lines({input()}) ==
             "error: vector cannot contain metrics with the same labelset");
  FunctionCall delayed("abs");
  delayed.features.delayed_name_removal = true;
  BOOST_TEST(delayed.Lines({input()}) == "{l=\"x\"} 1\n{l=\"x\"} 2\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::promql

#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

#include "tests/rules/promql/function_call.h"

namespace tocsin::promql {
namespace {

/// The values of label `name`, in the order of the result.
std::string LabelsInOrder(const Result<Operand>& result, std::string_view name) {
  BOOST_REQUIRE(result);
  const Block& block = std::get<Block>(*result);
  std::string text;
  for (const std::uint32_t series : block.order) {
    text += (text.empty() ? "" : " ") + std::string(block.shape->labels[series].Get(name));
  }
  return text;
}

Block Named(const std::vector<std::pair<std::string_view, double>>& values) {
  std::vector<Row> rows;
  for (const auto& [name, value] : values) rows.push_back({{{"l", name}}, {value}});
  return MakeBlock(rows);
}

BOOST_AUTO_TEST_SUITE(sort_functions_test)

BOOST_AUTO_TEST_CASE(NanComesLastInBothDirections) {
  const Block block = Named({{"two", 2},
                             {"nan", kNan},
                             {"absent", kAbsent},
                             {"low", -kInf},
                             {"one", 1},
                             {"high", kInf},
                             {"nan too", kNan}});
  BOOST_TEST(LabelsInOrder(FunctionCall("sort").Evaluate({block}), "l") ==
             "low one two high nan nan too");
  BOOST_TEST(LabelsInOrder(FunctionCall("sort_desc").Evaluate({block}), "l") ==
             "high two one low nan nan too");
}

BOOST_AUTO_TEST_CASE(LabelsSortInNaturalOrder) {
  const Block block = Named({{"a10", 1},
                             {"10", 1},
                             {"b", 1},
                             {"4m1000", 1},
                             {"1", 1},
                             {"-1", 1},
                             {"123456789012345678901", 1},
                             {"a2", 1},
                             {"a", 1},
                             {"4m600", 1},
                             {"01", 1},
                             {"1.2.3", 1},
                             {"100", 1},
                             {"2", 1},
                             {"4m5", 1}});
  const std::vector<Operand> arguments{block, "l"};
  BOOST_TEST(LabelsInOrder(FunctionCall("sort_by_label").Evaluate(arguments), "l") ==
             "-1 01 1 1.2.3 2 4m5 4m600 4m1000 10 100 123456789012345678901 a a2 a10 b");
  BOOST_TEST(LabelsInOrder(FunctionCall("sort_by_label_desc").Evaluate(arguments), "l") ==
             "b a10 a2 a 123456789012345678901 100 10 4m1000 4m600 4m5 2 1.2.3 1 01 -1");
}

BOOST_AUTO_TEST_CASE(LabelsSortOneAfterTheOther) {
  const Block block = MakeBlock({{{{"i", "1"}, {"j", "x"}, {"k", "a"}}, {1}},
                                 {{{"i", "0"}, {"j", "y"}, {"k", "b"}}, {1}},
                                 {{{"i", "1"}, {"j", "w"}, {"k", "c"}}, {1}},
                                 {{{"j", "z"}, {"k", "d"}}, {1}},
                                 {{{"h", "1"}, {"i", "1"}, {"j", "x"}, {"k", "e"}}, {1}}});
  const auto sorted = [&](std::string_view function, const std::vector<std::string>& names) {
    std::vector<Operand> arguments{block};
    for (const std::string& name : names) arguments.emplace_back(name);
    return LabelsInOrder(FunctionCall(function).Evaluate(std::move(arguments)), "k");
  };
  BOOST_TEST(sorted("sort_by_label", {"i", "j"}) == "d b c e a");  // Ties: by all labels.
  BOOST_TEST(sorted("sort_by_label", {"j"}) == "c e a b d");
  BOOST_TEST(sorted("sort_by_label", {}) == "e b c a d");
  BOOST_TEST(sorted("sort_by_label_desc", {"i", "j"}) == "a e c b d");
}

BOOST_AUTO_TEST_CASE(RangeQueriesHaveNoOrder) {
  for (const std::string_view name : {"sort", "sort_desc", "sort_by_label", "sort_by_label_desc"}) {
    FunctionCall call(name);
    call.steps.count = 2;
    call.expr.position = {3, 9};
    const Result<Operand> result =
        call.Evaluate({MakeBlock({{{{"a", "1"}}, {2, 1}}, {{{"a", "2"}}, {1, 2}}}, 2)});
    BOOST_REQUIRE(result);
    BOOST_TEST(std::get<Block>(*result).order.empty());
    BOOST_REQUIRE(call.annotations.warnings().size() == 1U);
    BOOST_TEST(*call.annotations.warnings().begin() ==
               "PromQL warning: sort is ineffective for range queries since results are always "
               "ordered by labels (1:4)");
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::promql

#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

#include "tests/rules/promql/function_call.h"

namespace tocsin::promql {
namespace {

std::vector<Operand> Arguments(Block block, const std::vector<std::string>& texts) {
  std::vector<Operand> arguments{std::move(block)};
  for (const std::string& text : texts) arguments.emplace_back(text);
  return arguments;
}

BOOST_AUTO_TEST_SUITE(label_functions_test)

BOOST_AUTO_TEST_CASE(LabelReplaceExpandsWhatTheExpressionCaptured) {
  struct Case {
    std::vector<std::string> texts;  ///< Destination, replacement, source, expression.
    std::string_view expected;
  };
  const Case rows[] = {
      {{"dst", "got-$1", "src", "value-(.*)"}, "m{dst=\"got-10\", src=\"value-10\"} 1\n"},
      {{"dst", "$2-$1", "src", "(.*)-(.*)"}, "m{dst=\"10-value\", src=\"value-10\"} 1\n"},
      {{"dst", "${n}", "src", "value-(?P<n>.*)"}, "m{dst=\"10\", src=\"value-10\"} 1\n"},
      {{"dst", "$n", "src", "value-(?P<n>.*)"}, "m{dst=\"10\", src=\"value-10\"} 1\n"},
      {{"dst", "$0", "src", ".*"}, "m{dst=\"value-10\", src=\"value-10\"} 1\n"},
      // The longest name counts: $1x is a group called 1x, of which there is none.
      {{"dst", "a$1x", "src", "value-(.*)"}, "m{dst=\"a\", src=\"value-10\"} 1\n"},
      {{"dst", "${1}x", "src", "value-(.*)"}, "m{dst=\"10x\", src=\"value-10\"} 1\n"},
      {{"dst", "a$7$01${none}", "src", ".*"}, "m{dst=\"a\", src=\"value-10\"} 1\n"},
      {{"dst", "a$$1 $ ${ ${} ${1", "src", ".*"},
       "m{dst=\"a$1 $ ${ ${} ${1\", src=\"value-10\"} 1\n"},
      {{"dst", "$1$2", "src", "(x)?value-(10)"}, "m{dst=\"10\", src=\"value-10\"} 1\n"},
      // Only the whole value matches.
      {{"dst", "x", "src", "value"}, "m{dst=\"old\", src=\"value-10\"} 1\n"},
      {{"dst", "x", "src", "value|10"}, "m{dst=\"old\", src=\"value-10\"} 1\n"},
      // A label that is not there is empty.
      {{"dst", "x", "none", "a"}, "m{dst=\"old\", src=\"value-10\"} 1\n"},
      {{"dst", "x-$1", "none", "(.*)"}, "m{dst=\"x-\", src=\"value-10\"} 1\n"},
      {{"dst", "", "src", ".*"}, "m{src=\"value-10\"} 1\n"},
      {{"new.label", "x", "", ""}, "m{dst=\"old\", \"new.label\"=\"x\", src=\"value-10\"} 1\n"},
      {{"__name__", "n", "", ""}, "n{dst=\"old\", src=\"value-10\"} 1\n"},
      {{"", "x", "src", ".*"}, "error: invalid destination label name in label_replace(): "},
      {{"\xff", "x", "src", ".*"},
       "error: invalid destination label name in label_replace(): \xff"},
      {{"dst", "x", "src", "(.*"}, "error: invalid regular expression in label_replace(): (.*"},
  };
  for (const Case& row : rows) {
    FunctionCall call("label_replace");
    BOOST_TEST(call.Lines(Arguments(
                   MakeBlock({{{{"__name__", "m"}, {"src", "value-10"}, {"dst", "old"}}, {1}}}),
                   row.texts)) == row.expected);
  }
}

BOOST_AUTO_TEST_CASE(ADotMatchesALineBreak) {
  FunctionCall call("label_replace");
  BOOST_TEST(call.Lines(Arguments(MakeBlock({{{{"a", "x\ny"}}, {1}}}), {"a", "z", "a", "x.y"})) ==
             "{a=\"z\"} 1\n");
}

BOOST_AUTO_TEST_CASE(TextsAreCheckedEvenWithoutSeries) {
  FunctionCall call("label_replace");
  BOOST_TEST(call.Lines(Arguments(MakeBlock({}), {"dst", "", "src", "("})) ==
             "error: invalid regular expression in label_replace(): (");
}

BOOST_AUTO_TEST_CASE(LabelJoinSetsWhatTheSourcesGive) {
  struct Case {
    std::vector<std::string> texts;  ///< Destination, separator, sources.
    std::string_view expected;
  };
  const Case rows[] = {
      {{"dst", "-", "a", "b"}, "m{a=\"1\", b=\"2\", dst=\"1-2\"} 1\n"},
      {{"dst", "-", "b", "none", "a"}, "m{a=\"1\", b=\"2\", dst=\"2--1\"} 1\n"},
      {{"dst", "-", "none"}, "m{a=\"1\", b=\"2\"} 1\n"},
      {{"dst", "-"}, "m{a=\"1\", b=\"2\"} 1\n"},
      {{"a", "", "a", "a"}, "m{a=\"11\", b=\"2\", dst=\"old\"} 1\n"},
      {{"", "-", "a"}, "error: invalid destination label name in label_join(): "},
      {{"dst", "-", "a", ""}, "error: invalid source label name in label_join(): "},
  };
  for (const Case& row : rows) {
    FunctionCall call("label_join");
    BOOST_TEST(call.Lines(Arguments(
                   MakeBlock({{{{"__name__", "m"}, {"a", "1"}, {"b", "2"}, {"dst", "old"}}, {1}}}),
                   row.texts)) == row.expected);
  }
}

BOOST_AUTO_TEST_CASE(SeriesThatBecomeOneMustNotOverlap) {
  const Block apart =
      MakeBlock({{{{"i", "1"}}, {1, kAbsent, 3}}, {{{"i", "2"}}, {kAbsent, 2, kAbsent}}}, 3);
  const Block together = MakeBlock({{{{"i", "1"}}, {1, 2, 3}}, {{{"i", "2"}}, {kAbsent, 2, 3}}}, 3);
  for (const std::string_view name : {"label_replace", "label_join"}) {
    const std::vector<std::string> texts = name == "label_join"
                                               ? std::vector<std::string>{"i", ""}
                                               : std::vector<std::string>{"i", "", "i", ".*"};
    FunctionCall call(name);
    call.steps.count = 3;
    BOOST_TEST(call.Lines(Arguments(apart, texts)) == "{} 1 2 3\n");
    BOOST_TEST(call.Lines(Arguments(together, texts)) ==
               "error: vector cannot contain metrics with the same labelset");
    BOOST_TEST(call.Lines(Arguments(apart, texts)) == "{} 1 2 3\n");
  }
}

BOOST_AUTO_TEST_CASE(ANameThatIsSetIsNotDropped) {
  const auto input = [] {
    return MakeBlock({{{{"__name__", "m"}, {"a", "1"}}, {1}, true}, {{{"__name__", "m"}}, {2}}});
  };
  FunctionCall named("label_replace");
  BOOST_TEST(named.Lines(Arguments(input(), {"__name__", "n$1", "a", "(.*)"})) ==
             "n1{a=\"1\"} 1\nn 2\n");
  FunctionCall other("label_replace");
  BOOST_TEST(other.Lines(Arguments(input(), {"b", "$0", "__name__", ".*"})) ==
             "{a=\"1\", b=\"m\"} 1\nm{b=\"m\"} 2\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::promql

#include "rules/promql/parser.h"

#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "rules/promql/printer.h"

namespace tocsin::promql {
namespace {

constexpr ParseOptions kStable;
constexpr ParseOptions kExperimental = {.experimental = true};

struct Row {
  std::string_view text;
  std::string_view error;
};

std::string ErrorOf(std::string_view text, const ParseOptions& options) {
  const ParseResult result = Parse(text, options);
  return result ? "parsed as " + Print(*result.query->root) : result.error.ToString(text);
}

void CheckErrors(const std::vector<Row>& rows, const ParseOptions& options = kExperimental) {
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      BOOST_TEST(ErrorOf(row.text, options) == row.error);
    }
  }
}

std::string Repeat(std::string_view text, std::size_t times) {
  std::string repeated;
  for (std::size_t i = 0; i < times; ++i) repeated += text;
  return repeated;
}

BOOST_AUTO_TEST_SUITE(parser_test)

BOOST_AUTO_TEST_CASE(UnexpectedTokensAreNamedWithTheirPlace) {
  CheckErrors({
      {"", "unknown position: parse error: no expression found in input"},
      {" # nothing", "1:1: parse error: no expression found in input"},
      {"foo bar", "1:5: parse error: unexpected identifier \"bar\""},
      {"foo\n  bar", "2:3: parse error: unexpected identifier \"bar\""},
      {"foo a:b", "1:5: parse error: unexpected metric identifier \"a:b\""},
      {"foo \"abcdefghijk\"", R"(1:5: parse error: unexpected string "\"abcdefghi"...)"},
      {"foo 12345678901", "1:5: parse error: unexpected number \"1234567890\"..."},
      {"foo 5m", "1:5: parse error: unexpected duration \"5m\""},
      {"1 +", "1:4: parse error: unexpected end of input"},
      {"* 1", "1:1: parse error: unexpected <op:*>"},
      {"foo = bar", "1:5: parse error: unexpected \"=\""},
      {"on", "1:1: parse error: unexpected <on>"},
      {"atan2", "1:1: parse error: unexpected <op:atan2>"},
      {"a + group_left(x) b", "1:5: parse error: unexpected <group_left>"},
      {"abs(-)", "1:6: parse error: unexpected \")\""},
      {"fill (1)", "1:1: parse error: unexpected <fill>"},
      {"a + fill_left(1) fill_left(2) b", "1:18: parse error: unexpected <fill_left>"},
      {"a + fill(b) c", "1:10: parse error: unexpected identifier \"b\""},
  });
}

BOOST_AUTO_TEST_CASE(WhatTheLexerRefusesIsSaidFirstOnlyIfItIsMet) {
  CheckErrors({
      {"foo $", "1:5: parse error: unexpected character: '$'"},
      {"rate(foo[5m]", "1:13: parse error: unclosed left parenthesis"},
      {"rate(foo[5m]))", "1:15: parse error: unexpected right parenthesis ')'"},
      {"{a='b}", "1:4: parse error: unterminated quoted string"},
      {"foo(1) $", "1:1: parse error: unknown function with name \"foo\""},
  });
}

BOOST_AUTO_TEST_CASE(ErrorsInAggregationsSaySo) {
  CheckErrors({
      {"sum(foo bar)", "1:9: parse error: unexpected identifier \"bar\" in aggregation"},
      {"sum(1 +)", "1:8: parse error: unexpected \")\" in aggregation"},
      {"sum(rate(foo bar))", "1:14: parse error: unexpected identifier \"bar\" in aggregation"},
      {"sum by (x) foo", "1:12: parse error: unexpected identifier \"foo\" in aggregation"},
      {"sum(a) + bar baz", "1:14: parse error: unexpected identifier \"baz\""},
      {"sum foo", "1:5: parse error: unexpected identifier \"foo\""},
      {"sum()", "1:1: parse error: no arguments for aggregate expression provided"},
      {"sum(a, b)",
       "1:1: parse error: wrong number of arguments for aggregate expression provided, expected "
       "1, got 2"},
      {"topk(a)",
       "1:1: parse error: wrong number of arguments for aggregate expression provided, expected "
       "2, got 1"},
      {"sum(a,)", "1:6: parse error: trailing commas not allowed in function call args"},
      {"rate(a,,b)", "1:7: parse error: trailing commas not allowed in function call args"},
  });
}

BOOST_AUTO_TEST_CASE(ErrorsInListsOfLabelsSayWhatIsExpected) {
  CheckErrors({
      {"sum by foo",
       R"(1:8: parse error: unexpected identifier "foo" in grouping opts, expected "(")"},
      {"sum by (x y) (z)",
       R"~(1:11: parse error: unexpected identifier "y" in grouping opts, expected "," or ")")~"},
      {"sum by (==) (z)", "1:9: parse error: unexpected <op:==> in grouping opts, expected label"},
      {"sum by (without) (z)",
       "1:9: parse error: unexpected <without> in grouping opts, expected label"},
      {"sum by (,) (z)", R"(1:9: parse error: unexpected "," in grouping opts, expected label)"},
      {"a + on b", R"(1:8: parse error: unexpected identifier "b" in grouping opts, expected "(")"},
      {"sum by (\"\") (z)", R"(1:9: parse error: invalid label name for grouping: "")"},
      {R"(sum by ("\xff") (z))", R"(1:9: parse error: invalid label name for grouping: "\xff")"},
  });
}

BOOST_AUTO_TEST_CASE(ErrorsInBracesSayWhatIsExpected) {
  CheckErrors({
      {"{a}",
       R"(1:3: parse error: unexpected "}" in label matching, expected label matching operator)"},
      {"{a=}", R"(1:4: parse error: unexpected "}" in label matching, expected string)"},
      {"{a==b}", R"(1:4: parse error: unexpected "=" in label matching, expected string)"},
      {"{a=\"b\" c}",
       R"(1:8: parse error: unexpected identifier "c" in label matching, expected "," or "}")"},
      {"{a=\"b\",,}",
       R"(1:8: parse error: unexpected "," in label matching, expected identifier or "}")"},
      {"{,}", R"(1:2: parse error: unexpected "," in label matching, expected identifier or "}")"},
      {"foo{a=~\"b[c\"}", "1:5: parse error: error parsing regexp: missing ]: [c"},
  });
}

BOOST_AUTO_TEST_CASE(ErrorsInDurationsSayWhatIsExpected) {
  const std::string expected = ", expected number, duration, step(), or range()";
  const std::string in_brackets = " in subquery or range selector" + expected;
  const std::string after_offset = " in offset" + expected;
  const auto check = [](std::string_view text, const std::string& error) {
    BOOST_TEST_CONTEXT(text) {
      BOOST_TEST(ErrorOf(text, kStable) == error);
    }
  };
  check("foo[]", "1:5: parse error: unexpected \"]\"" + in_brackets);
  check("foo[5m+]", "1:8: parse error: unexpected \"]\"" + in_brackets);
  check("foo[step]", "1:9: parse error: unexpected \"]\"" + in_brackets);
  check("foo[max_of(5m)]", "1:14: parse error: unexpected \")\"" + in_brackets);
  check("foo offset", "1:11: parse error: unexpected end of input" + after_offset);
  check("foo offset bar", "1:12: parse error: unexpected identifier \"bar\"" + after_offset);
  check("foo offset (5m) + bar", "1:19: parse error: unexpected identifier \"bar\"" + after_offset);
  check("sum(foo offset )", "1:16: parse error: unexpected \")\"" + after_offset);
  CheckErrors({
      {"foo[5m 5m]",
       R"(1:8: parse error: unexpected duration "5m" in subquery or range, expected ":" or "]")"},
      {"foo[5m:1m 1m]",
       R"(1:11: parse error: unexpected duration "1m" in subquery selector, expected "]")"},
      {"foo[5m:1m:]", "1:10: parse error: unexpected colon ':'"},
      {"foo[0]", "1:5: parse error: duration must be greater than 0"},
      {"foo[-5m]", "1:5: parse error: duration must be greater than 0"},
      {"foo[5m:0s]", "1:8: parse error: duration must be greater than 0"},
      {"foo[5m/0]", "1:7: parse error: division by zero"},
      {"foo[5m%0s]", "1:7: parse error: modulo by zero"},
      {"foo[5m5m]", "1:5: parse error: not a valid duration string: \"5m5m\""},
      {"foo[99999999999y]", "1:5: parse error: duration out of range"},
      {"foo offset 1e10", "1:12: parse error: duration out of range"},
      {"foo offset NaN", "1:12: parse error: duration out of range"},
  });
}

BOOST_AUTO_TEST_CASE(ModifiersMustFollowSelectors) {
  const std::string_view offset =
      "1:1: parse error: offset modifier must be preceded by an instant vector selector or range "
      "vector selector or a subquery";
  const std::string_view at =
      "1:1: parse error: @ modifier must be preceded by an instant vector selector or range "
      "vector "
      "selector or a subquery";
  CheckErrors({
      {"1 offset 5m", offset},
      {"(foo) offset 5m", offset},
      {"sum(foo) offset 5m", offset},
      {"1 @ 5", at},
      {"rate(foo[5m]) @ 5", at},
      {"foo offset 5m offset 5m", "1:1: parse error: offset may not be set multiple times"},
      {"foo @ 1 @ end()", "1:1: parse error: @ <timestamp> may not be set multiple times"},
      {"foo offset 5m [5m]", "1:15: parse error: no offset modifiers allowed before range"},
      {"foo @ 5 [5m]", "1:9: parse error: no @ modifiers allowed before range"},
      {"(foo)[5m]", "1:6: parse error: ranges only allowed for vector selectors"},
      {"sum(a)[5m]", "1:7: parse error: ranges only allowed for vector selectors"},
      {"foo[5m][5m]", "1:8: parse error: ranges only allowed for vector selectors"},
      {"foo @", "1:6: parse error: unexpected end of input in @, expected timestamp"},
      {"foo @ bar", "1:7: parse error: unexpected identifier \"bar\" in @, expected timestamp"},
      {"foo @ start", "1:12: parse error: unexpected end of input in @, expected timestamp"},
      {"foo @ end(5)", "1:11: parse error: unexpected number \"5\" in @, expected timestamp"},
      {"foo @ -Inf", "1:1: parse error: timestamp out of bounds for @ modifier: -Inf"},
      {"foo @ 1e17",
       "1:1: parse error: timestamp out of bounds for @ modifier: 100000000000000000.000000"},
      {"1 anchored", "1:1: parse error: anchored modifier not implemented"},
      {"foo[5m:] smoothed", "1:1: parse error: smoothed modifier is not supported for subqueries"},
      {"foo smoothed anchored",
       "1:1: parse error: anchored and smoothed modifiers cannot be used together"},
  });
}

BOOST_AUTO_TEST_CASE(WhatIsExperimentalIsRefusedUnlessWanted) {
  const std::vector<Row> rows = {
      {"info(foo)", "1:1: parse error: function \"info\" is not enabled"},
      {"1 + start()", "1:5: parse error: function \"start\" is not enabled"},
      {"limitk(1, foo)",
       "1:1: parse error: limitk() is experimental and must be enabled with promql.experimental"},
      {"limit_ratio(1, foo)",
       "1:1: parse error: limit_ratio() is experimental and must be enabled with "
       "promql.experimental"},
      {"foo + fill(0) bar",
       "1:1: parse error: binop fill modifiers are experimental and not enabled"},
      {"foo anchored", "1:1: parse error: anchored modifier is experimental and not enabled"},
      {"foo[5m] smoothed", "1:1: parse error: smoothed modifier is experimental and not enabled"},
  };
  CheckErrors(rows, kStable);
  for (const Row& row : rows) BOOST_TEST(!!Parse(row.text, kExperimental), row.text);
}

BOOST_AUTO_TEST_CASE(KeywordsMayBeNamesOfMetrics) {
  for (const std::string_view name :
       {"sum", "by", "without", "and", "or", "unless", "offset", "start", "end", "step", "range",
        "min_of", "max_of", "anchored", "smoothed", "fill", "limitk", "a:b"}) {
    BOOST_TEST_CONTEXT(name) {
      const ParseResult result = Parse(name, kStable);
      BOOST_TEST_REQUIRE(!!result);
      BOOST_TEST(std::get<VectorSelector>(result.query->root->node).name == name);
    }
  }
}

/// The expression with all of its operators' operands in brackets, and no parentheses.
std::string Grouped(const Expr& expr) {
  const Expr& inner = StripParens(expr);
  if (const auto* unary = std::get_if<Unary>(&inner.node))
    return "-<" + Grouped(*unary->expr) + ">";
  const auto* const binary = std::get_if<Binary>(&inner.node);
  if (binary == nullptr) return Print(inner);
  return "<" + Grouped(*binary->lhs) + "> " + std::string(Name(binary->op)) + " <" +
         Grouped(*binary->rhs) + ">";
}

BOOST_AUTO_TEST_CASE(PrecedenceIsThatOfPrometheus) {
  struct Same {
    std::string_view text;
    std::string_view same;
  };
  const std::vector<Same> rows = {
      {"a or b and c", "a or (b and c)"},
      {"a unless b and c", "(a unless b) and c"},
      {"a and b == c", "a and (b == c)"},
      {"a == b != c", "(a == b) != c"},
      {"a </ b > c", "(a </ b) > c"},
      {"a == b + c", "a == (b + c)"},
      {"a + b * c", "a + (b * c)"},
      {"a atan2 b / c % d", "((a atan2 b) / c) % d"},
      {"a * b ^ c", "a * (b ^ c)"},
      {"a ^ b ^ c", "a ^ (b ^ c)"},
      {"a - b - c", "(a - b) - c"},
      {"-a * b", "(-a) * b"},
      {"-a ^ b", "-(a ^ b)"},
      {"2 ^ -a * b", "(2 ^ (-a)) * b"},
      {"a * -b ^ c", "a * (-(b ^ c))"},
      {"a offset 2 ^ b", "(a offset 2) ^ b"},
      {"a offset -min_of(1, 2) + b", "(a offset -min_of(1, 2)) + b"},
      {"a offset step() * 2 + b", "((a offset step()) * 2) + b"},
  };
  for (const Same& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      const ParseResult plain = Parse(row.text, kStable);
      const ParseResult same = Parse(row.same, kStable);
      BOOST_TEST_REQUIRE((plain && same));
      BOOST_TEST(Grouped(*plain.query->root) == Grouped(*same.query->root));
    }
  }
}

BOOST_AUTO_TEST_CASE(NodesKnowTheirPlaces) {
  struct Place {
    std::string_view text;
    Position position;
  };
  const std::vector<Place> rows = {
      {" foo ", {1, 4}},         {"foo{a=\"b\"} # c", {0, 10}}, {"foo offset 5m ", {0, 13}},
      {"foo[5m] @ 7 ", {0, 11}}, {"foo[5m:] ", {0, 8}},         {" -5 ", {1, 3}},
      {" ( foo ) ", {1, 8}},     {"sum(foo) ", {0, 8}},         {"sum(foo) by (a) ", {0, 15}},
      {"1 + foo ", {0, 7}},      {"abs( foo ) ", {0, 10}},      {" - foo ", {1, 6}},
      {" 'x' ", {1, 4}},
  };
  for (const Place& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      const ParseResult result = Parse(row.text, kStable);
      BOOST_TEST_REQUIRE(!!result);
      BOOST_TEST(result.query->root->position.begin == row.position.begin);
      BOOST_TEST(result.query->root->position.end == row.position.end);
    }
  }
}

BOOST_AUTO_TEST_CASE(TimesAreReadInMilliseconds) {
  const ParseResult result = Parse("foo @ -1.5", kStable);
  BOOST_TEST_REQUIRE(!!result);
  const AtModifier& at = std::get<VectorSelector>(result.query->root->node).time.at;
  BOOST_TEST((at.kind == AtModifier::Kind::kTime));
  BOOST_TEST(at.time == -1500);
}

BOOST_AUTO_TEST_CASE(DeepNestingIsRefused) {
  const std::string too_deep = "expression is nested too deeply: more than 200 levels";
  const std::vector<std::string> texts = {
      Repeat("(", 10'000) + "1" + Repeat(")", 10'000),
      Repeat("(", 1'000'000),
      Repeat("-", 10'000) + "foo",
      Repeat("2^", 10'000) + "2",
      Repeat("abs(", 10'000) + "foo",
      Repeat("sum(", 10'000),
      "foo[" + Repeat("(", 10'000),
      "foo[" + Repeat("-", 10'000) + "5m]",
      "foo[" + Repeat("2^", 10'000) + "2]",
      "foo[" + Repeat("max_of(", 10'000),
      "foo offset " + Repeat("(", 10'000),
  };
  for (const std::string& text : texts) {
    BOOST_TEST_CONTEXT(text.substr(0, 20)) {
      const ParseResult result = Parse(text, kExperimental);
      BOOST_TEST_REQUIRE(!result);
      BOOST_TEST(result.error.message == too_deep);
    }
  }
  BOOST_TEST(!!Parse(Repeat("(", 200) + "1" + Repeat(")", 200), kStable));
}

BOOST_AUTO_TEST_CASE(LongChainsAreRefused) {
  BOOST_TEST(!!Parse(Repeat("a or ", 999) + "a", kStable));
  struct Refused {
    std::string text;
    std::string_view message;
  };
  const std::vector<Refused> rows = {
      {Repeat("1 + ", 100'000) + "1", "expression is more than 1000 levels deep"},
      {"a" + Repeat("[1m:]", 10'000), "expression is more than 1000 levels deep"},
      {"a[" + Repeat("1m + ", 100'000) + "1m]", "duration has more than 1000 parts"},
      {std::string(kMostTextBytes + 1, ' '), "expression is longer than 1048576 bytes"},
  };
  for (const Refused& row : rows) {
    BOOST_TEST_CONTEXT(row.text.substr(0, 20)) {
      const ParseResult result = Parse(row.text, kStable);
      BOOST_TEST_REQUIRE(!result);
      BOOST_TEST(result.error.message == row.message);
    }
  }
}

BOOST_AUTO_TEST_CASE(LinesAndColumnsCountFromOne) {
  BOOST_TEST(LineAndColumn("abc", 0) == "1:1");
  BOOST_TEST(LineAndColumn("abc", 3) == "1:4");
  BOOST_TEST(LineAndColumn("a\nbc", 1) == "1:2");
  BOOST_TEST(LineAndColumn("a\nbc", 2) == "2:1");
  BOOST_TEST(LineAndColumn("a\n\nbc", 4) == "3:2");
  BOOST_TEST(LineAndColumn("a", 99) == "1:2");
}

BOOST_AUTO_TEST_CASE(ACaretShowsThePlace) {
  const std::vector<Row> rows = {
      {"sum(raet(x[5m]))",
       "1:5: parse error: unknown function with name \"raet\"\nsum(raet(x[5m]))\n    ^"},
      {"a +\n\tb c\n+ d", "2:4: parse error: unexpected identifier \"c\"\n\tb c\n\t  ^"},
      {"\"é\" c", "1:6: parse error: unexpected identifier \"c\"\n\"é\" c\n    ^"},
      {"(a", "1:3: parse error: unclosed left parenthesis\n(a\n  ^"},
      {"", "unknown position: parse error: no expression found in input\n\n^"},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      BOOST_TEST(Parse(row.text, kStable).error.WithCaret(row.text) == row.error);
    }
  }
}

BOOST_AUTO_TEST_CASE(SeriesNamesAreRead) {
  struct Series {
    std::string_view text;
    std::string_view labels;
  };
  const std::vector<Series> rows = {
      {"up", "up"},
      {"{}", "{}"},
      {"", "{}"},
      {"up{}", "up"},
      {R"(up{job="a", b='c',})", R"(up{b="c", job="a"})"},
      {R"(sum{by="x"})", R"(sum{by="x"})"},
      {R"({"a.b", "c.d"="e"})", R"({"a.b", "c.d"="e"})"},
      {R"({__name__="up"})", "up"},
      {R"(up{a=""})", "up"},
  };
  for (const Series& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      const Result<Labels> labels = ParseSeriesName(row.text);
      BOOST_TEST_REQUIRE(!!labels);
      BOOST_TEST(labels->ToString() == row.labels);
    }
  }
}

BOOST_AUTO_TEST_CASE(WrongSeriesNamesAreRefused) {
  const std::vector<Row> rows = {
      {"up 1", "1:4: parse error: unexpected number \"1\""},
      {"up{a}", R"(1:5: parse error: unexpected "}" in label set, expected "=")"},
      {"up{a!=\"b\"}", R"(1:5: parse error: unexpected <op:!=> in label set, expected "=")"},
      {"up{a=b}", R"(1:6: parse error: unexpected identifier "b" in label set, expected string)"},
      {"up{a=\"b\" c=\"d\"}",
       R"(1:10: parse error: unexpected identifier "c" in label set, expected "," or "}")"},
      {"up{=", R"(1:4: parse error: unexpected "=" in label set, expected identifier or "}")"},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      const Result<Labels> labels = ParseSeriesName(row.text);
      BOOST_TEST_REQUIRE(!labels);
      BOOST_TEST(labels.error().message == row.error);
    }
  }
}

BOOST_AUTO_TEST_CASE(SelectorsOfTheApiAreRead) {
  const Result<std::vector<Matcher>> matchers = ParseMetricSelector(R"(up{job=~"a|b","x.y"!=''})");
  BOOST_TEST_REQUIRE(!!matchers);
  BOOST_TEST_REQUIRE(matchers->size() == 3U);
  BOOST_TEST((*matchers)[0].ToString() == R"(job=~"a|b")");
  BOOST_TEST((*matchers)[1].ToString() == R"("x.y"!="")");
  BOOST_TEST((*matchers)[2].ToString() == R"(__name__="up")");
  BOOST_TEST(!!ParseMetricSelector("{}"));

  const std::vector<Row> rows = {
      {"", "unknown position: parse error: unexpected end of input"},
      {"up offset 5m", "1:4: parse error: unexpected <offset>"},
      {"rate(up[5m])", "1:5: parse error: unexpected \"(\""},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      const Result<std::vector<Matcher>> refused = ParseMetricSelector(row.text);
      BOOST_TEST_REQUIRE(!refused);
      BOOST_TEST(refused.error().message == row.error);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::promql

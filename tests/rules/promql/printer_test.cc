#include "rules/promql/printer.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "base/file.h"
#include "base/yaml.h"
#include "rules/promql/parser.h"
#include "tests/support/source_directory.h"

namespace tocsin::promql {
namespace {

constexpr ParseOptions kOptions = {.experimental = true};

struct Row {
  std::string_view text;
  std::string_view printed;
};

std::string Printed(std::string_view text) {
  const ParseResult result = Parse(text, kOptions);
  return result ? Print(*result.query->root) : result.error.ToString(text);
}

/// Checks that what is printed, on one line and on several, is printed the same again.
void CheckRoundTrip(std::string_view text) {
  const ParseResult result = Parse(text, kOptions);
  BOOST_TEST_REQUIRE(!!result, text << "\n" << result.error.ToString(text));
  const std::string once = Print(*result.query->root);
  BOOST_TEST(Printed(once) == once, text);
  BOOST_TEST(Printed(PrettyPrint(*result.query->root)) == once, text);
}

void CheckAll(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      BOOST_TEST(Printed(row.text) == row.printed);
      CheckRoundTrip(row.text);
    }
  }
}

BOOST_AUTO_TEST_SUITE(printer_test)

BOOST_AUTO_TEST_CASE(LiteralsArePrintedPlainly) {
  CheckAll({
      {"1", "1"},
      {"1_000.50", "1000.5"},
      {"0x1F", "31"},
      {"1e21", "1000000000000000000000"},
      {"1e-7", "0.0000001"},
      {"Inf", "+Inf"},
      {"-inf", "-Inf"},
      {"nan", "NaN"},
      {"--1", "1"},
      {"+1", "1"},
      {"-0", "-0"},
      {"5m", "5m"},
      {"90m", "1h30m"},
      {"-1y1w", "-372d"},
      {"570ms", "570ms"},
      {"'a\"b'", R"("a\"b")"},
      {"`a\\n`", R"("a\\n")"},
      {R"("\u00e9\x41\101\n\xff")", R"("éAA\n\xff")"},
  });
}

BOOST_AUTO_TEST_CASE(MatchersAreSorted) {
  CheckAll({
      {"foo", "foo"},
      {"foo{}", "foo"},
      {"foo{b='1',a!='2',}", R"(foo{a!="2",b="1"})"},
      {"foo{b=~'1',c!~`\\d`}", R"(foo{b=~"1",c!~"\\d"})"},
      {R"({__name__="foo"})", R"({__name__="foo"})"},
      {R"({"foo.bar", "x.y"="z", a="b"})", R"({"x.y"="z",__name__="foo.bar",a="b"})"},
      {R"(foo{"x.y"=~"z"})", R"(foo{"x.y"=~"z"})"},
      {R"({__name__=~"a.+", __name__!="ab"})", R"({__name__!="ab",__name__=~"a.+"})"},
      {"sum{by='x'}", R"(sum{by="x"})"},
      {"a:b:c", "a:b:c"},
  });
}

BOOST_AUTO_TEST_CASE(ModifiersHaveTheirOrder) {
  CheckAll({
      {"foo offset 1m", "foo offset 1m"},
      {"foo OFFSET -90", "foo offset -1m30s"},
      {"foo offset 0s", "foo"},
      {"foo offset 5m @ 10", "foo @ 10.000 offset 5m"},
      {"foo @ -1.5", "foo @ -1.500"},
      {"foo @ 1603774568.0004", "foo @ 1603774568.000"},
      {"foo @ start()", "foo @ start()"},
      {"foo[5m] offset 1m @ end()", "foo[5m] @ end() offset 1m"},
      {"foo offset 1m anchored @ 1", "foo @ 1.000 anchored offset 1m"},
      {"foo[5m] offset 1m smoothed @ 1", "foo[5m] smoothed @ 1.000 offset 1m"},
      {"foo[1h:]", "foo[1h:]"},
      {"foo[3600:60] offset 1.5 @ 2", "foo[1h:1m] @ 2.000 offset 1s500ms"},
      {"rate(foo[5m])[1h:5m]", "rate(foo[5m])[1h:5m]"},
      {"(a + b)[1h:]", "(a + b)[1h:]"},
  });
}

BOOST_AUTO_TEST_CASE(DurationsAreComputedLater) {
  CheckAll({
      {"foo[300]", "foo[5m]"},
      {"foo[0.0001]", "foo[0.0001]"},
      {"foo[1m+30]", "foo[1m + 30]"},
      {"foo[2*(5m-1s)%7^2/3]", "foo[2 * (5m - 1s) % 7 ^ 2 / 3]"},
      {"foo[-5m+10m]", "foo[-5m + 10m]"},
      {"foo[-(5m)+10m]", "foo[-(5m) + 10m]"},
      {"foo[((5m))]", "foo[((5m))]"},
      {"foo[STEP():Range()]", "foo[step():range()]"},
      {"foo[max_of(5m,min_of(step(),30))]", "foo[max_of(5m, min_of(step(), 30))]"},
      {"foo offset -step()", "foo offset -step()"},
      {"foo offset +(5m)", "foo offset (5m)"},
      {"foo offset (1+2)*3", "foo offset (1 + 2) * 3"},
      {"foo offset -(1+2)*3", "foo offset -(1 + 2) * 3"},
      {"foo offset -2^2", "foo offset -2s ^ 2"},
  });
}

BOOST_AUTO_TEST_CASE(AggregationsBeginWithTheirLabels) {
  CheckAll({
      {"SUM(foo)", "sum(foo)"},
      {"sum by() (foo)", "sum(foo)"},
      {"sum without() (foo)", "sum without () (foo)"},
      {"sum(foo) by (b,a,)", "sum by (b, a) (foo)"},
      {"sum without (a) (foo)", "sum without (a) (foo)"},
      {R"(sum by ("a.b", `c`, by) (foo))", R"(sum by ("a.b", c, by) (foo))"},
      {"topk by (a) (5, foo)", "topk by (a) (5, foo)"},
      {"count_values('v', foo)", R"(count_values("v", foo))"},
      {"limitk(1, foo)", "limitk(1, foo)"},
  });
}

BOOST_AUTO_TEST_CASE(OperatorsKeepTheirModifiers) {
  CheckAll({
      {"a+b", "a + b"},
      {"a - on() b", "a - on () b"},
      {"a - ignoring() b", "a - b"},
      {"a - on(x,y) group_left b", "a - on (x, y) group_left () b"},
      {"a - ignoring(x) group_right(y) b", "a - ignoring (x) group_right (y) b"},
      {"a - ignoring() group_left(y) b", "a - ignoring () group_left (y) b"},
      {R"(a - on("x.y") group_left("z.z") b)", R"(a - on ("x.y") group_left ("z.z") b)"},
      {"a >bool 0", "a > bool 0"},
      {"a ATAN2 b", "a atan2 b"},
      {"a</b>/c", "a </ b >/ c"},
      {"a or on(x) b and c unless d", "a or on (x) b and c unless d"},
      {"1 + on() 2", "1 + 2"},
      {"a + fill(1) b", "a + fill (1) b"},
      {"a + fill_right(1e6) fill_left(-Inf) b", "a + fill_left (-Inf) fill_right (1e+06) b"},
      {"a == bool on(x) group_left() fill_left(0.5) b",
       "a == bool on (x) group_left () fill_left (0.5) b"},
      {"fill + fill_left", "fill + fill_left"},
      {"- - foo ^ -2", "--foo ^ -2"},
      {"2 ^ -1 * 3", "2 ^ -1 * 3"},
      {"(a)+((b))", "(a) + ((b))"},
  });
}

BOOST_AUTO_TEST_CASE(CallsKeepTheirArguments) {
  CheckAll({
      {"time( )", "time()"},
      {"label_replace(up,'a','$1','b','(.*)')", R"~(label_replace(up, "a", "$1", "b", "(.*)"))~"},
      {"start()+max_of(1,2)", "start() + max_of(1, 2)"},
      {"round(a,5)", "round(a, 5)"},
  });
}

BOOST_AUTO_TEST_CASE(LongExpressionsAreSplit) {
  const std::string a = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
  const std::string b = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
  struct Pretty {
    std::string text;
    std::string printed;
  };
  const std::vector<Pretty> rows = {
      {"a+b", "a + b"},
      {a + b, a + b},
      {a + "+on(x) " + b, "  " + a + "\n+ on (x)\n  " + b},
      {"(" + a + "+" + b + ")", "(\n    " + a + "\n  +\n    " + b + "\n)"},
      {"-(" + a + "+" + b + ")", "-(\n    " + a + "\n  +\n    " + b + "\n)"},
      {"sum by (x) (" + a + "+" + b + ")", "sum by (x) (\n    " + a + "\n  +\n    " + b + "\n)"},
      {"topk(5," + a + "+" + b + ")", "topk(\n  5,\n    " + a + "\n  +\n    " + b + "\n)"},
      {"clamp(" + a + b + ",1,2)", "clamp(\n  " + a + b + ",\n  1,\n  2\n)"},
      {"(" + a + "+" + b + ")[5m:1m] offset 1m",
       "(\n    " + a + "\n  +\n    " + b + "\n)[5m:1m] offset 1m"},
  };
  for (const Pretty& row : rows) {
    const ParseResult result = Parse(row.text, kOptions);
    BOOST_TEST_REQUIRE(!!result, row.text);
    BOOST_TEST(PrettyPrint(*result.query->root) == row.printed);
    CheckRoundTrip(row.text);
  }
}

BOOST_AUTO_TEST_CASE(DurationsArePrintedAlone) {
  const ParseResult result = Parse("foo[90 * step()]", kOptions);
  BOOST_TEST_REQUIRE(!!result);
  BOOST_TEST(Print(*std::get<MatrixSelector>(result.query->root->node).range) == "90 * step()");
}

/// A folder with public rule files, if there is one.
std::filesystem::path SharedRuleFiles() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing sets the environment.
  const char* const shared = std::getenv("TOCSIN_SHARED");
  const std::filesystem::path beside = SourceDirectory().parent_path() / "shared";
  return (shared != nullptr ? std::filesystem::path(shared) : beside) / "rulefiles";
}

void CollectExpressions(const YamlNode& node, std::vector<std::string>& expressions) {
  for (const YamlNode& item : node.items) CollectExpressions(item, expressions);
  for (const YamlEntry& entry : node.entries) {
    if (entry.key.text == "expr") expressions.push_back(entry.value.text);
    CollectExpressions(entry.value, expressions);
  }
}

BOOST_AUTO_TEST_CASE(PublicRulesPrintAndParse) {
  const std::filesystem::path folder = SharedRuleFiles();
  if (!std::filesystem::exists(folder)) {
    BOOST_TEST_MESSAGE("skipped: no rule files in " << folder.string());
    return;
  }
  std::vector<std::string> expressions;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::filesystem::path extension = entry.path().extension();
    if (extension != ".yml" && extension != ".yaml") continue;
    const Result<std::string> text = ReadFile(entry.path());
    BOOST_TEST_REQUIRE(!!text);
    Diagnostics diagnostics(entry.path().string());
    const std::optional<YamlNode> file = ParseYaml(*text, diagnostics);
    BOOST_TEST_REQUIRE(!!file, diagnostics.Text());
    CollectExpressions(*file, expressions);
  }
  BOOST_TEST(!expressions.empty());
  for (const std::string& expression : expressions) CheckRoundTrip(expression);
  BOOST_TEST_MESSAGE(expressions.size() << " expressions of public rules");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::promql

#include "base/template/template.h"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "base/template/rule_functions.h"

namespace tocsin::text_template {
namespace {

struct Row {
  std::string_view text;
  std::string_view expected;
};

Value TestData() {
  return Value::OfRecord(
      {{"S", "text"},
       {"E", ""},
       {"I", 42},
       {"F", 1.5},
       {"B", true},
       {"N", Value()},
       {"L", Value::OfList({1, 2, 3})},
       {"Words", Value::OfList({"a", "b"})},
       {"Empty", Value::OfList({})},
       {"M", Value::OfMap({{"b", "2"}, {"a", "1"}}, kTextMap)},
       {"A", Value::OfMap({{"x", 1}, {"n", Value()}, {"m", Value::OfMap({{"k", "v"}})}})},
       {"T", TimePoint(Duration(1'435'065'584'128))},
       {"D", std::chrono::nanoseconds(3'723'500'000'000)}});
}

/// What comes out, or the error.
std::string Expanded(std::string_view text, const Limits& limits = Limits()) {
  const Result<Template> parsed = Template::Parse("t", text, CommonFunctions());
  if (!parsed) return parsed.error().message;
  const Result<std::string> expanded = parsed->Execute(TestData(), CommonFunctions(), limits);
  return expanded ? *expanded : expanded.error().message;
}

void Check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      BOOST_TEST(Expanded(row.text) == row.expected);
    }
  }
}

/// `text` as often as asked for.
std::string Times(std::size_t count, std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

ErrorCode CodeOf(std::string_view text, const Limits& limits) {
  const Result<Template> parsed = Template::Parse("t", text, CommonFunctions());
  BOOST_TEST_REQUIRE(!!parsed);
  const Result<std::string> expanded = parsed->Execute(TestData(), CommonFunctions(), limits);
  BOOST_TEST_REQUIRE(!expanded);
  return expanded.error().code;
}

BOOST_AUTO_TEST_SUITE(template_test)

BOOST_AUTO_TEST_CASE(ActionsPrintValues) {
  Check({
      {"plain", "plain"},
      {"", ""},
      {"{{.S}} {{ .I }} {{.F}} {{.B}} {{.N}}", "text 42 1.5 true <no value>"},
      {"{{.L}} {{.Words}} {{.M}}", "[1 2 3] [a b] map[a:1 b:2]"},
      {"{{.A}}", "map[m:map[k:v] n:<nil> x:1]"},
      {"{{.T}} {{.D}}", "2015-06-23 13:19:44.128 +0000 UTC 1h2m3.5s"},
      {"{{.M.a}}{{.M.zz}}|{{.A.zz}}", "1|<no value>"},
      {"{{.A.m.k}}{{(index .A \"m\").k}}", "vv"},
      {"{{$.S}}{{with .L}}{{$.I}}{{end}}", "text42"},
  });
}

BOOST_AUTO_TEST_CASE(MarkersTrimSpaceAndCommentsVanish) {
  Check({
      {"a {{- .S -}} b", "atextb"},
      {"a\n {{- .S }}\n{{ .S -}} \n b", "atext\ntextb"},
      {"a {{/* c */}} b", "a  b"},
      {"a {{- /* c */ -}} b", "ab"},
      {"{{-1}} {{- -1 -}} ", "-1-1"},
      {"{{/* c }}", "template: t:1: unclosed comment"},
      {"{{/* c */ }}", "template: t:1: comment ends before closing delimiter"},
  });
}

BOOST_AUTO_TEST_CASE(ConstantsAreWrittenAsInGo) {
  Check({
      {"{{1_000}} {{0x1F}} {{0o17}} {{017}} {{0b11}} {{'a'}} {{'\\n'}}", "1000 31 15 15 3 97 10"},
      {"{{1e3}} {{1.}} {{.5}} {{-3}} {{+3}} {{1e-7}} {{0x1p4}}", "1000 1 0.5 -3 3 1e-07 16"},
      {"{{100000.0}} {{1000000.0}} {{1234567.5}} {{0.0001}} {{0.00001}}",
       "100000 1e+06 1.2345675e+06 0.0001 1e-05"},
      {"{{\"a\\x41\\u00e9\\101\\t\"}}{{`raw\\n`}}{{true}}", "aA\u00e9A\traw\\ntrue"},
      {"{{1__0}}", "template: t:1: illegal number syntax: \"1__0\""},
      {"{{1_.0}}", "template: t:1: illegal number syntax: \"1_.0\""},
      {"{{1._0}}", "template: t:1: illegal number syntax: \"1._0\""},
      {"{{1_}}", "template: t:1: illegal number syntax: \"1_\""},
      {"{{1a}}", "template: t:1: bad number syntax: \"1a\""},
      {"{{\"a\\q\"}}", "template: t:1: invalid syntax"},
  });
}

BOOST_AUTO_TEST_CASE(ConditionsTakeWhatIsEmptyAsFalse) {
  Check({
      {"{{if .B}}a{{end}}{{if .E}}b{{end}}{{if .Empty}}c{{end}}{{if 0.0}}d{{end}}", "a"},
      {"{{if .E}}a{{else if .E}}b{{else if .B}}c{{else}}d{{end}}", "c"},
      {"{{if .E}}a{{else if .E}}b{{else}}d{{end}}", "d"},
      {"{{with .S}}{{.}}{{end}}{{with .E}}{{.}}{{else}}n{{end}}", "textn"},
      {"{{with .E}}{{.}}{{else with .I}}{{.}}{{else}}n{{end}}", "42"},
      {"{{with $x := .S}}{{$x}}{{end}}", "text"},
      {"{{if and (gt .F 1.0) (not (eq .S \"x\"))}}y{{end}}", "y"},
      {"{{and 1 0 .X}} {{or 0 .S .X}} {{or 0 0}} {{.B | and 1}}", "0 text 0 true"},
      {"{{if .B}}", "template: t:1: unexpected EOF"},
      {"{{if}}{{end}}", "template: t:1: missing value for if"},
      {"{{end}}", "template: t:1: unexpected {{end}}"},
      {"{{if .B}}{{else}}{{else}}{{end}}", "template: t:1: expected end; found {{else}}"},
  });
}

BOOST_AUTO_TEST_CASE(RangesRepeat) {
  Check({
      {"{{range .L}}{{.}},{{end}}", "1,2,3,"},
      {"{{range .Empty}}x{{else}}none{{end}}{{range .N}}x{{else}}none{{end}}", "nonenone"},
      {"{{range $x := .L}}{{$x}}{{end}}", "123"},
      {"{{range $i, $x := .Words}}{{$i}}={{$x}} {{end}}", "0=a 1=b "},
      {"{{range $k, $v := .M}}{{$k}}={{$v}} {{end}}", "a=1 b=2 "},
      {"{{range 3}}{{.}}{{end}}", "012"},
      {"{{range .L}}{{if eq . 2}}{{continue}}{{end}}{{.}}{{end}}", "13"},
      {"{{range .L}}{{if eq . 2}}{{break}}{{end}}{{.}}{{end}}", "1"},
      {"{{range $o := .L}}{{range $.L}}{{if eq . $o}}{{break}}{{end}}{{.}}{{end}};{{end}}",
       ";1;12;"},
      {"{{$i := 0}}{{$x := 0}}{{range $i, $x = .Words}}{{end}}{{$i}}{{$x}}", "1b"},
      {"{{range .S}}{{end}}",
       "template: t:1:8: executing \"t\" at <.S>: range can't iterate over text"},
      {"{{break}}", "template: t:1: {{break}} outside {{range}}"},
      {"{{range $a, $b, $c := .L}}{{end}}", "template: t:1: too many declarations in range"},
  });
}

BOOST_AUTO_TEST_CASE(VariablesLiveToTheEndOfTheirBlock) {
  Check({
      {"{{$x := 1}}{{$x}}{{$x = 2}}{{$x}}", "12"},
      {"{{$x := 1}}{{if .B}}{{$x := 2}}{{$x}}{{end}}{{$x}}", "21"},
      {"{{$x := 1}}{{if .B}}{{$x = 2}}{{end}}{{$x}}", "2"},
      {"{{$m := .M}}{{$m.a}}{{$m.b | printf \"%s%s\" $m.a}}", "112"},
      {"{{if .B}}{{$x := 2}}{{end}}{{$x}}", "template: t:1: undefined variable \"$x\""},
      {"{{$x := 1}}{{define \"a\"}}{{$x}}{{end}}", "template: t:1: undefined variable \"$x\""},
  });
}

BOOST_AUTO_TEST_CASE(TemplatesCallTemplates) {
  Check({
      {"{{define \"a\"}}<{{.}}>{{end}}{{template \"a\" .S}}{{template \"a\"}}",
       "<text><<no value>>"},
      {"{{template \"a\" args 1 .S}}{{define \"a\"}}{{.arg0}}{{.arg1}}{{.arg2}}{{end}}",
       "1text<no value>"},
      {"{{block \"b\" .S}}[{{.}}]{{end}}", "[text]"},
      {"{{define \"a\"}}x{{end}}{{tmpl \"a\" .}}{{tmpl (print \"a\") 1 | toUpper}}", "xX"},
      {"{{template \"zz\"}}",
       "template: t:1:11: executing \"t\" at <{{template \"zz\"}}>: template \"zz\" not defined"},
      {"{{define \"a\"}}{{.X}}{{end}}\n{{template \"a\" .}}",
       "template: t:1:16: executing \"a\" at <.X>: can't evaluate field X in type struct"},
      {"{{define \"a\"}}1{{end}}{{define \"a\"}}2{{end}}",
       "template: t:1: template: multiple definition of template \"a\""},
      {"{{define \"a\"}}x", "template: t:1: unexpected EOF"},
  });
}

BOOST_AUTO_TEST_CASE(ErrorsSayWhere) {
  Check({
      {"\n\n {{.X}}",
       "template: t:3:3: executing \"t\" at <.X>: can't evaluate field X in type struct"},
      {"{{.I.y}}",
       "template: t:1:4: executing \"t\" at <.I.y>: can't evaluate field y in type int"},
      {"{{.M.a 1}}",
       "template: t:1:4: executing \"t\" at <.M.a>: a is not a method but has arguments"},
      {"{{.S | toUpper .S}}",
       "template: t:1:7: executing \"t\" at <toUpper>: wrong number of args for toUpper: want 1 "
       "got "
       "2"},
      {"{{toUpper .I}}",
       "template: t:1:10: executing \"t\" at <.I>: wrong type for value; expected string; got int"},
      {"{{toUpper 5}}", "template: t:1:10: executing \"t\" at <5>: expected string; found 5"},
      {"{{5 .S}}",
       "template: t:1:2: executing \"t\" at <5>: can't give argument to non-function 5"},
      {"{{nil}}", "template: t:1:2: executing \"t\" at <nil>: nil is not a command"},
      {"{{1|2}}", "template: t:1: non executable command in pipeline stage 2"},
      {"{{foo}}", "template: t:1: function \"foo\" not defined"},
      {"{{(.S}}", "template: t:1: unclosed left paren"},
      {"{{.S)}}", "template: t:1: unexpected right paren"},
      {"{{ .S", "template: t:1: unclosed action"},
      {"{{\n\n\"a}}", "template: t:3: unterminated quoted string in action started at t:1"},
      {"{{}}", "template: t:1: missing value for command"},
      {"{{.S,.S}}", "template: t:1: unexpected \",\" in operand"},
      {"{{true.x}}", "template: t:1: unexpected . after term \"true\""},
      {"{{a!b}}", "template: t:1: bad character U+0021 '!'"},
  });
}

BOOST_AUTO_TEST_CASE(ThePreludeNamesFieldsOfTheData) {
  Template::Options options;
  options.prelude = kRulePrelude;
  const Value data = Value::OfRecord({{"Labels", Value::OfLabels(Labels{{"job", "node"}})},
                                      {"ExternalLabels", Value::OfLabels(Labels{{"dc", "x"}})},
                                      {"ExternalURL", "http://a/"},
                                      {"Value", 0.5}});
  const auto parsed = Template::Parse(
      "t",
      "{{$labels.job}} {{$value | humanizePercentage}} {{$externalLabels.dc}} {{$externalURL}}",
      CommonFunctions(), options);
  BOOST_TEST_REQUIRE(!!parsed);
  const Result<std::string> text = parsed->Execute(data, CommonFunctions());
  BOOST_TEST_REQUIRE(!!text);
  BOOST_TEST(*text == "node 50% x http://a/");
}

BOOST_AUTO_TEST_CASE(ALibraryIsCalledAndReplaced) {
  const auto library = Template::Parse(
      "library", "{{define \"a\"}}old{{end}}{{define \"b\"}}b{{end}}", CommonFunctions());
  BOOST_TEST_REQUIRE(!!library);
  Template::Options options;
  options.library = &*library;
  const auto parsed =
      Template::Parse("t", "{{template \"a\"}}{{template \"b\"}}{{define \"a\"}}new{{end}}",
                      CommonFunctions(), options);
  BOOST_TEST_REQUIRE(!!parsed);
  const Result<std::string> text = parsed->Execute(Value(), CommonFunctions());
  BOOST_TEST_REQUIRE(!!text);
  BOOST_TEST(*text == "newb");
  BOOST_TEST(parsed->Defines("b"));
  BOOST_TEST(!parsed->Defines("c"));
}

BOOST_AUTO_TEST_CASE(NestingHasABound) {
  const auto parses = [](const std::string& text) {
    return !!Template::Parse("t", text, CommonFunctions());
  };
  BOOST_TEST(parses("{{" + Times(90, "(") + "1" + Times(90, ")") + "}}"));
  BOOST_TEST(!parses("{{" + Times(110, "(") + "1" + Times(110, ")") + "}}"));
  BOOST_TEST(parses(Times(40, "{{if 1}}") + Times(40, "{{end}}")));
  BOOST_TEST(!parses(Times(110, "{{if 1}}") + Times(110, "{{end}}")));
  BOOST_TEST(!parses("{{if 0}}" + Times(110, "{{else if 0}}") + "{{end}}"));
  BOOST_TEST(!parses(Times(100'000, "{{if 1}}")));
}

BOOST_AUTO_TEST_CASE(OneRunHasBounds) {
  const Limits limits = {.depth = 10, .steps = 10'000, .output_bytes = 1000};
  const std::vector<Row> rows = {
      {"{{define \"a\"}}{{template \"a\"}}{{end}}{{template \"a\"}}",
       "exceeded maximum template depth (10)"},
      {"{{define \"a\"}}{{tmpl \"a\" .}}{{end}}{{template \"a\"}}",
       "exceeded maximum template depth (10)"},
      {"{{range 1000000000}}{{end}}", "more than 10000 steps"},
      {"{{range 1000000000}}x{{end}}", "more than 1000 bytes of text"},
      {"{{printf \"%2000d\" 1}}", "more than 1000 bytes of text"},
      {"{{$x := \"aa\"}}{{range 100}}{{$x = print $x $x}}{{end}}", "more than 1000 bytes of text"},
      {"{{$x := 1}}{{range 1000}}{{$x = args $x}}{{end}}", "lists and maps nested too deep"},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      BOOST_TEST(Expanded(row.text, limits).ends_with(row.expected));
      BOOST_TEST((CodeOf(row.text, limits) == ErrorCode::kTooLarge));
    }
  }
}

BOOST_AUTO_TEST_CASE(BlocksInTemplatesInTemplatesDoNotUseUpTheStack) {
  const std::string deep = Times(40, "{{if 1}}") + "{{template \"a\"}}" + Times(40, "{{end}}");
  const std::string text = "{{define \"a\"}}" + deep + "{{end}}{{template \"a\"}}";
  BOOST_TEST(Expanded(text).ends_with("nested too deep"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::text_template

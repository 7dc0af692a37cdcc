#include "notify/label_matcher.h"

#include <string>

#include <boost/test/unit_test.hpp>

#include "base/yaml.h"

namespace tocsin::notify {
namespace {

using Kind = LabelMatcher::Kind;

std::string Parsed(std::string_view text) {
  const Result<LabelMatchers> matchers = ParseLabelMatchers(text);
  return matchers ? ToString(*matchers) : matchers.error().message;
}

std::string ParsedOne(std::string_view text) {
  const Result<LabelMatcher> matcher = ParseLabelMatcher(text);
  return matcher ? matcher->ToString() : matcher.error().message;
}

struct Row {
  std::string text;
  std::string result;
};

BOOST_AUTO_TEST_SUITE(label_matcher_test)

BOOST_AUTO_TEST_CASE(ReadsBothForms) {
  const Row rows[] = {
      // Both.
      {"", "{}"},
      {"{}", "{}"},
      {" ", "{}"},
      {R"(a="b")", R"({a="b"})"},
      {R"({a="b"})", R"({a="b"})"},
      {R"({ a = "b" , c !~ "d.*" , })", R"({a="b",c!~"d.*"})"},
      {"b=c,a!=d", R"({a!="d",b="c"})"},
      {R"(a=~"x|y",)", R"({a=~"x|y"})"},
      {R"(a="")", R"({a=""})"},
      {R"(a="b,c")", R"({a="b,c"})"},
      {R"(a="\"\\\n")", R"({a="\"\\\n"})"},
      {"a=ü", R"({a="ü"})"},
      // UTF-8 only.
      {R"("a b"="c")", R"({"a b"="c"})"},
      {R"({"ü.x"=~"c",d="e"})", R"({d="e",ü.x=~"c"})"},
      {"a.b=c", R"({a.b="c"})"},
      {R"(a="\u00fc\x41\t")", "{a=\"\\\\u00fc\\\\x41\\\\t\"}"},  // Classic, which disagrees.
      {R"("a"="\u00fc\x41\t")", "{a=\"üA\t\"}"},
      // Classic only.
      {"a=", R"({a=""})"},
      {"a=b c", R"({a="b c"})"},
      {"a=b=c", R"({a="b=c"})"},
      {"a={b}", R"({a="{b"})"},
      {R"(a=~[a-z]+\.{2}x)", R"({a=~"[a-z]+\\.{2}x"})"},
      {R"(a=\d)", R"({a="\\d"})"},
      {R"(a="\d")", R"({a="\\d"})"},
      {"a=\"x\ny\"", R"({a="x\ny"})"},
      {"{", "{}"},
      {"{a=b", R"({a="b"})"},
      {"a=b}", R"({a="b"})"},
      {"a='b'", R"({a="'b'"})"},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      BOOST_TEST(Parsed(row.text) == row.result);
    }
  }
}

BOOST_AUTO_TEST_CASE(SaysWhatIsWrongWhere) {
  const Row rows[] = {
      {"a", "column 2: expected =, !=, =~ or !~, got the end"},
      {"=b", "column 1: expected the name of a label, got \"=\""},
      {"{a=b,,c=d}", "column 6: expected the name of a label, got \",\""},
      {"a b=c", "column 3: expected =, !=, =~ or !~, got \"b\""},
      {"ü b=c", "column 4: expected =, !=, =~ or !~, got \"b\""},
      {R"("a)", "column 1: expected a closing quote, got \"\\\"\""},
      {R"("\q"="b")", "column 1: expected a text in quotes with valid escapes, got \"\\\"\""},
      {R"("\xff"="b")", "column 1: expected a text in quotes with valid escapes, got \"\\\"\""},
      {R"("a"=)", "column 5: expected a value, got the end"},
      {R"("a"="b" c)", "column 9: expected a comma or a closing brace, got \"c\""},
      {R"({"a"="b")", "column 9: expected a closing brace, got the end"},
      {R"("a"="b"})", "column 8: expected the end, got \"}\""},
      {R"({"a"="b"} c)", "column 11: expected the end, got \"c\""},
      {R"(""="b")", "a matcher needs the name of a label"},
      {R"(a="b"c")", "column 6: expected a comma or a closing brace, got \"c\""},
      {R"(a="b\")", "column 3: expected a closing quote, got \"\\\"\""},
      {"a=~(", "missing ): ^(?s:()$"},
      {"a=\xff", "a matcher has to be UTF-8"},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      BOOST_TEST(Parsed(row.text) == row.result);
    }
  }
}

BOOST_AUTO_TEST_CASE(ReadsExactlyOne) {
  const Row rows[] = {
      {"a=b", R"(a="b")"},
      {R"( a =~ "b" )", R"(a=~"b")"},
      {"{a=b}", "expected one matcher without braces"},
      {"a=b,c=d", "expected one matcher, got 2"},
      {"", "expected one matcher, got 0"},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      BOOST_TEST(ParsedOne(row.text) == row.result);
    }
  }
}

BOOST_AUTO_TEST_CASE(WhatIsMissingIsEmpty) {
  const Labels labels{{"a", "x"}, {"b", "line\nline"}};
  const struct {
    std::string text;
    bool matches;
  } rows[] = {
      {R"(a="x")", true},      {R"(a="y")", false},       {R"(a!="x")", false},
      {R"(a!="y")", true},     {R"(a=~"x|y")", true},     {R"(a=~"xy?")", true},
      {R"(a=~"y?")", false},   {R"(a!~"x|y")", false},    {R"(a!~"y?")", true},
      {R"(b=~"l.*e")", true},  {R"(c="")", true},         {R"(c!="")", false},
      {R"(c=~".*")", true},    {R"(c=~".+")", false},     {R"(c!~".+")", true},
      {R"(a="x",c="")", true}, {R"(a="x",c="y")", false}, {"", true},
  };
  for (const auto& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      BOOST_TEST(Matches(*ParseLabelMatchers(row.text), labels) == row.matches);
    }
  }
}

BOOST_AUTO_TEST_CASE(IsPrintedInOrder) {
  LabelMatchers matchers;
  for (const auto& [name, kind, value] :
       {std::tuple("b", Kind::kRegexp, "x"), std::tuple("a", Kind::kNotEqual, "y"),
        std::tuple("a", Kind::kNotRegexp, "x"), std::tuple("a", Kind::kEqual, "x")}) {
    matchers.push_back(*LabelMatcher::Make(name, kind, value));
  }
  BOOST_TEST(ToString(matchers) == R"({a="x",a!~"x",a!="y",b=~"x"})");
}

BOOST_AUTO_TEST_CASE(StandsInMapsAndLists) {
  const Row rows[] = {
      {"{}", "{}"},
      {"{match: {b: x, a: y}, match_re: {c: 'd|e'}, matchers: ['f!=g, h=i', j=k]}",
       R"({a="y",b="x",c=~"^(?:d|e)$",f!="g",h="i",j="k"})"},
      {"{match_re: {a: (}}", "f:1:12: match_re: missing ): ^(?s:()$"},
      {"{match: {'': b}}", "f:1:9: match: a matcher needs the name of a label"},
      {"{matchers: [a=b, c]}", "f:1:18: matchers: column 2: expected =, !=, =~ or !~, got the end"},
      {"{matchers: [{a: b}]}", "f:1:13: matchers: expected a list of texts"},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      Diagnostics diagnostics("f");
      const auto node = ParseYaml(row.text, diagnostics);
      BOOST_REQUIRE(node);
      YamlMap options(*node, diagnostics);
      const LabelMatchers read = ReadLabelMatchers(options, {"match", "match_re", "matchers"});
      BOOST_TEST((diagnostics.empty() ? ToString(read) : diagnostics.Text()) == row.result);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::notify

#include "rules/promql/lexer.h"

#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "rules/promql/token.h"

namespace tocsin::promql {
namespace {

/// All tokens, each as errors show it; the last one may be `error: why`.
std::string Tokens(std::string_view text) {
  Lexer lexer(text);
  std::string shown;
  while (true) {
    const Token token = lexer.Next();
    if (token.type == TokenType::kEnd) return shown;
    if (!shown.empty()) shown += ' ';
    if (token.type == TokenType::kError) return shown + "error: " + lexer.error();
    shown += Describe(token.type, text.substr(token.begin, token.end - token.begin));
  }
}

struct Row {
  std::string_view text;
  std::string_view tokens;
};

void CheckAll(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      BOOST_TEST(Tokens(row.text) == row.tokens);
    }
  }
}

BOOST_AUTO_TEST_SUITE(lexer_test)

BOOST_AUTO_TEST_CASE(BlanksAndCommentsAreLeftOut) {
  CheckAll({
      {"", ""},
      {" \t\r\n", ""},
      {"# only a comment", ""},
      {"a # up to the end of the line\nb", R"(identifier "a" identifier "b")"},
      {"a{ # also in braces\nb", R"(identifier "a" "{" identifier "b" error: )"
                                 "unexpected end of input inside braces"},
  });
}

BOOST_AUTO_TEST_CASE(OperatorsAreCutGreedily) {
  CheckAll({
      {"+-*/%^", "<op:+> <op:-> <op:*> <op:/> <op:%> <op:^>"},
      {"== != < <= > >=", "<op:==> <op:!=> <op:<> <op:<=> <op:>> <op:>=>"},
      {"</ >/ < /", "<op:</> <op:>/> <op:<> <op:/>"},
      {"= ,@()", R"~("=" "," <op:@> "(" ")")~"},
      {"And OR unless aTan2", "<op:And> <op:OR> <op:unless> <op:aTan2>"},
      {"=~", "error: unexpected character after '=': '~'"},
      {"!~", "error: unexpected character after '!': '~'"},
      {"!", "error: unexpected character after '!': '\xef\xbf\xbd'"},
  });
}

BOOST_AUTO_TEST_CASE(WordsAreKeywordsInAnyCase) {
  CheckAll({
      {"sum SUM Limit_Ratio", "<aggr:sum> <aggr:SUM> <aggr:Limit_Ratio>"},
      {"by Without ON bool", "<by> <Without> <ON> <bool>"},
      {"offset smoothed anchored", "<offset> <smoothed> <anchored>"},
      {"start end step range min_of max_of", R"("start" "end" "step" "range" "min_of" "max_of")"},
      {"summa sum_ _sum", R"(identifier "summa" identifier "sum_" identifier "_sum")"},
      {"a:b :c sum:x",
       R"(metric identifier "a:b" metric identifier ":c" metric identifier "sum:x")"},
      {"{sum,by", R"("{" identifier "sum" "," identifier "by" )"
                  "error: unexpected end of input inside braces"},
  });
}

BOOST_AUTO_TEST_CASE(FillIsAKeywordOnlyBeforeAParenthesis) {
  CheckAll({
      {"fill", R"(identifier "fill")"},
      {"fill_left + fill_right{", R"(identifier "fill_left" <op:+> identifier "fill_right" "{" )"
                                  "error: unexpected end of input inside braces"},
      {"fill(1) fill_left\n (1)", R"~(<fill> "(" number "1" ")" <fill_left> "(" number "1" ")")~"},
  });
}

BOOST_AUTO_TEST_CASE(NumbersAreOfManyShapes) {
  CheckAll({
      {"1 1. .5 1.5 1e3 1E-3 1.e+3", R"(number "1" number "1." number ".5" number "1.5" )"
                                     R"(number "1e3" number "1E-3" number "1.e+3")"},
      {"0x1F 0XfE 0x_1", R"(number "0x1F" number "0XfE" number "0x_1")"},
      {"1_000 0.1_5", R"(number "1_000" number "0.1_5")"},
      {"inf NaN INF", R"(number "inf" number "NaN" number "INF")"},
      {"1-1", R"(number "1" <op:-> number "1")"},
      {"1..2", R"(error: bad number or duration syntax: "1..")"},
      {"1.2.3", R"(error: bad number or duration syntax: "1.2.")"},
      {"1__0", R"(error: bad number or duration syntax: "1__")"},
      {"1_", R"(error: bad number or duration syntax: "1_")"},
      {"1e", R"(error: bad number or duration syntax: "1e")"},
      {"1e1e1", R"(error: bad number or duration syntax: "1e1e")"},
      {"0x1.8", R"(error: bad number or duration syntax: "0x1.")"},
      {"0x1G", R"(error: bad number or duration syntax: "0x1")"},
      {".", "error: unexpected character: '.'"},
  });
}

BOOST_AUTO_TEST_CASE(DurationsAreNumbersWithUnits) {
  CheckAll({
      {"5m 1h30m 1y2w3d4h5m6s7ms", R"(duration "5m" duration "1h30m" duration "1y2w3d4h5m"...)"},
      {"5mm", R"(error: bad number or duration syntax: "5mm")"},
      {"5m_", R"(error: bad number or duration syntax: "5m_")"},
      {"5m1", R"(error: bad number or duration syntax: "5m1")"},
      {"1w1y", R"(error: bad number or duration syntax: "1w1")"},
      {"5M", R"(error: bad number or duration syntax: "5")"},
  });
}

BOOST_AUTO_TEST_CASE(StringsHaveThreeKindsOfQuotes) {
  CheckAll({
      {R"("a" 'b' `c`)", R"(string "\"a\"" string "'b'" string "`c`")"},
      {R"("\"" '\'' `\`)", R"(string "\"\\\"\"" string "'\\''" string "`\\`")"},
      {R"("\a\b\f\n\r\t\v\\")", R"(string "\"\\a\\b\\f\\n\\"...)"},
      {R"("\x41\101\u0041\U00000041")", R"(string "\"\\x41\\101\\"...)"},
      {"`two\nlines`", R"(string "`two\nlines"...)"},
      {"'two\nlines'", "error: unterminated quoted string"},
      {"'", "error: unterminated quoted string"},
      {"`", "error: unterminated raw string"},
      {"\"\xff\"", "error: invalid UTF-8 rune"},
      {"`\xc3`", "error: invalid UTF-8 rune"},
      {R"("\q")", "error: unknown escape sequence U+0071 'q'"},
      {R"("\'")", "error: unknown escape sequence U+0027 '''"},
      {R"("\é")", "error: unknown escape sequence U+00E9 'é'"},
      {"\"\\\n\"", "error: unknown escape sequence U+000A"},
      {R"("\xg1")", "error: illegal character U+0067 'g' in escape sequence"},
      {R"("\400")", "error: escape sequence is an invalid Unicode code point"},
      {R"("\ud800")", "error: escape sequence is an invalid Unicode code point"},
      {R"("\U00110000")", "error: escape sequence is an invalid Unicode code point"},
      {R"("\)", "error: escape sequence not terminated"},
      {R"("\x4)", "error: escape sequence not terminated"},
  });
}

BOOST_AUTO_TEST_CASE(BracesHoldMatchers) {
  CheckAll({
      {R"({a="b",c!~'d'})",
       R"("{" identifier "a" "=" string "\"b\"" "," identifier "c" <op:!~> string "'d'" "}")"},
      {"{a=~!=", R"("{" identifier "a" <op:=~> <op:!=> error: )"
                 "unexpected end of input inside braces"},
      {"{!a", R"("{" error: unexpected character after '!' inside braces: 'a')"},
      {"{{", R"("{" error: unexpected left brace '{')"},
      {"{1", R"("{" error: unexpected character inside braces: '1')"},
      {"}", "error: unexpected character: '}'"},
  });
}

BOOST_AUTO_TEST_CASE(BracketsHoldDurations) {
  CheckAll({
      {"[5m]", R"("[" duration "5m" "]")"},
      {"[ 5m : 1m ]", R"("[" duration "5m" ":" duration "1m" "]")"},
      {"[step():30]", R"~("[" "step" "(" ")" ":" number "30" "]")~"},
      {"[5m-Max_Of(range(),1)]",
       R"~("[" duration "5m" <op:-> "Max_Of" "(" "range" "(" ")" "," number "1" ")" "]")~"},
      {"[a]", R"("[" error: unexpected character in duration expression: 'a')"},
      {"[sum]", R"("[" error: unexpected character in duration expression: 's')"},
      {"[5m a]", R"("[" duration "5m" error: unexpected character: 'a', expected ':')"},
      {"[:1m]", R"("[" error: unexpected colon before duration in duration expression)"},
      {"[(5m):(1m):]",
       R"~("[" "(" duration "5m" ")" ":" "(" duration "1m" ")" error: unexpected colon ':')~"},
      {"[step()::", R"~("[" "step" "(" ")" ":" error: )~"
                    "unexpected repeated colon in duration expression"},
      {"[", R"("[" error: unexpected end of input in duration expression)"},
      {"[5m", R"("[" duration "5m" error: unclosed left bracket)"},
      {"[5m[", R"("[" duration "5m" error: unexpected left bracket '[')"},
      {"]", "error: unexpected right bracket ']'"},
  });
}

BOOST_AUTO_TEST_CASE(ParenthesesAreBalanced) {
  CheckAll({
      {"(()", R"~("(" "(" ")" error: unclosed left parenthesis)~"},
      {"())", R"~("(" ")" error: unexpected right parenthesis ')')~"},
      {"[(5m)", R"~("[" "(" duration "5m" ")" error: unclosed left bracket)~"},
  });
}

BOOST_AUTO_TEST_CASE(StrangeCharactersAreNamed) {
  CheckAll({
      {"a;", R"(identifier "a" error: unexpected character: ';')"},
      {"a\xc2\xa0", "identifier \"a\" error: unexpected character: '\\u00a0'"},
      {"é", "error: unexpected character: 'é'"},
      {"\xff", "error: unexpected character: '\xef\xbf\xbd'"},
      {"\\", "error: unexpected character: '\\\\'"},
  });
}

BOOST_AUTO_TEST_CASE(TheLastTokenIsRepeated) {
  Lexer ended("a");
  ended.Next();
  BOOST_TEST((ended.Next().type == TokenType::kEnd));
  BOOST_TEST((ended.Next().type == TokenType::kEnd));
  Lexer failed("$");
  BOOST_TEST((failed.Next().type == TokenType::kError));
  BOOST_TEST((failed.Next().type == TokenType::kError));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::promql

#include "base/template/rule_functions.h"

#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "base/template/template.h"

namespace tocsin::text_template {
namespace {

struct Row {
  std::string_view text;
  std::string_view expected;  ///< The text, or how the error ends.
};

Result<Value> Answer(const std::string& expression) {
  if (expression == "none") return Value::OfList({});
  if (expression == "bad") return Error{ErrorCode::kInvalidInput, "no such thing"};
  return Value::OfList({Sample(Labels{{"__value__", "text"}, {"instance", "b"}}, 2),
                        Sample(Labels{{"instance", "a"}}, 1)});
}

Functions TestFunctions() {
  return RuleFunctions({.now = TimePoint(Duration(1'353'755'652'000)),
                        .external_url = "http://mon.example.com:9090/path/prefix?x",
                        .query = Answer});
}

void Check(const std::vector<Row>& rows) {
  const Functions functions = TestFunctions();
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      const auto parsed = Template::Parse("t", row.text, functions);
      BOOST_TEST_REQUIRE(!!parsed);
      const Result<std::string> text = parsed->Execute(Value(), functions);
      if (text) {
        BOOST_TEST(*text == row.expected);
      } else {
        BOOST_TEST(text.error().message.ends_with(row.expected), text.error().message);
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE(rule_functions_test)

BOOST_AUTO_TEST_CASE(QueriesAreListsOfSamples) {
  Check({
      {"{{range query `up`}}{{.Labels.instance}}={{.Value}} {{end}}", "b=2 a=1 "},
      {"{{range query `up` | sortByLabel `instance`}}{{.Labels.instance}}{{end}}", "ab"},
      {"{{query `up` | first | value}} {{query `up` | first | label `instance`}}", "2 b"},
      {"{{query `up` | first | strvalue}}", "text"},
      {"{{with query `none`}}{{. | first}}{{else}}nothing{{end}}", "nothing"},
      {"{{query `none` | first}}",
       "error calling first: first() called on vector with no elements"},
      {"{{query `bad`}}", "error calling query: no such thing"},
      {"{{query 1}}", "expected string; found 1"},
      {"{{(query `up` | first).Name}}", "can't evaluate field Name in type *template.sample"},
  });
}

BOOST_AUTO_TEST_CASE(WhatTheCallerKnowsIsAsked) {
  Check({
      {"{{now | humanizeTimestamp}}", "2012-11-24 11:14:12 +0000 UTC"},
      {"{{externalURL}} {{pathPrefix}}", "http://mon.example.com:9090/path/prefix?x /path/prefix"},
      {"{{graphLink `up{a=\"b c\"}`}}", "/graph?g0.expr=up%7Ba%3D%22b+c%22%7D&g0.tab=0"},
      {"{{tableLink `up`}}", "/graph?g0.expr=up&g0.tab=1"},
  });
  const Functions without_query = RuleFunctions(RuleContext());
  const auto parsed = Template::Parse("t", "{{query `up`}}", without_query);
  BOOST_TEST_REQUIRE(!!parsed);
  BOOST_TEST(!parsed->Execute(Value(), without_query));
}

BOOST_AUTO_TEST_CASE(TextsAreChanged) {
  Check({
      {"{{reReplaceAll `(a+)b` `<$1>` `xaabyab`}}", "x<aa>y<a>"},
      {"{{reReplaceAll `(?P<n>a)` `${n}${n}x$$` `ba`}}", "baax$"},
      {"{{reReplaceAll `a` `$1x-${9}-$` `a`}}", "--$"},
      {"{{reReplaceAll `a*` `-` `baac`}}", "-b-c-"},
      {"{{reReplaceAll `` `-` `éa`}}", "-é-a-"},
      {"{{reReplaceAll `^a` `b` `aaa`}}", "baa"},
      {"{{match `a.*c` `xabcx`}} {{match `^b` `abc`}}", "true false"},
      {"{{title `aa bB it's foo_bar a-b éa`}}", "Aa BB It'S Foo_bar A-B Éa"},
      {"{{toUpper `aé`}} {{toLower `AÉ`}}", "AÉ aé"},
      {"{{safeHtml `<b>`}} {{urlQueryEscape `a b&`}}", "<b> a+b%26"},
      {"{{(args 1 `a`).arg1}}{{args 1 `a`}}", "amap[arg0:1 arg1:a]"},
      {"{{parseDuration `1h30m`}} {{parseDuration `-10ms`}}", "5400 -0.01"},
      {"{{toDuration 90}} {{(toTime `1435065584.128`).Year}}", "1m30s 2015"},
      {"{{humanize `1234`}} {{1048576 | humanize1024}} {{humanizeDuration `90`}}",
       "1.234k 1Mi 1m 30s"},
  });
}

BOOST_AUTO_TEST_CASE(WrongRegularExpressionsAreErrors) {
  Check({{"{{match `(` `a`}}", "missing ): ("}, {"{{reReplaceAll `[` `` `a`}}", "missing ]: ["}});
}

BOOST_AUTO_TEST_CASE(AddressesLoseTheirPortOrDomain) {
  Check({
      {"{{stripPort `host:80`}} {{stripPort `host`}} {{stripPort `[::1]:80`}} {{stripPort `::1`}}",
       "host host ::1 ::1"},
      {"{{stripPort `a:b:c`}} {{stripPort `[::1`}} {{stripPort ``}}", "a:b:c [::1 "},
      {"{{stripDomain `host.example.com`}} {{stripDomain `host.example.com:80`}}", "host host:80"},
      {"{{stripDomain `10.1.2.3`}} {{stripDomain `10.1.2.3:80`}} {{stripDomain `[::1]:80`}}",
       "10.1.2.3 10.1.2.3:80 [::1]:80"},
      {"{{stripDomain `::1`}} {{stripDomain `host`}}", "::1 host"},
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::text_template

#include "exporter/generate/template_edit.h"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace tocsin::generate {
namespace {

BOOST_AUTO_TEST_SUITE(template_edit_test)

BOOST_AUTO_TEST_CASE(QueriesGetTheMatchers) {
  struct Row {
    std::string text;
    std::string expected;
  };
  const Row rows[] = {
      {"No query \"up\" here.", "No query \"up\" here."},
      {"{{ query \"up\" }}", "{{ query \"up{job=\\\"50%\\\"}\" }}"},
      {"{{ query `up` }}", "{{ query \"up{job=\\\"50%\\\"}\" }}"},
      {"{{ with \"up\" | query }}{{ . | first | label \"up\" }}{{ end }}",
       "{{ with \"up{job=\\\"50%\\\"}\" | query }}{{ . | first | label \"up\" }}{{ end }}"},
      {"{{ query \"up\" | first | label \"query\" }}",
       "{{ query \"up{job=\\\"50%\\\"}\" | first | label \"query\" }}"},
      {"{{ with printf \"a{b='%s'} == 1\" $labels.b | query }}",
       "{{ with printf \"a{b='%s', job=\\\"50%%\\\"} == 1\" $labels.b | query }}"},
      {"{{ $x := query (printf \"a{b='%s'}\" $labels.b) }}",
       "{{ $x := query (printf \"a{b='%s', job=\\\"50%%\\\"}\" $labels.b) }}"},
      {"{{ range query \"a\" }}{{ query \"b\" }}{{ end }}",
       "{{ range query \"a{job=\\\"50%\\\"}\" }}{{ query \"b{job=\\\"50%\\\"}\" }}{{ end }}"},
      // Nobody can tell what these ask.
      {"{{ $labels.expr | query }}", "{{ $labels.expr | query }}"},
      {"{{ print \"a\" \"b\" | query }}", "{{ print \"a\" \"b\" | query }}"},
      {"{{ query }}", "{{ query }}"},
      {"{{ query", "{{ query"},
  };
  const std::vector<Matcher> matchers = {*Matcher::Make(MatchType::kEqual, "job", "50%")};
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      const Result<std::string> made = WithMatchersInQueries(row.text, matchers);
      BOOST_REQUIRE(made);
      BOOST_TEST(*made == row.expected);
    }
  }
  const Result<std::string> wrong = WithMatchersInQueries("{{ query \"a{\" }}", matchers);
  BOOST_REQUIRE(!wrong);
  BOOST_TEST(wrong.error().message.starts_with("the query \"a{\": 1:3: parse error"),
             wrong.error().message);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::generate

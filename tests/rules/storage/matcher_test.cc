#include "rules/storage/matcher.h"

#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace tocsin {
namespace {

struct Case {
  MatchType type;
  std::string_view pattern;
  std::vector<std::string_view> matched;
  std::vector<std::string_view> refused;
  std::vector<std::string> set = {};
  std::string_view prefix = {};
};

const Case kCases[] = {
    {MatchType::kEqual, "a", {"a"}, {"", "aa", "A"}},
    {MatchType::kEqual, "", {""}, {"a"}},
    {MatchType::kNotEqual, "a", {"", "b"}, {"a"}},
    {MatchType::kRegexp, "a|b|a", {"a", "b"}, {"", "ab", "c"}, {"a", "b"}},
    {MatchType::kRegexp, "a|", {"a", ""}, {"b"}, {"", "a"}},
    {MatchType::kRegexp, R"(a\.b|c)", {"a.b", "c"}, {"axb"}, {"a.b", "c"}},
    {MatchType::kRegexp, R"(a\||b)", {"a|", "b"}, {"a"}, {"a|", "b"}},
    {MatchType::kRegexp, R"(a\d)", {"a1"}, {"a", "ad", "a12"}, {}, "a"},
    {MatchType::kRegexp, ".*", {"", "a", "a\nb"}, {}},
    {MatchType::kRegexp, ".+", {"a", "\n"}, {""}},
    {MatchType::kRegexp, "api.*", {"api", "api/v1", "api\n"}, {"ap", "xapi"}, {}, "api"},
    {MatchType::kRegexp, "ab*", {"a", "abb"}, {"b"}, {}, "a"},
    {MatchType::kRegexp, "ab?c", {"ac", "abc"}, {"abbc"}, {}, "a"},
    {MatchType::kRegexp, "ab{0,1}", {"a", "ab"}, {"abb"}, {}, "a"},
    {MatchType::kRegexp, "aü*", {"a", "aüü"}, {"aa"}, {}, "a"},
    {MatchType::kRegexp, "ab+", {"ab", "abb"}, {"a"}, {}, "ab"},
    {MatchType::kRegexp, "(?i)abc", {"ABC"}, {"abd"}},
    {MatchType::kRegexp, "a(b|c)", {"ab", "ac"}, {"a"}},
    {MatchType::kRegexp, "", {""}, {"a"}, {""}},
    {MatchType::kNotRegexp, "a|b", {"", "c"}, {"a", "b"}, {"a", "b"}},
    {MatchType::kNotRegexp, ".+", {""}, {"a"}},
};

BOOST_AUTO_TEST_SUITE(matcher_test)

BOOST_AUTO_TEST_CASE(MatchesWhatPrometheusMatches) {
  for (const Case& c : kCases) {
    BOOST_TEST_CONTEXT(Name(c.type) << c.pattern) {
      const Result<Matcher> matcher = Matcher::Make(c.type, "job", c.pattern);
      BOOST_REQUIRE(matcher);
      for (const std::string_view value : c.matched) BOOST_TEST(matcher->Matches(value));
      for (const std::string_view value : c.refused) BOOST_TEST(!matcher->Matches(value));
      BOOST_TEST(matcher->MatchesEmpty() == matcher->Matches(""));
      BOOST_TEST(matcher->set() == c.set, boost::test_tools::per_element());
      if (c.set.empty()) BOOST_TEST(matcher->prefix() == c.prefix);
    }
  }
}

BOOST_AUTO_TEST_CASE(ABadExpressionIsRefused) {
  for (const std::string_view pattern : {"(", "a{2000}", "[", "\\C\xff", "(?<x>a)(", "a**"}) {
    const Result<Matcher> matcher = Matcher::Make(MatchType::kRegexp, "job", pattern);
    BOOST_REQUIRE(!matcher);
    BOOST_TEST(matcher.error().message.starts_with("error parsing regexp: "));
  }
}

BOOST_AUTO_TEST_CASE(PrintsAsPromql) {
  BOOST_TEST(Matcher::Make(MatchType::kNotRegexp, "job", "a\"|\\d")->ToString() ==
             R"(job!~"a\"|\\d")");
  BOOST_TEST(Matcher::Make(MatchType::kEqual, "a.b", "c")->ToString() == R"("a.b"="c")");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin

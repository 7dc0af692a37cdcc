#include "rules/promql/analysis.h"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rules/promql/parser.h"

namespace tocsin::promql {
namespace {

Query Parsed(std::string_view text) {
  auto parsed = Parse(text, {.experimental = true});
  BOOST_TEST_REQUIRE(parsed.query.has_value(), text << ": " << parsed.error.message);
  return *std::move(parsed.query);
}

/// "a b" if only those are possible, "-a -b" if all but those are, then "!" before what is
/// expected.
std::string LabelsText(std::string_view expr) {
  const Query query = Parsed(expr);
  const ResultLabels labels = LabelsOf(*query.root);
  std::vector<std::string> words;
  for (const std::string_view name : {"a", "b", "c", "le"}) {
    const bool has = labels.possible.Has(name);
    if (has != labels.possible.is_finite()) continue;
    words.push_back((has ? "" : "-") + std::string(name));
  }
  for (const std::string& name : labels.expected) words.push_back("!" + name);
  return fmt::format("{}", fmt::join(words, " "));
}

BOOST_AUTO_TEST_SUITE(analysis_test)

BOOST_AUTO_TEST_CASE(LabelsOfAResultAreKnown) {
  struct Row {
    std::string_view expr;
    std::string_view labels;
  };
  for (const Row& row : std::vector<Row>{
           {"1", ""},
           {"vector(1)", ""},
           {"time()", ""},
           {"hour()", ""},
           {"hour(x)", ""},
           {"x", ""},
           {"x{a=\"1\", b=~\".+\", c=~\".*\"}", "!a !b"},
           {"x{a=\"\"}", "-a"},
           {"rate(x{a=\"1\"}[5m])", "!a"},
           {"max_over_time(sum by (a) (x)[5m:])", "a !a"},
           {"sum(x{a=\"1\"})", ""},
           {"sum by (a, b) (x)", "a b !a !b"},
           {"sum by (a, b) (sum by (b) (x))", "b !b"},
           {"sum without (a) (x{a=\"1\", b=\"1\"})", "-a !b"},
           {"topk(1, x{a=\"1\"})", "!a"},
           {"topk by (b) (1, sum by (a) (x))", "a !a"},
           {"count_values by (a) (\"c\", x)", "a c !a !c"},
           {"absent(x{a=\"1\", b!=\"1\"})", "a !a"},
           {"absent(sum(x{a=\"1\"}))", ""},
           {"scalar(x{a=\"1\"})", ""},
           {"label_replace(sum(x), \"c\", \"$1\", \"d\", \"(.*)\")", "c"},
           {"label_join(sum by (a) (x), \"c\", \",\", \"a\")", "a c !a"},
           {"histogram_quantile(0.9, sum by (le, a) (x))", "a !a"},
           {"info(sum(x))", ""},
           {"-sum by (a) (x)", "a !a"},
           {"2 * sum by (a) (x)", "a !a"},
           {"sum by (a) (x) > 1", "a !a"},
           {"x / on (a) y", "a !a"},
           {"x{a=\"1\"} / ignoring (a) y", "-a"},
           {"sum by (a) (x) * on (a) group_left (b) y", "a b !a"},
           {"sum by (a, b) (x) * on (a) group_left (b) sum by (a) (y)", "a !a"},
           {"x * on (a) group_right (c) sum by (a, b) (y)", "a b c !a !b"},
           {"sum by (a) (x) and on (a) y", "a !a"},
           {"sum by (a) (x) unless y", "a !a"},
           {"sum by (a) (x) or sum by (a, b) (x)", "a b !a"},
           {"sum by (a) (x) or x{b=\"\", a=\"\"}", "-b"},
           {"x{b=\"\"} or x{c=\"\"}", ""},
       }) {
    BOOST_TEST_CONTEXT(row.expr) {
      BOOST_TEST(LabelsText(row.expr) == row.labels);
    }
  }
}

BOOST_AUTO_TEST_CASE(AllAndNoneAreToldApart) {
  BOOST_TEST(LabelsOf(*Parsed("sum(x)").root).possible.is_finite());
  BOOST_TEST(!LabelsOf(*Parsed("x").root).possible.is_finite());
  BOOST_TEST(!LabelsOf(*Parsed("info(sum(x))").root).possible.is_finite());
  BOOST_TEST(!LabelsOf(*Parsed("x or sum(x)").root).possible.is_finite());
}

BOOST_AUTO_TEST_CASE(SelectorsAreFoundWithTheirNames) {
  const Query query = Parsed(
      "topk(scalar(a), -(b + rate(c{x=\"1\"}[5m]))) or {__name__=\"d\"} or max_over_time(e[5m:]) "
      "or {__name__=~\"f|g\"}");
  std::string names;
  for (const VectorSelector* selector : Selectors(*query.root)) {
    names += fmt::format("[{}]", MetricNameOf(*selector));
  }
  BOOST_TEST(names == "[a][b][c][d][e][]");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::promql

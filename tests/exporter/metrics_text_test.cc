#include "exporter/metrics_text.h"

#include <array>
#include <string>

#include <boost/test/unit_test.hpp>

namespace tocsin {
namespace {

struct Refused {
  std::string_view text;
  std::string_view problem;
};

BOOST_AUTO_TEST_SUITE(metrics_text_test)

BOOST_AUTO_TEST_CASE(EverythingThatTheFormatAllowsIsRead) {
  const auto families = ParseMetricsText(
      "\n# just a comment\n#\n# HELP a_total Say \\\\ and \\n.\n# TYPE a_total counter\n"
      "a_total 1\n"
      "a_total{ x = \"a\\\\b\\n\\\"c\" , y=\"\xc3\xa9\", } -1.5e3 -17\n"
      "  b\t{}\tNaN\t\n"
      "# TYPE h histogram\nh_bucket{le=\"+Inf\",z=\"1\"} 1\nh_sum{z=\"1\"} 1\nh_count{z=\"1\"} 1\n"
      "# TYPE s summary\ns{quantile=\"0.5\"} 1\ns_sum 1\ns_count 1\n"
      "# HELP empty\n",
      "f");
  BOOST_TEST_REQUIRE(!!families);
  BOOST_TEST_REQUIRE(families->size() == 5U);
  BOOST_TEST((*families)[0].name == "a_total");
  BOOST_TEST((*families)[0].type == "counter");
  BOOST_TEST((*families)[0].has_help);
  BOOST_TEST((*families)[0].samples == 2U);
  BOOST_TEST((*families)[0].label_names.size() == 2U);
  BOOST_TEST((*families)[1].type == "untyped");
  BOOST_TEST((*families)[2].samples == 3U);
  BOOST_TEST((*families)[2].label_names.size() == 1U);
  BOOST_TEST((*families)[3].samples == 3U);
  BOOST_TEST(!(*families)[4].has_help);
}

BOOST_AUTO_TEST_CASE(MistakesAreReportedAtTheirPlaces) {
  const std::array rows = {
      Refused{"a 1", "f:1:4: expected a line feed at the end of the last line"},
      Refused{"a 1\n{} 1\n", "f:2:1: expected a metric name or a comment"},
      Refused{"1a 1\n", "f:1:1: expected a metric name or a comment"},
      Refused{"a\n", "f:1:2: expected a number as value"},
      Refused{"a b\n", "f:1:3: expected a number as value"},
      Refused{"a 1\r\n", "f:1:3: expected a number as value"},
      Refused{"a 1 2.5\n", "f:1:5: expected a timestamp in whole milliseconds, or nothing"},
      Refused{"a 1 2 3\n", "f:1:7: expected nothing after the timestamp"},
      Refused{"a{x} 1\n", "f:1:4: expected = after a label name"},
      Refused{"a{x=1} 1\n", "f:1:5: expected \" before a label value"},
      Refused{"a{x=\"1} 1\n", "f:1:10: expected \" after a label value"},
      Refused{"a{x=\"\\t\"} 1\n",
              "f:1:7: expected \\\\, \\n or \\\" after a backslash in a label value"},
      Refused{"a{x=\"\xff\"} 1\n", "f:1:6: expected UTF-8 text"},
      Refused{"a{x=\"1\" y=\"2\"} 1\n", "f:1:9: expected , or } after a label"},
      Refused{"a{x=\"1\",x=\"2\"} 1\n", "f:1:9: label \"x\" is there twice"},
      Refused{"a{__name__=\"b\"} 1\n", "f:1:3: label \"__name__\" is reserved"},
      Refused{"a{x:y=\"b\"} 1\n", "f:1:3: expected a label name or }"},
      Refused{"a{x=\"1\"\n", "f:1:8: expected , or } after a label"},
      Refused{"# TYPE a counter\n# TYPE a counter\n",
              "f:2:10: second TYPE line for \"a\", or TYPE after its samples"},
      Refused{"a 1\n# TYPE a counter\n",
              "f:2:10: second TYPE line for \"a\", or TYPE after its samples"},
      Refused{"# HELP a x\n# HELP a x\n", "f:2:10: second HELP line for \"a\""},
      Refused{
          "# TYPE a cuonter\n",
          "f:1:10: unknown metric type \"cuonter\" (there are: counter, gauge, histogram, summary, "
          "untyped)"},
      Refused{"# TYPE 1a counter\n", "f:1:8: expected a metric name"},
      Refused{"# HELP a \\x\n", "f:1:11: expected \\\\ or \\n after a backslash in a help text"},
      Refused{"# TYPE h histogram\nh_bucket{le=\"x\"} 1\n",
              "f:2:14: expected a number as value of \"le\""},
  };
  for (const Refused& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      const auto families = ParseMetricsText(row.text, "f");
      BOOST_TEST_REQUIRE(!families);
      BOOST_TEST(families.error().message == row.problem);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin

#include "exporter/sample_text.h"

#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

namespace tocsin {
namespace {

/// Every sample as "series value time", one a line; or the error.
std::string Parse(std::string_view text) {
  const auto entries = ParseSampleText(text, "f", 7);
  if (!entries) return entries.error().message;
  std::string out;
  for (const auto& entry : *entries) {
    out += entry.labels.ToString() + " " + std::to_string(entry.sample.v) + " " +
           std::to_string(entry.sample.t) + "\n";
  }
  return out;
}

BOOST_AUTO_TEST_SUITE(sample_text_test)

BOOST_AUTO_TEST_CASE(ReadsBothFormats) {
  BOOST_TEST(Parse("# HELP a b\n# TYPE a counter\na{x=\"1\",y=\"\\\"\\n\\\\\"} 2 1500\r\n\n"
                   "a{ x = \"1\" , } 1 500\na 3\n") ==
             "a{x=\"1\"} 1.000000 500\n"
             "a{x=\"1\", y=\"\\\"\\n\\\\\"} 2.000000 1500\n"
             "a 3.000000 1500\n");
  BOOST_TEST(Parse("a_total 1 1.5 # {trace=\"x\"} 1\nb 2 # {} 3\n{\"c.d\",\"e.f\"=\"g\"} 4 2\n"
                   "# EOF\n") ==
             "a_total 1.000000 1500\n"
             "b 2.000000 2000\n"
             "{\"c.d\", \"e.f\"=\"g\"} 4.000000 2000\n");
  BOOST_TEST(Parse("") == "");
}

BOOST_AUTO_TEST_CASE(WithoutATimeASampleIsAsNewAsTheNewest) {
  BOOST_TEST(Parse("a 1\nb 2 -5\nc 3 -9\n") == "c 3.000000 -9\na 1.000000 -5\nb 2.000000 -5\n");
  BOOST_TEST(Parse("a 1\nb 2\n") == "a 1.000000 7\nb 2.000000 7\n");
}

BOOST_AUTO_TEST_CASE(SaysWhereTheMistakeIs) {
  BOOST_TEST(Parse("a 1\n1a 2\n") == "f:2:3: expected a metric name");
  BOOST_TEST(Parse("a\n") == "f:1:2: expected a number");
  BOOST_TEST(Parse("a x\n") == "f:1:4: expected a number");
  BOOST_TEST(Parse("a 1 x\n") == "f:1:6: expected a time in milliseconds");
  BOOST_TEST(Parse("a 1 1e300\n# EOF") == "f:1:10: expected a time in seconds");
  BOOST_TEST(Parse("a 1 2 3\n") == "f:1:7: expected the end of the line");
  BOOST_TEST(Parse("a{b} 1\n") == "f:1:4: expected '='");
  BOOST_TEST(Parse("a{b=\"c} 1\n") == "f:1:10: the quotes are not closed");
  BOOST_TEST(Parse("a{b=\"c\" d=\"e\"} 1\n") == "f:1:9: expected ',' or '}'");
  BOOST_TEST(Parse("a{b=\"c\",b=\"d\"} 1\n") == "f:1:14: the label is there twice");
  BOOST_TEST(Parse("a{b=\"\xff\"} 1\n") == "f:1:8: expected UTF-8");
  BOOST_TEST(Parse("{b=\"c\"} 1\n") == "f:1:8: expected a metric name");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin

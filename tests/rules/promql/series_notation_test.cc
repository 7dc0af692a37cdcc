#include "rules/promql/series_notation.h"

#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "base/number.h"
#include "rules/storage/sample.h"

namespace tocsin::promql {
namespace {

BOOST_AUTO_TEST_SUITE(series_notation_test)

/// "1 _ stale {{}}".
std::string Show(const std::vector<SequenceValue>& values) {
  std::string text;
  for (const SequenceValue& value : values) {
    if (!text.empty()) text += ' ';
    switch (value.kind) {
      case SequenceValue::Kind::kNone: text += '_'; break;
      case SequenceValue::Kind::kHistogram: text += "{{}}"; break;
      case SequenceValue::Kind::kSample:
        text += IsStaleNan(value.value) ? "stale" : FormatNumber(value.value);
        break;
    }
  }
  return text;
}

struct Row {
  std::string_view text;
  std::string_view expanded;
};

const std::vector<Row> kSequences = {
    {"", ""},
    {"3", "3"},
    {"1 2\t3  4 ", "1 2 3 4"},
    {"-1.5 +2 .5 1. 1e3 1E-2 1e+2", "-1.5 2 0.5 1 1000 0.01 100"},
    {"NaN nan Inf +inf -Inf", "NaN NaN +Inf +Inf -Inf"},
    {"stale 1", "stale 1"},
    {"_ 1 _x3 2", "_ 1 _ _ _ 2"},
    {"_x0 1", "1"},
    {"1x4", "1 1 1 1 1"},
    {"1x0", "1"},
    {"-1x1", "-1 -1"},
    {"0+10x3", "0 10 20 30"},
    {"5-2x3", "5 3 1 -1"},
    {"-2+1x2 7", "-2 -1 0 7"},
    {"1e3-1e2x2", "1000 900 800"},
    {"0.1+0.1x2", "0.1 0.2 0.30000000000000004"},
    {"Infx2", "+Inf +Inf +Inf"},
    {"1+Infx2", "1 +Inf +Inf"},
    {"NaNx1", "NaN NaN"},
    {"{{schema:0 sum:1 buckets:[1 2]}} 1", "{{}} 1"},
    {"{{}}x2", "{{}} {{}} {{}}"},
    {"{{sum:1}}+{{sum:2}}x1 _", "{{}} {{}} _"},
    {"{{sum:1}}-{{sum:2}}x1", "{{}} {{}}"},
};

BOOST_AUTO_TEST_CASE(SequencesAreExpanded) {
  for (const Row& row : kSequences) {
    BOOST_TEST_CONTEXT(row.text) {
      const auto values = ParseSequence(row.text);
      BOOST_REQUIRE(values);
      BOOST_TEST(Show(*values) == row.expanded);
    }
  }
}

const std::vector<Row> kBadSequences = {
    {"a", "'a': expected a value"},
    {"1 2 x3", "'x3': expected a value"},
    {"1x", "'1x': expected a whole number after 'x'"},
    {"1x-2", "'1x-2': expected a whole number after 'x'"},
    {"_x", "'_x': expected a whole number after 'x'"},
    {"1x2y", "'1x2y': unexpected 'y' after a value"},
    {"__", "'__': unexpected '_' after a value"},
    {"stalex2", "'stalex2': unexpected 'x2' after a value"},
    {"1+2", "'1+2': expected a value"},
    {"1+-2x3", "'1+-2x3': expected a value"},
    {"0x1F", "'0x1F': unexpected 'F' after a value"},
    {"--1", "'--1': expected a value"},
    {"+", "'+': expected a value"},
    {"1..2", "'1..2': expected a value"},
    {"1e", "'1e': unexpected 'e' after a value"},
    {"{{sum:1", "'{{sum:1': expected '{{' ... '}}'"},
    {"{{sum:1}}+1x2", "'{{sum:1}}+1x2': expected '{{' ... '}}'"},
    {"1x99999999999999999999", "'1x99999999999999999999': more than 10000000 values"},
    {"_x9999999 1 1", "'1': more than 10000000 values"},
};

BOOST_AUTO_TEST_CASE(WhatIsNoSequenceIsRefused) {
  for (const Row& row : kBadSequences) {
    BOOST_TEST_CONTEXT(row.text) {
      const auto values = ParseSequence(row.text);
      BOOST_REQUIRE(!values);
      BOOST_TEST(values.error().message == row.expanded);
    }
  }
}

BOOST_AUTO_TEST_CASE(ASeriesIsFollowedByItsValues) {
  const auto line = ParseSeriesLine(R"(up{job="a b",path="}"} 1 2)");
  BOOST_REQUIRE(line);
  BOOST_TEST((line->labels == Labels{{"__name__", "up"}, {"job", "a b"}, {"path", "}"}}));
  BOOST_TEST(Show(line->values) == "1 2");

  const auto quoted = ParseSeriesLine(R"({"a.metric", "a label"="\"} 3"} 4)");
  BOOST_REQUIRE(quoted);
  BOOST_TEST((quoted->labels == Labels{{"__name__", "a.metric"}, {"a label", "\"} 3"}}));
  BOOST_TEST(Show(quoted->values) == "4");

  const auto empty = ParseSeriesLine("{}");
  BOOST_REQUIRE(empty);
  BOOST_TEST(empty->labels.empty());
  BOOST_TEST(empty->values.empty());
}

BOOST_AUTO_TEST_CASE(WhatIsNoSeriesIsRefused) {
  for (const std::string_view text : {"up{job=} 1", "up{job=\"a\" 1", "up{job=\"a\"}1", "up{} a"}) {
    BOOST_TEST_CONTEXT(text) {
      BOOST_TEST(!ParseSeriesLine(text));
    }
  }
}

struct LengthRow {
  std::string_view text;
  std::size_t length;
};

BOOST_AUTO_TEST_CASE(TheNameEndsWhereTheRestBegins) {
  const std::vector<LengthRow> rows = {{"up 1", 2},
                                       {"up", 2},
                                       {"up{} 1", 4},
                                       {"up{a='}'}@st 1", 9},
                                       {"up@st 1", 2},
                                       {"@st 1", 0},
                                       {R"(up{a="\"}"} 1)", 11},
                                       {"up{a=`\\`} 1", 9},
                                       {"up{a=\"", 6}};
  for (const LengthRow& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      BOOST_TEST(SeriesNameLength(row.text) == row.length);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::promql

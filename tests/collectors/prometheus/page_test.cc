#include "collectors/prometheus/page.h"

#include <cmath>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "base/number.h"

namespace tocsin::collectors {
namespace {

/// A page as text: "name type: sample{label=value} number @time; ..." for each family.
std::string TextOf(const Page& page) {
  std::string text;
  for (const PageFamily& family : page.families) {
    text += family.name + ' ' + std::string(Name(family.type)) + ':';
    for (const PageSample& sample : family.samples) {
      text += ' ' + sample.name;
      for (const auto& [name, value] : sample.labels) text += "{" + name + "=" + value + "}";
      text += '=' + FormatNumber(sample.value);
      if (sample.timestamp_ms) text += '@' + std::to_string(*sample.timestamp_ms);
    }
    text += '\n';
  }
  return text;
}

Page Parsed(const std::string& text, const PageLimits& limits = {}) {
  Result<Page> page = ParsePage(text, limits);
  BOOST_TEST_REQUIRE(bool{page}, (page ? "" : page.error().message));
  return std::move(*page);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(page_test)

BOOST_AUTO_TEST_CASE(ReadsFamilies) {
  const struct {
    std::string_view name;
    std::string text;
    std::string expected;
  } rows[] = {
      {"empty", "", ""},
      {"blank lines", "\n \t\n\r\n", ""},
      {"nothing said of it", "a 1\n", "a unknown: a=1\n"},
      {"a type", "# TYPE a gauge\na 1\n", "a gauge: a=1\n"},
      {"a type that comes late", "a 1\n# TYPE a gauge\n", "a gauge: a=1\n"},
      {"the first type counts", "# TYPE a gauge\n# TYPE a counter\na 1\n", "a gauge: a=1\n"},
      {"CRLF", "# TYPE a gauge\r\na 1\r\na{b=\"c\"} 2\r\n", "a gauge: a=1 a{b=c}=2\n"},
      {"labels", "a{b=\"c\",d=\"e\",} 1\n", "a unknown: a{b=c}{d=e}=1\n"},
      {"blanks everywhere", " a { b = \"c\" , d=\"e\" } \t 1 \n", "a unknown: a{b=c}{d=e}=1\n"},
      {"escapes",
       R"(a{b="\\ \" \n \x"} 1)"
       "\n",
       "a unknown: a{b=\\ \" \n \\x}=1\n"},
      {"braces in a value", "a{b=\"}{\"} 1\n", "a unknown: a{b=}{}=1\n"},
      {"times", "a 1 1500\nb 2 -3\n", "a unknown: a=1@1500\nb unknown: b=2@-3\n"},
      {"times in seconds", "a 1 1.5\n# EOF\n", "a unknown: a=1@1500\n"},
      {"an exemplar", "a_bucket{le=\"1\"} 5 # {trace=\"x\"} 0.5 1.5\n",
       "a_bucket unknown: a_bucket{le=1}=5\n"},
      {"UTF-8 names", "{\"a.b\",\"c.d\"=\"e\"} 1\n", "a.b unknown: a.b{c.d=e}=1\n"},
      {"a histogram",
       "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\nh_created 7\n",
       "h histogram: h_bucket{le=+Inf}=2 h_sum=3 h_count=2\n"},
      {"what is called like a histogram", "# TYPE h histogram\nh_count 2\nh 3\n",
       "h histogram: h_count=2\nh unknown: h=3\n"},
      {"a summary", "# TYPE s summary\ns{quantile=\"0.5\"} 1\ns_sum 3\ns_count 2\ns_bucket 4\n",
       "s summary: s{quantile=0.5}=1 s_sum=3 s_count=2\ns_bucket unknown: s_bucket=4\n"},
      {"a counter of OpenMetrics", "# TYPE c counter\nc_total 1\nc_created 5\n# EOF\n",
       "c_total counter: c_total=1\n"},
      {"an info of OpenMetrics", "# TYPE i info\ni_info{v=\"1\"} 1\n# EOF\n",
       "i_info gauge: i_info{v=1}=1\n"},
      {"_created with a type of its own",
       "# TYPE c_total counter\nc_total 1\n# TYPE c_created "
       "gauge\nc_created 5\n",
       "c_total counter: c_total=1\n"},
      {"_created of something else", "# TYPE kube_pod_created gauge\nkube_pod_created 5\n",
       "kube_pod_created gauge: kube_pod_created=5\n"},
      {"families that are interleaved", "a 1\nb 2\na{c=\"d\"} 3\n",
       "a unknown: a=1 a{c=d}=3\nb unknown: b=2\n"},
      {"a comment of any kind", "#\n# TYPE\n# TYPE a\n#HELP a b\n# anything { \" \na 1\n",
       "a unknown: a=1\n"},
  };
  for (const auto& row : rows) {
    BOOST_TEST_CONTEXT(row.name) {
      BOOST_TEST(TextOf(Parsed(row.text)) == row.expected);
    }
  }
}

BOOST_AUTO_TEST_CASE(ReadsNumbersInAllSpellings) {
  const struct {
    std::string_view text;
    double value;
  } rows[] = {
      {"NaN", NAN},      {"nan", NAN},        {"+Inf", INFINITY},  {"Inf", INFINITY},
      {"inf", INFINITY}, {"-Inf", -INFINITY}, {"-inf", -INFINITY}, {"0", 0},
      {"-0", -0.0},      {"+5", 5},           {".5", 0.5},         {"5.", 5},
      {"1e3", 1000},     {"1.5E-3", 0.0015},  {"1e-400", 0},
  };
  for (const auto& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      const Page page = Parsed("a " + std::string(row.text) + "\n");
      BOOST_REQUIRE_EQUAL(page.families.size(), 1U);
      const double value = page.families[0].samples[0].value;
      BOOST_TEST((std::isnan(row.value) ? std::isnan(value) : value == row.value));
      BOOST_TEST(std::signbit(value) == std::signbit(row.value));
    }
  }
}

BOOST_AUTO_TEST_CASE(ABadLineCostsItselfOnly) {
  const std::string bad[] = {"a{b=\"c\"d\"} 1",
                             "a{b=\"c} 1",
                             "a{b=c} 1",
                             "a{b=\"c\" 1",
                             "a{b=\"<redacted>} 1",
                             "a{b=\"1\",b=\"2\"} 1",
                             "a{=\"c\"} 1",
                             "a{0b=\"c\"} 1",
                             "a{__name__=\"c\"} 1",
                             "a",
                             "a ",
                             "a x",
                             "a 1 2 3",
                             "a 1 x",
                             "a 1e999",
                             "a 0x10",
                             "a 1_000",
                             "a,b 1",
                             "0a 1",
                             "{b=\"c\"} 1",
                             "{\"a\",\"b\"} 1",
                             "a{b=\"\xff\"} 1",
                             "\xff 1",
                             "<html>",
                             "a{route=\"/x/{id}/[redacted]\",user=\"}\"x\"} 1"};
  for (const std::string& line : bad) {
    BOOST_TEST_CONTEXT(line) {
      const Page page = Parsed("good 1\n" + line + "\nbetter 2\n");
      BOOST_TEST(TextOf(page) == "good unknown: good=1\nbetter unknown: better=2\n");
      BOOST_TEST(page.faults.bad_lines == 1U);
      BOOST_TEST(page.faults.first.starts_with("line 2: "));
    }
  }
}

BOOST_AUTO_TEST_CASE(UnknownTypesAreCounted) {
  const Page page = Parsed(
      "# TYPE kailash_performance_response_time timer\n"
      "kailash_performance_response_time 0.5\n"
      "# TYPE kailash_pool_connections_idle gauge\n"
      "kailash_pool_connections_idle{pool=\"main\"} 3\n"
      "# TYPE kailash_pool_connections_idle gauge\n"
      "kailash_pool_connections_idle{pool=\"main\"} 4\n");
  BOOST_TEST(TextOf(page) ==
             "kailash_performance_response_time unknown: kailash_performance_response_time=0.5\n"
             "kailash_pool_connections_idle gauge: kailash_pool_connections_idle{pool=main}=4\n");
  BOOST_TEST(page.faults.unknown_types == 1U);
  BOOST_TEST(page.faults.duplicates == 1U);
  BOOST_TEST(page.faults.bad_lines == 0U);
}

BOOST_AUTO_TEST_CASE(OfDuplicatesTheLastCounts) {
  const Page page = Parsed("a{b=\"c\",d=\"e\"} 1\na{d=\"e\",b=\"c\",f=\"\"} 2\n");
  BOOST_REQUIRE_EQUAL(page.families.size(), 1U);
  BOOST_TEST(page.families[0].samples.size() == 1U);
  BOOST_TEST(page.families[0].samples[0].value == 2);
  BOOST_TEST(page.faults.duplicates == 1U);
}

BOOST_AUTO_TEST_CASE(HalfALineIsNoSample) {
  const Page page = Parsed("a 1\nb 12");
  BOOST_TEST(TextOf(page) == "a unknown: a=1\n");
  BOOST_TEST(page.faults.bad_lines == 1U);
  BOOST_TEST(Parsed("a 1\n# EOF").faults.bad_lines == 0U);
}

BOOST_AUTO_TEST_CASE(LimitsHold) {
  const Page few = Parsed("a 1\nb 2\nc 3\na 4\n", {.series = 2});
  BOOST_TEST(TextOf(few) == "a unknown: a=4\nb unknown: b=2\n");
  BOOST_TEST(few.faults.overflow == 1U);
  const Page shorter =
      Parsed("a 1\nb{c=\"" + std::string(100, 'x') + "\"} 2\n", {.line_bytes = 50});
  BOOST_TEST(TextOf(shorter) == "a unknown: a=1\n");
  BOOST_TEST(shorter.faults.bad_lines == 1U);
}

BOOST_AUTO_TEST_CASE(WhatIsNoPageIsRefused) {
  for (const std::string text : {"<!DOCTYPE html>\n<html></html>\n", "{\"status\":\"ok\"}\n",
                                 "OK\n", "\n\n  <html>\n", "a", "not found"}) {
    BOOST_TEST_CONTEXT(text) {
      const Result<Page> page = ParsePage(text);
      BOOST_REQUIRE(!page);
      BOOST_TEST((page.error().code == ErrorCode::kCorrupt));
    }
  }
}

BOOST_AUTO_TEST_CASE(HelpIsUnescaped) {
  const Page page = Parsed("# HELP a One\\nline \\\\ and \\x\n# HELP a Second.\na 1\n");
  BOOST_TEST(page.Find("a")->help == "One\nline \\ and \\x");
  BOOST_TEST(page.Find("b") == nullptr);
}

BOOST_AUTO_TEST_CASE(AnAnswerMustBeAPage) {
  const struct {
    HttpAnswer answer;
    std::optional<ErrorCode> code;
  } rows[] = {
      {{200, {{"Content-Type", "text/plain; version=0.0.4"}}, ""}, std::nullopt},
      {{200, {{"content-type", "application/openmetrics-text;version=1.0.0"}}, ""}, std::nullopt},
      {{200, {{"Content-Type", "text/html"}}, "a 1\n"}, ErrorCode::kCorrupt},
      {{200, {}, "a 1\n"}, ErrorCode::kCorrupt},
      {{204, {{"Content-Type", "text/plain"}}, ""}, ErrorCode::kUnavailable},
      {{302, {{"Content-Type", "text/plain"}}, ""}, ErrorCode::kUnavailable},
      {{401, {}, ""}, ErrorCode::kDenied},
      {{403, {}, ""}, ErrorCode::kDenied},
      {{500, {{"Content-Type", "text/plain"}}, "a 1\n"}, ErrorCode::kUnavailable},
  };
  for (const auto& row : rows) {
    BOOST_TEST_CONTEXT(row.answer.status) {
      const Status status = CheckPageAnswer(row.answer);
      BOOST_TEST(bool{status} == !row.code);
      if (row.code && !status) BOOST_TEST((status.error().code == *row.code));
    }
  }
}

BOOST_AUTO_TEST_CASE(OnlyAWholeBodyMayLackItsLastLineFeed) {
  HttpAnswer whole = {200, {}, "a 1", true};
  BOOST_TEST(TakePageText(whole) == "a 1\n");
  HttpAnswer closed = {200, {}, "a 1"};
  BOOST_TEST(TakePageText(closed) == "a 1");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors

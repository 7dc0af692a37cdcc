#include "exporter/metrics_lint.h"

#include <array>
#include <string>

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace tocsin {
namespace {

struct Row {
  std::string_view type;
  std::string_view sample;
  std::string_view findings;  ///< Separated by line feeds. As promtool 2.42 prints them.
};

constexpr std::array kRows = {
    Row{"counter", "a_total 1", ""},
    Row{"gauge", "a_seconds{b=\"c\"} 1", ""},
    Row{"gauge", "a_celsius 1", ""},
    Row{"counter", "a 1", "a counter metrics should have \"_total\" suffix"},
    Row{"gauge", "a_total 1", "a_total non-counter metrics should not have \"_total\" suffix"},
    Row{"untyped", "a_total 1", ""},
    Row{"gauge", "a_count 1",
        "a_count non-histogram and non-summary metrics should not have \"_count\" suffix"},
    Row{"gauge", "a_sum 1",
        "a_sum non-histogram and non-summary metrics should not have \"_sum\" suffix"},
    Row{"gauge", "a_bucket 1", "a_bucket non-histogram metrics should not have \"_bucket\" suffix"},
    Row{"untyped", "a_bucket{le=\"1\"} 1", ""},
    Row{"gauge", "a{le=\"1\"} 1", "a non-histogram metrics should not have \"le\" label"},
    Row{"gauge", "a{quantile=\"1\"} 1", "a non-summary metrics should not have \"quantile\" label"},
    Row{"gauge", "a_milliseconds 1",
        "a_milliseconds use base unit \"seconds\" instead of \"milliseconds\""},
    Row{"gauge", "a_kilobytes_b_c 1",
        "a_kilobytes_b_c metric names should not contain abbreviated units\n"
        "a_kilobytes_b_c use base unit \"bytes\" instead of \"kilobytes\""},
    Row{"gauge", "days 1", "days use base unit \"seconds\" instead of \"days\""},
    Row{"gauge", "a_fahrenheit 1",
        "a_fahrenheit use base unit \"celsius\" instead of \"fahrenheit\""},
    Row{"gauge", "thermometers 1", ""},
    Row{"gauge", "a_ms 1", "a_ms metric names should not contain abbreviated units"},
    Row{"gauge", "ms_a 1", ""},
    Row{"gauge", "a_gauge 1", "a_gauge metric name should not include type 'gauge'"},
    Row{"gauge", "gauge_a 1", ""},
    Row{"gauge", "a:b 1", "a:b metric names should not contain ':'"},
    Row{"gauge", "aB 1", "aB metric names should be written in 'snake_case' not 'camelCase'"},
    Row{"gauge", "a{bC=\"1\"} 1",
        "a label names should be written in 'snake_case' not 'camelCase'"},
};

BOOST_AUTO_TEST_SUITE(metrics_lint_test)

BOOST_AUTO_TEST_CASE(FindingsAreThoseOfPromtool) {
  for (const Row& row : kRows) {
    BOOST_TEST_CONTEXT(row.sample) {
      const std::string name(row.sample.substr(0, row.sample.find_first_of("{ ")));
      const auto families = ParseMetricsText(
          fmt::format("# HELP {0} Help.\n# TYPE {0} {1}\n{2}\n", name, row.type, row.sample), "f");
      BOOST_TEST_REQUIRE(!!families);
      BOOST_TEST(fmt::format("{}", fmt::join(LintMetrics(*families), "\n")) == row.findings);
    }
  }
}

BOOST_AUTO_TEST_CASE(HelpIsMissed) {
  const auto families = ParseMetricsText("b 1\n# HELP a\na 1\n# HELP only_help x\n", "f");
  BOOST_TEST_REQUIRE(!!families);
  BOOST_TEST(fmt::format("{}", fmt::join(LintMetrics(*families), "\n")) ==
             "a no help text\nb no help text");
}

BOOST_AUTO_TEST_CASE(AHistogramsOwnPartsAreGood) {
  const auto families = ParseMetricsText(
      "# HELP h Help.\n# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n", "f");
  BOOST_TEST_REQUIRE(!!families);
  BOOST_TEST(LintMetrics(*families).empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin

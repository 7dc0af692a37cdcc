#include "exporter/generate/panel_query.h"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace tocsin::generate {
namespace {

BOOST_AUTO_TEST_SUITE(panel_query_test)

BOOST_AUTO_TEST_CASE(EverySelectorIsBoundToTheChosenJobsAndInstances) {
  struct Row {
    std::string_view expr;
    std::string_view with;
  };
  for (const Row& row : std::vector<Row>{
           {"x", R"(x{job=~"$job",instance=~"$instance"})"},
           {"x{}", R"(x{job=~"$job",instance=~"$instance"})"},
           {R"(x{a="}"})", R"(x{job=~"$job",instance=~"$instance",a="}"})"},
           {R"(x { a="b" })", R"(x {job=~"$job",instance=~"$instance", a="b" })"},
           {R"({__name__=~"x|y"})", R"({job=~"$job",instance=~"$instance",__name__=~"x|y"})"},
           {"rate(x[$__rate_interval])",
            R"(rate(x{job=~"$job",instance=~"$instance"}[$__rate_interval]))"},
           {"x offset 5m", R"(x{job=~"$job",instance=~"$instance"} offset 5m)"},
           {"a / (b > 0)", R"(a{job=~"$job",instance=~"$instance"} / )"
                           R"((b{job=~"$job",instance=~"$instance"} > 0))"},
           {"max_over_time(sum(x)[$__range:$__interval])",
            R"(max_over_time(sum(x{job=~"$job",instance=~"$instance"})[$__range:$__interval]))"},
           {R"(x{pod=~"$pod"})", R"(x{job=~"$job",instance=~"$instance",pod=~"$pod"})"},
           {"count(x) or vector(0)", R"(count(x{job=~"$job",instance=~"$instance"}) or vector(0))"},
           // Who says something of the job means it.
           {R"(x{job=~"$job|"})", R"(x{job=~"$job|"})"},
           {R"(x{job=""} + y)", R"(x{job=""} + y{job=~"$job",instance=~"$instance"})"},
           // A name in a text is none.
           {R"q(label_replace(x, "y", "x{$1}", "z", "(.*)"))q",
            R"q(label_replace(x{job=~"$job",instance=~"$instance"}, "y", "x{$1}", "z", "(.*)"))q"},
       }) {
    BOOST_TEST_CONTEXT(row.expr) {
      const Result<std::string> with = WithVariables(row.expr);
      BOOST_TEST_REQUIRE(static_cast<bool>(with), (with ? "" : with.error().message));
      BOOST_TEST(*with == row.with);
    }
  }
}

BOOST_AUTO_TEST_CASE(WhatIsNotPromqlIsRefusedWithItsPlace) {
  for (const auto& [expr, place] : std::vector<std::pair<std::string_view, std::string_view>>{
           {"sum(x", "1:6: "}, {"raet(x[$__rate_interval])", "1:1: "}, {"x[$]", "1:3: "}}) {
    BOOST_TEST_CONTEXT(expr) {
      const Result<std::string> with = WithVariables(expr);
      BOOST_TEST_REQUIRE(!with);
      BOOST_TEST(with.error().message.starts_with(place), with.error().message);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::generate

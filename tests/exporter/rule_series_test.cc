#include "exporter/rule_series.h"

#include <string>

#include <boost/test/unit_test.hpp>

#include "exporter/exposition.h"

namespace tocsin {
namespace {

std::string Text(const std::vector<FamilyPoints>& families) {
  std::string text;
  for (const FamilyPoints& family : families) text += RenderFamily(family, nullptr)->text;
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(rule_series_test)

BOOST_AUTO_TEST_CASE(SeriesStandByFamilyEachWithItsOwnLabels) {
  RuleSeries series;
  const auto families = series.Families({
      {{{"__name__", "job:up:sum"}}, 3},
      {{{"__name__", "ALERTS"}, {"alertname", "B"}, {"alertstate", "firing"}}, 1},
      {{{"__name__", "ALERTS"}, {"alertname", "A"}, {"Team", "x"}}, 1},
  });
  BOOST_TEST(Text(families) ==
             "ALERTS{Team=\"x\",alertname=\"A\"} 1\n"
             "ALERTS{alertname=\"B\",alertstate=\"firing\"} 1\n"
             "job:up:sum 3\n");
}

BOOST_AUTO_TEST_CASE(TheSameSeriesKeepTheirShape) {
  RuleSeries series;
  const Labels one = {{"__name__", "ALERTS"}, {"alertname", "A"}};
  const Labels two = {{"__name__", "ALERTS"}, {"alertname", "B"}};
  const auto first = series.Families({{one, 1}});
  const auto second = series.Families({{one, 2}});
  const auto third = series.Families({{one, 2}, {two, 2}});
  BOOST_TEST(second[0].shape == first[0].shape);
  BOOST_TEST(second[0].values[0] == 2);
  BOOST_TEST(third[0].shape != first[0].shape);
}

BOOST_AUTO_TEST_CASE(WhatTheFormatCannotWriteAndWhatIsThereTwiceIsLeftOut) {
  RuleSeries series;
  const auto families = series.Families({
      {{{"job", "a"}}, 1},
      {{{"__name__", "x.y"}}, 1},
      {{{"__name__", "x"}, {"a.b", "c"}}, 1},
      {{{"__name__", "x"}}, 4},
      {{{"__name__", "x"}}, 4},
  });
  BOOST_TEST(Text(families) == "x 4\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin

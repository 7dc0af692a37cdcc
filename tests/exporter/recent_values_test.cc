#include "exporter/recent_values.h"

#include <cmath>
#include <string>

#include <boost/test/unit_test.hpp>

#include "tests/support/fake_clock.h"

namespace tocsin {
namespace {

struct Fixture {
  Fixture() {
    for (Millis t = 0; t <= kNow; t += 60'000) {
      Put({{"__name__", "age"}, {"job", "a"}}, t, static_cast<double>(t) / 60'000);
      if (t >= kNow / 2) Put({{"__name__", "age"}, {"job", "b"}}, t, 1000);
    }
  }
  void Put(const Labels& labels, Millis t, double value) {
    const SampleStore::Entry entry{labels, {t, value}};
    store.Append(std::span(&entry, 1));
  }
  std::vector<double> Values(const std::string& expression, Labels labels) const {
    notify::NotifiedAlert alert;
    alert.expression = expression;
    alert.labels = std::move(labels);
    return RecentValuesOf(engine, alert, TimePoint(Duration(kNow)));
  }

  static constexpr Millis kNow = 3'600'000;
  FakeClock clock{TimePoint(Duration(kNow))};
  SampleStore store{{.retention = 0}};
  promql::Engine engine{RecentValuesSettings({}), store, clock};
};

const Labels kOfA = {{"alertname", "Old"}, {"job", "a"}, {"severity", "page"}};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(recent_values_test, Fixture)

BOOST_AUTO_TEST_CASE(AreThoseOfTheAlertsSeriesWithoutTheCondition) {
  const std::vector<double> values = Values("age > 55", kOfA);
  BOOST_TEST_REQUIRE(values.size() == 30U);
  BOOST_TEST(values.front() == 2);
  BOOST_TEST(values.back() == 60);
}

BOOST_AUTO_TEST_CASE(AreNoNumbersWhereThereWereNone) {
  const std::vector<double> values = Values("age > 55", {{"alertname", "Old"}, {"job", "b"}});
  BOOST_TEST_REQUIRE(values.size() == 30U);
  BOOST_TEST(std::isnan(values.front()));
  BOOST_TEST(values.back() == 1000);
}

BOOST_AUTO_TEST_CASE(AreOfTheSeriesThatIsMostLikeTheAlert) {
  BOOST_TEST(Values("age or sum(age) > 1", kOfA).back() == 60);
  BOOST_TEST(Values("sum(age) > 1", kOfA).back() == 1060);
}

BOOST_AUTO_TEST_CASE(AreLeftOutWhenTheyCannotBeTold) {
  BOOST_TEST(Values("", kOfA).empty());
  BOOST_TEST(Values("age >", kOfA).empty());
  BOOST_TEST(Values("missing > 1", kOfA).empty());
  BOOST_TEST(Values("age > 55", {{"alertname", "Old"}, {"job", "c"}}).empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin

// What GET /federate answers.

#include "exporter/federate.h"

#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

#include "exporter/request_target.h"
#include "rules/storage/sample.h"
#include "tests/support/fake_clock.h"

namespace tocsin {
namespace {

/// It is 1000 s since 1970.
struct Fixture {
  Fixture() {
    const SampleStore::Entry samples[] = {
        {{{"__name__", "up"}, {"job", "b"}, {"instance", "i"}}, {900'000, 0}},
        {{{"__name__", "up"}, {"job", "a"}, {"Zone", "\"\\\n"}}, {990'000, 1}},
        {{{"__name__", "up"}, {"job", "gone"}}, {980'000, kStaleNan}},
        {{{"__name__", "up"}, {"job", "old"}}, {600'000, 1}},
        {{{"__name__", "a_total"}, {"cluster", "own"}}, {1'000'000, 1e21}},
        {{{"__name__", "x.y"}, {"9.z", "w"}}, {1'000'000, 2}},
    };
    BOOST_REQUIRE(store.Append(samples).refused() == 0);
  }

  HttpResponse Ask(std::string_view target) const {
    const auto parsed = ParseRequestTarget(target);
    BOOST_REQUIRE(parsed);
    HttpRequest request;
    request.query = parsed->query;
    return FederateRoute({.store = store,
                          .clock = clock,
                          .lookback = [] { return Duration(300'000); },
                          .external_labels = [this] { return external; }})
        .handle(request);
  }
  std::string Page(std::string_view query) const {
    const HttpResponse response = Ask("/federate?" + std::string(query));
    BOOST_TEST(response.status == 200);
    std::string page;
    for (const SharedText& piece : response.more_body) page += *piece;
    return page;
  }

  FakeClock clock{TimePoint(Duration(1'000'000))};
  SampleStore store{{}};
  Labels external;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(federate_test, Fixture)

BOOST_AUTO_TEST_CASE(NewestSamplesStandByFamilyWithTheirTimes) {
  BOOST_TEST(Page("match[]=up&match[]={__name__=~%22a.*%22}&match[]=up") ==
             "# TYPE a_total untyped\n"
             "a_total{cluster=\"own\",instance=\"\"} 1e+21 1000000\n"
             "# TYPE up untyped\n"
             "up{Zone=\"\\\"\\\\\\n\",job=\"a\",instance=\"\"} 1 990000\n"
             "up{instance=\"i\",job=\"b\"} 0 900000\n");
}

BOOST_AUTO_TEST_CASE(ExternalLabelsAreAddedWhereTheyLack) {
  external = {{"cluster", "c"}, {"instance", "e"}};
  BOOST_TEST(Page("match[]=a_total&match[]=up{job=%22b%22}") ==
             "# TYPE a_total untyped\n"
             "a_total{cluster=\"own\",instance=\"e\"} 1e+21 1000000\n"
             "# TYPE up untyped\n"
             "up{instance=\"i\",job=\"b\",cluster=\"c\"} 0 900000\n");
}

BOOST_AUTO_TEST_CASE(NamesThatTheFormatDoesNotKnowAreWrittenWithUnderscores) {
  BOOST_TEST(Page("match[]={%22x.y%22}") ==
             "# TYPE x_y untyped\n"
             "x_y{_9_z=\"w\",instance=\"\"} 2 1000000\n");
}

BOOST_AUTO_TEST_CASE(NothingIsAskedForOrFound) {
  BOOST_TEST(Page("") == "");
  BOOST_TEST(Page("match[]=none") == "");
}

BOOST_AUTO_TEST_CASE(ABadSelectorIsRefused) {
  const HttpResponse response = Ask("/federate?match[]=%7B");
  BOOST_TEST(response.status == 400);
  BOOST_TEST(response.body->find("match[]") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin

// The history of alerts as a client sees it.

#include "exporter/api/events_api.h"

#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "exporter/request_target.h"

namespace tocsin::api {
namespace {

/// Answers every look-up with `events`, and remembers what was asked.
struct Fixture {
  std::string Ask(std::string_view query) {
    const auto parsed = ParseRequestTarget("/api/v1/tocsin/events" + std::string(query));
    BOOST_REQUIRE(parsed);
    HttpRequest request;
    request.query = parsed->query;
    const HttpResponse response = route.handle(request);
    return std::to_string(response.status) + " " + *response.body;
  }

  std::vector<AlertStore::StoredEvent> events;
  AlertStore::EventQuery asked;
  Route route = EventsRoute(
      [this](const AlertStore::EventQuery& query) -> Result<std::vector<AlertStore::StoredEvent>> {
        asked = query;
        return events;
      },
      [] {
        return notify::AlertNaming(nullptr, {{"cluster", "test"}});
      });
};

AlertStore::StoredEvent Resolved() {
  AlertStore::StoredEvent stored;
  stored.id = 7;
  stored.event.kind = AlertEvent::Kind::kResolved;
  stored.event.at = 90'000;
  stored.event.source = std::make_shared<const EventSource>(EventSource{"a.yml", "g", "Down"});
  ActiveAlert& alert = stored.event.alert;
  alert.labels = {{"alertname", "Down"}};
  alert.annotations = {{"summary", "\"x\" is down"}};
  alert.value = 1;
  alert.active_at = 0;
  alert.fired_at = 60'000;
  alert.resolved_at = 90'000;
  alert.reason = AlertReason::kResolved;
  return stored;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(events_api_test, Fixture)

BOOST_AUTO_TEST_CASE(AnEventTellsWhatHasChangedAndWhen) {
  events = {Resolved()};
  const std::string expected =
      R"(200 {"status":"success","data":{"events":[{"id":7,"at":"1970-01-01T00:01:30.000Z",)"
      R"("kind":"resolved","file":"a.yml","group":"g","rule":"Down",)"
      R"("labels":{"alertname":"Down"},"fingerprint":"7dde7b81e29670f8","annotations":{"summary":"\"x\" is down"},"value":"1",)"
      R"("reason":"resolved","activeAt":"1970-01-01T00:00:00.000Z",)"
      R"("firedAt":"1970-01-01T00:01:00.000Z","resolvedAt":"1970-01-01T00:01:30.000Z"}]}})";
  BOOST_TEST(Ask("") == expected);
  BOOST_TEST(asked.limit == 100);
  BOOST_TEST(asked.matchers.empty());
  BOOST_TEST(!asked.start.has_value());
}

BOOST_AUTO_TEST_CASE(WhatIsAskedForIsLookedUp) {
  Ask("?start=1&end=2.5&before=9&limit=3&match[]=%7Bjob=%22a%22%7D");
  BOOST_TEST(*asked.start == 1000);
  BOOST_TEST(*asked.end == 2500);
  BOOST_TEST(*asked.before == 9);
  BOOST_TEST(asked.limit == 3);
  BOOST_REQUIRE(asked.matchers.size() == 1);
  BOOST_TEST(asked.matchers[0].ToString() == "job=\"a\"");
}

BOOST_AUTO_TEST_CASE(TheHistoryOfOneAlertIsThatOfNoOtherThatHasItsLabels) {
  Ask("?alert=7dde7b81e29670f8");  // With the external label.
  BOOST_REQUIRE(asked.wanted);
  BOOST_TEST(asked.wanted({{"alertname", "Down"}}));
  BOOST_TEST(!asked.wanted({{"alertname", "Down"}, {"job", "a"}}));
  BOOST_TEST(!asked.wanted({}));
  Ask("");
  BOOST_TEST(!asked.wanted);
}

BOOST_AUTO_TEST_CASE(AFullPageTellsWhereTheNextBegins) {
  events = {Resolved()};
  BOOST_TEST(Ask("?limit=1").find(R"("before":7)") != std::string::npos);
  BOOST_TEST(Ask("?limit=2").find("before") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(WhatIsNotUnderstoodIsRefused) {
  for (const std::string_view query : {"?start=x", "?end=x", "?before=x", "?alert=x", "?limit=-1",
                                       "?limit=10001", "?match[]=%7B", "?match[]=a&match[]=b"}) {
    BOOST_TEST(Ask(query).starts_with(R"(400 {"status":"error","errorType":"bad_data")"), query);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::api

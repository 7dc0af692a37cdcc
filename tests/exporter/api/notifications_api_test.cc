// The history of notifications as a client sees it.

#include "exporter/api/notifications_api.h"

#include <limits>
#include <string>

#include <boost/test/unit_test.hpp>

#include "exporter/request_target.h"
#include "tests/support/fake_notifier.h"

namespace tocsin::api {
namespace {

struct Fixture {
  std::string Ask(std::string_view target) {
    const auto parsed = ParseRequestTarget("/api/v1/tocsin/" + std::string(target));
    BOOST_REQUIRE(parsed);
    HttpRequest request;
    request.query = parsed->query;
    for (const Route& route : NotificationRoutes(notifier.access())) {
      if (route.path != parsed->path) continue;
      const HttpResponse response = route.handle(request);
      return std::to_string(response.status) + " " + *response.body;
    }
    return "no route";
  }

  static notify::HistoryRecord Record() {
    notify::HistoryRecord record;
    record.id = 7;
    record.at = TimePoint(std::chrono::seconds(90));
    record.destination = {.receiver = "team", .entry = "slack[0]"};
    record.event_id = "e";
    record.group_key = "{}:{}";
    record.key = "k";
    record.firing = true;
    record.state = notify::HistoryRecord::State::kRetried;
    record.answer = "HTTP 500 \"no\"";
    record.attempt = 2;
    record.alerts = {1, 255};
    return record;
  }

  FakeNotifier notifier;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(notifications_api_test, Fixture)

BOOST_AUTO_TEST_CASE(ARecordTellsWhatTheReceiverAnswered) {
  notifier.records = {Record()};
  BOOST_TEST(
      Ask("notifications") ==
      R"(200 {"status":"success","data":{"notifications":[{"id":7,"at":"1970-01-01T00:01:30.000Z",)"
      R"("receiver":"team","integration":"slack[0]","state":"retried","answer":"HTTP 500 \"no\"",)"
      R"("attempt":2,"reason":"first notification","firing":true,"eventId":"e",)"
      R"("groupKey":"{}:{}","key":"k","alerts":["0000000000000001","00000000000000ff"]}]}})");
  BOOST_TEST(notifier.asked.limit == 100U);
  BOOST_TEST(!notifier.asked.alert.has_value());
}

BOOST_AUTO_TEST_CASE(WhatIsAskedForIsLookedUp) {
  notifier.records = {Record()};
  const std::string answer =
      Ask("notifications?start=1&end=2.5&receiver=team&alert=00000000000000ff&limit=1&before=9");
  BOOST_TEST((*notifier.asked.start == TimePoint(Duration(1000))));
  BOOST_TEST((*notifier.asked.end == TimePoint(Duration(2500))));
  BOOST_TEST(notifier.asked.receiver == "team");
  BOOST_TEST(*notifier.asked.alert == 255U);
  BOOST_TEST(notifier.asked.limit == 1U);
  BOOST_TEST(*notifier.asked.before == 9);
  BOOST_TEST(answer.find(R"("before":7)") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(WhatIsNotUnderstoodIsRefused) {
  for (const std::string_view query :
       {"notifications?start=x", "notifications?end=x", "notifications?before=x",
        "notifications?alert=xyz", "notifications?limit=-1", "notifications?limit=10001",
        "dead-letters?limit=10001"}) {
    BOOST_TEST(Ask(query).starts_with(R"(400 {"status":"error","errorType":"bad_data")"), query);
  }
}

BOOST_AUTO_TEST_CASE(DeadLettersHaveTheWholeNotification) {
  notify::DeadLetter letter;
  letter.id = 3;
  letter.at = TimePoint(std::chrono::seconds(90));
  letter.destination = {.receiver = "team", .entry = "webhook[1]"};
  letter.answer = "HTTP 404";
  notify::Notification& told = letter.notification;
  told.event_id = "e";
  told.receiver = "team";
  told.group_key = "{}:{}";
  told.group_labels = {{"alertname", "Slow"}};
  told.decided_at = TimePoint(std::chrono::seconds(80));
  notify::NotifiedAlert alert;
  alert.labels = {{"alertname", "Slow"}, {"i", "1"}};
  alert.annotations = {{"summary", "It is \"slow\"."}};
  alert.starts_at = TimePoint(std::chrono::seconds(70));
  alert.value = std::numeric_limits<double>::infinity();
  alert.expression = "x > 1";
  alert.fingerprint = 255;
  told.alerts = {alert, alert};
  told.alerts.back().labels = {{"alertname", "Slow"}, {"i", "2"}};
  notifier.letters = {letter};
  const auto in_full = [](const std::string& i) {
    return R"({"labels":{"alertname":"Slow","i":")" + i +
           R"("},"annotations":{"summary":"It is \"slow\"."},"starts_at":70000,"ends_at":0,)"
           R"("resolved":false,"reason":"firing","is_new":false,"value":"+Inf",)"
           R"("expression":"x > 1","fingerprint":"00000000000000ff"})";
  };
  BOOST_TEST(
      Ask("dead-letters") ==
      R"(200 {"status":"success","data":{"deadLetters":[{"id":3,"at":"1970-01-01T00:01:30.000Z",)"
      R"("receiver":"team","integration":"webhook[1]","answer":"HTTP 404","notification":{)"
      R"("version":1,"event_id":"e","receiver":"team","group_key":"{}:{}",)"
      R"("group_labels":{"alertname":"Slow"},"reason":"first notification","decided_at":80000,)"
      R"("alerts":[)" +
          in_full("1") + "," + in_full("2") + "]}}]}}");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::api

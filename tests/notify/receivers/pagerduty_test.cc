#include "notify/receivers/pagerduty.h"

#include <string>

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include "notify/receivers/digests.h"
#include "tests/notify/receivers/receiver_fixture.h"

namespace tocsin::notify {
namespace {

using Next = Outcome::Next;

const std::string kKey = "routing_key: 0123456789abcdef0123456789abcdef\n";

Notification Sample(Labels labels = {{"alertname", "Slow"}, {"severity", "page"}},
                    bool resolved = false) {
  NotifiedAlert alert = MakeAlert(std::move(labels), resolved);
  alert.fingerprint = 0xab;
  return MakeNotification({std::move(alert)});
}

std::string AlertKey() {
  return Sha256Hex("tocsin:{alertname=\"Slow\", severity=\"page\"}");
}

BOOST_FIXTURE_TEST_SUITE(pagerduty_test, ReceiverFixture)

BOOST_AUTO_TEST_CASE(TriggersAnIncidentForAnAlert) {
  Read("pagerduty", kKey + R"(
class: c
component: '{{ .CommonLabels.alertname }}'
links: [{href: 'https://e', text: E}, {href: '', text: dropped}]
images: [{src: 'https://i', alt: I}, {src: ''}]
details: {own: '{{ .Status }}', value: mine}
)");
  BOOST_TEST(problems() == "");
  Send(Sample());
  BOOST_TEST(last().url == "https://events.pagerduty.com/v2/enqueue");
  BOOST_TEST(
      last().body ==
      R"({"routing_key":"0123456789abcdef0123456789abcdef","event_action":"trigger",)"
      R"("dedup_key":")" +
          AlertKey() +
          R"(","payload":{"summary":"Slow: is bad",)"
          R"("source":"tocsin","severity":"critical","timestamp":"2026-11-21T16:58:40.500Z",)"
          R"("component":"Slow","class":"c","custom_details":{"own":"firing","value":"mine",)"
          R"("labels":{"alertname":"Slow","severity":"page"},)"
          R"("annotations":{"runbook_url":"https://runbooks.example.org/a","summary":"is bad"},)"
          R"("condition":"> 300","generator_url":"https://tocsin.example.org/graph?g0.expr=up"}},)"
          R"("client":"tocsin","client_url":"https://tocsin.example.org/alerts",)"
          R"("links":[{"href":"https://e","text":"E"},)"
          R"({"href":"https://runbooks.example.org/a","text":"Runbook"},)"
          R"({"href":"https://tocsin.example.org/alerts/00000000000000ab","text":"Alert"}],)"
          R"("images":[{"src":"https://i","alt":"I"}]})");
}

BOOST_AUTO_TEST_CASE(ResolvesWithoutAPayload) {
  Read("pagerduty", kKey);
  Send(Sample({{"alertname", "Slow"}, {"severity", "page"}}, true));
  BOOST_TEST(last().body == R"({"routing_key":"0123456789abcdef0123456789abcdef",)"
                            R"("event_action":"resolve","dedup_key":")" +
                                AlertKey() + "\"}");
}

BOOST_AUTO_TEST_CASE(MapsSeverities) {
  const std::pair<std::string, std::string> cases[] = {
      {"critical", "critical"}, {"Error", "error"}, {"warning", "warning"}, {"info", "info"},
      {"page", "critical"},     {"none", "error"},  {"", "error"}};
  for (const auto& [label, severity] : cases) {
    Read("pagerduty", kKey);
    Send(Sample({{"alertname", "A"}, {"severity", label}}));
    BOOST_TEST(last().body.find("\"severity\":\"" + severity + "\"") != std::string::npos);
  }
  Read("pagerduty", kKey + "severity: loud");
  Send(Sample());
  BOOST_TEST(last().body.find("\"severity\":\"error\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(SplitsByAlertAndOnlyWhatChanged) {
  NotifiedAlert old_one = MakeAlert({{"alertname", "A"}});
  old_one.is_new = false;
  Notification notification = MakeNotification(
      {old_one, MakeAlert({{"alertname", "B"}}), MakeAlert({{"alertname", "C"}}, true)});
  notification.reason = NotifyReason::kNewAlerts;
  Read("pagerduty", kKey);
  const std::vector<Delivery> deliveries = integration().Split(notification);
  BOOST_REQUIRE(deliveries.size() == 2U);
  BOOST_TEST(deliveries[0].key == PagerdutyAlertKey({{"alertname", "B"}}));
  BOOST_TEST(deliveries[0].notification.alerts.size() == 1U);
  BOOST_TEST(deliveries[1].key == PagerdutyAlertKey({{"alertname", "C"}}));
  notification.reason = NotifyReason::kRepeat;
  BOOST_TEST(integration().Split(notification).size() == 3U);
  Read("pagerduty", kKey + "send_resolved: false");
  BOOST_TEST(integration().Split(notification).size() == 2U);
  Read("pagerduty", kKey + "per: group");
  BOOST_REQUIRE(integration().Split(notification).size() == 1U);
  BOOST_TEST(integration().Split(notification)[0].key == notification.group_key);
}

BOOST_AUTO_TEST_CASE(ATestLeavesNoIncidentOpen) {
  for (const char* const per : {"alert", "group"}) {
    Read("pagerduty", kKey + "per: " + per);
    Notification notification = Sample();
    notification.reason = NotifyReason::kTest;
    const std::size_t before = requests().size();
    Send(notification);
    BOOST_REQUIRE(requests().size() == before + 2);
    const auto begin = boost::json::parse(requests()[before].body);
    BOOST_TEST(begin.at("event_action").as_string() == "trigger");
    const auto end = boost::json::parse(last().body);
    BOOST_TEST(end.at("event_action").as_string() == "resolve");
    BOOST_TEST(end.at("dedup_key").as_string() == begin.at("dedup_key").as_string());
  }
}

BOOST_AUTO_TEST_CASE(AGroupHasAlertmanagersKeyAndDetails) {
  Read("pagerduty", kKey + "per: group");
  Notification notification = Sample();
  notification.alerts.push_back(MakeAlert({{"alertname", "Slow"}, {"job", "x"}}, true));
  Send(notification);
  const auto event = boost::json::parse(last().body);
  BOOST_TEST(event.at("dedup_key").as_string() == Sha256Hex("{}:{alertname=\"Slow\"}"));
  BOOST_TEST(event.at("event_action").as_string() == "trigger");
  const auto& details = event.at("payload").at("custom_details");
  BOOST_TEST(details.at("num_firing").as_int64() == 1);
  BOOST_TEST(details.at("num_resolved").as_int64() == 1);
  BOOST_TEST(details.at("firing").as_string().starts_with("Labels:\n - alertname = Slow"));
}

BOOST_AUTO_TEST_CASE(KeepsPagerDutysLimits) {
  Read("pagerduty", kKey);
  Notification notification = Sample();
  notification.alerts[0].annotations = {{"description", std::string(600'000, 'd')},
                                        {"summary", std::string(2'000, 's')}};
  Send(notification);
  BOOST_TEST(last().body.size() < 512'000U);
  const auto payload = boost::json::parse(last().body).at("payload");
  BOOST_TEST(payload.at("summary").as_string().size() == 1'023U + 3U);
  BOOST_TEST(payload.at("custom_details").at("error").as_string() ==
             "details left out: PagerDuty takes no event above 512 KB");
}

BOOST_AUTO_TEST_CASE(AnswersMeanWhatPagerDutySays) {
  struct Row {
    int status;
    Next next;
    FailureReason reason = FailureReason::kInvalid;
  };
  const Row rows[] = {{202, Next::kDelivered},
                      {400, Next::kGiveUp, FailureReason::kInvalid},
                      {403, Next::kGiveUp, FailureReason::kAuth},
                      {429, Next::kRetry, FailureReason::kRateLimit},
                      {500, Next::kRetry, FailureReason::kServer}};
  for (const Row& row : rows) {
    Read("pagerduty", kKey);
    answers = {HttpAnswer{row.status, {}, "{}"}};
    const Outcome outcome = Send(Sample());
    BOOST_TEST((outcome.next == row.next), row.status);
    if (row.next != Next::kDelivered) BOOST_TEST(Name(outcome.reason) == Name(row.reason));
  }
}

BOOST_AUTO_TEST_CASE(SaysWhatIsWrongAndWhere) {
  const std::pair<std::string, std::string> cases[] = {
      {"{}", "f:1:1: expected routing_key or routing_key_file"},
      {"{service_key: a, routing_key: b}",
       "f:1:2: \"service_key\" is of version 1 of the API, which is not supported: use "
       "routing_key"},
      {"{routing_key: a, per: rule}", "f:1:23: per: expected alert or group"},
      {"{routing_key: a, links: [{hrefs: a}]}",
       "f:1:27: unknown key \"hrefs\" (did you mean \"href\"?)"},
  };
  for (const auto& [yaml, problem] : cases) {
    Read("pagerduty", yaml);
    BOOST_TEST(problems() == problem);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::notify

#include "notify/receivers/webhook.h"

#include <string>

#include <boost/test/unit_test.hpp>

#include "notify/receivers/digests.h"
#include "tests/notify/receivers/receiver_fixture.h"

namespace tocsin::notify {
namespace {

Notification Sample() {
  NotifiedAlert a = MakeAlert({{"alertname", "Slow"}, {"instance", "b"}});
  a.fingerprint = 0x0123456789abcdef;
  NotifiedAlert b = MakeAlert({{"alertname", "Slow"}, {"instance", "c"}}, true);
  b.annotations.clear();
  b.fingerprint = 0x10;
  return MakeNotification({std::move(a), std::move(b)});
}

constexpr std::string_view kBody =
    R"({"receiver":"team","status":"firing","alerts":[)"
    R"({"status":"firing","labels":{"alertname":"Slow","instance":"b"},)"
    R"("annotations":{"runbook_url":"https://runbooks.example.org/a","summary":"is bad"},)"
    R"("startsAt":"2026-11-21T16:58:40.5Z","endsAt":"0001-01-01T00:00:00Z",)"
    R"("generatorURL":"https://tocsin.example.org/graph?g0.expr=up",)"
    R"("fingerprint":"0123456789abcdef"},)"
    R"({"status":"resolved","labels":{"alertname":"Slow","instance":"c"},"annotations":{},)"
    R"("startsAt":"2026-11-21T16:58:40.5Z","endsAt":"2026-11-21T17:03:40.5Z",)"
    R"("generatorURL":"https://tocsin.example.org/graph?g0.expr=up",)"
    R"("fingerprint":"0000000000000010"}],)"
    R"("groupLabels":{"alertname":"Slow"},"commonLabels":{"alertname":"Slow"},)"
    R"("commonAnnotations":{},"externalURL":"https://tocsin.example.org",)"
    R"("notification_reason":"first notification","version":"4",)"
    R"("groupKey":"{}:{alertname=\"Slow\"}","truncatedAlerts":0})";

BOOST_FIXTURE_TEST_SUITE(webhook_test, ReceiverFixture)

BOOST_AUTO_TEST_CASE(PostsVersionFour) {
  Read("webhook", "url: https://example.org/hook/SECRETPATH");
  BOOST_TEST(problems() == "");
  BOOST_TEST(secrets() == 1U);
  BOOST_TEST((Send(Sample()).next == Outcome::Next::kDelivered));
  BOOST_TEST(last().method == "POST");
  BOOST_TEST(last().url == "https://example.org/hook/SECRETPATH");
  BOOST_TEST(last().body == kBody);
  BOOST_TEST(HeaderOf(last(), "Content-Type") == "application/json");
  BOOST_TEST(HeaderOf(last(), "Idempotency-Key") == Sample().event_id);
  BOOST_TEST(HeaderOf(last(), "X-Tocsin-Event-Id") == Sample().event_id);
  BOOST_TEST(HeaderOf(last(), "X-Tocsin-Signature") == "");
  BOOST_TEST(settings().user_agent == "tocsin/test");
  BOOST_TEST(integration().max_in_flight == 8U);
  BOOST_TEST(integration().send_resolved);
}

BOOST_AUTO_TEST_CASE(LeavesOutWhatIsTooMuch) {
  Read("webhook", "{url: 'https://e/', max_alerts: 1}");
  Send(Sample());
  BOOST_TEST(last().body.find("\"truncatedAlerts\":1") != std::string::npos);
  BOOST_TEST(last().body.find("\"instance\":\"c\"") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(SignsTimeAndBody) {
  Read("webhook", "{url: 'https://e/', hmac_secret: s3cret}");
  BOOST_TEST(secrets() == 2U);
  Send(Sample());
  const std::string expected = HmacSha256Hex("s3cret", "1795280320." + last().body);
  BOOST_TEST(HeaderOf(last(), "X-Tocsin-Signature") == "t=1795280320,v1=" + expected);
}

BOOST_AUTO_TEST_CASE(DigestsAreThoseOfTheStandards) {
  BOOST_TEST(Sha256Hex("abc") ==
             "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  // RFC 4231, test case 2.
  BOOST_TEST(HmacSha256Hex("Jefe", "what do ya want for nothing?") ==
             "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

BOOST_AUTO_TEST_CASE(APayloadReplacesTheBody) {
  Read("webhook", R"(
url: https://e/
payload:
  text: '{{ .Status }} of {{ .Receiver }}'
  count: '{{ len .Alerts }}'
  quoted: "5"
  number: 5
  nothing: null
  labels: '{{ toJson .CommonLabels }}'
  list: [a, '{{ .Status }}', true]
)");
  BOOST_TEST(problems() == "");
  Send(Sample());
  BOOST_TEST(last().body ==
             R"({"text":"firing of team","count":2,"quoted":"5","number":5,"nothing":null,)"
             R"("labels":{"alertname":"Slow"},"list":["a","firing",true]})");
}

BOOST_AUTO_TEST_CASE(APayloadThatFailsIsReplacedAndLoggedOnce) {
  Read("webhook", "{url: 'https://e/', payload: {a: '{{ index .Alerts 7 }}'}}");
  BOOST_TEST(problems() == "");
  Send(Sample());
  Send(Sample());
  BOOST_TEST(last().body == kBody);
  BOOST_TEST(log().Count("text of a message fails") == 1);
}

BOOST_AUTO_TEST_CASE(TenThousandAlertsAreOneBody) {
  std::vector<NotifiedAlert> alerts;
  for (int i = 0; i < 10'000; ++i) {
    alerts.push_back(MakeAlert({{"alertname", "Slow"}, {"instance", std::to_string(i)}}));
  }
  const std::string body = WebhookBody(MakeNotification(std::move(alerts)), "", 0);
  BOOST_TEST(body.size() > 2'000'000U);
  BOOST_TEST(body.ends_with("\"truncatedAlerts\":0}"));
}

BOOST_AUTO_TEST_CASE(SaysWhatIsWrongAndWhere) {
  const std::pair<std::string, std::string> cases[] = {
      {"{}", "f:1:1: expected url or url_file"},
      {"{url: ftp}", "f:1:7: url: expected a URL that begins with http:// or https://"},
      {"{url: 'http://e', max_alert: 1}",
       "f:1:19: unknown key \"max_alert\" (did you mean \"max_alerts\"?)"},
      {"{url: 'http://e', payload: {a: '{{ x }}'}}",
       "f:1:32: template: text:1: function \"x\" not defined"},
      {"{url: 'http://e', http_config: {oauth2: {}}}",
       "f:1:33: \"oauth2\" is not supported: use authorization with credentials_file"},
  };
  for (const auto& [yaml, problem] : cases) {
    Read("webhook", yaml);
    BOOST_TEST(problems() == problem);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::notify

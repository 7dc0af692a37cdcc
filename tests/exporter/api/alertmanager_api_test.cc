// Alertmanager's API as a client sees it.

#include "exporter/api/alertmanager_api.h"

#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include "exporter/request_target.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_notifier.h"

namespace tocsin::api {
namespace {

namespace json = boost::json;

struct Fixture {
  Fixture() {
    notifier.alerts = {FakeNotifier::AlertOf({{"alertname", "A"}, {"job", "x"}}, 1),
                       FakeNotifier::AlertOf({{"alertname", "B"}}, 2),
                       FakeNotifier::AlertOf({{"alertname", "C"}}, 3)};
    notifier.alerts[1].silenced_by = {"s1"};
    notifier.alerts[2].inhibited_by = 1;
    notifier.alerts[2].receivers = {"other"};
  }

  /// "STATUS BODY".
  std::string Ask(const std::string& method, const std::string& target, std::string body = {},
                  const std::string& type = "application/json") {
    const auto parsed = ParseRequestTarget("/api/v2/" + target);
    BOOST_REQUIRE(parsed);
    HttpRequest request;
    request.method = method;
    request.query = parsed->query;
    request.body = std::move(body);
    request.headers = {{"Content-Type", type}};
    for (const Route& route : routes) {
      const std::size_t star = route.path.find('*');
      const bool is_pattern = star != std::string::npos;
      if (is_pattern && parsed->path.starts_with(route.path.substr(0, star))) {
        request.parameter = parsed->path.substr(star);
      } else if (route.path != parsed->path) {
        continue;
      }
      const HttpResponse response = route.handle(request);
      std::string text = response.body == nullptr ? "" : *response.body;
      if (text.ends_with('\n')) text.pop_back();
      return std::to_string(response.status) + " " + text;
    }
    return "no route";
  }

  /// The names of the alerts shown, one after the other.
  std::string Names(const std::string& query) {
    const std::string answer = Ask("GET", "alerts" + query);
    BOOST_REQUIRE(answer.starts_with("200 "));
    std::string names;
    const json::value shown = json::parse(answer.substr(4));
    for (const json::value& alert : shown.as_array()) {
      names += alert.at("labels").at("alertname").as_string().c_str();
    }
    return names;
  }

  FakeNotifier notifier;
  FakeClock clock{TimePoint(std::chrono::seconds(120))};
  std::vector<Route> routes =
      AlertmanagerRoutes(notifier.access(), clock, TimePoint(std::chrono::seconds(30)));
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(alertmanager_api_test, Fixture)

BOOST_AUTO_TEST_CASE(AnAlertHasAllFields) {
  Alert alert = *notifier.alerts[0].alert.alert;
  alert.annotations = {{"summary", "\"x\""}};
  alert.generator_url = "http://g";
  notifier.alerts[0].alert.alert = std::make_shared<const Alert>(alert);
  BOOST_TEST(Ask("GET", "alerts?filter=alertname%3DA") ==
             R"(200 [{"annotations":{"summary":"\"x\""},"endsAt":"1970-01-01T00:05:00.000Z",)"
             R"("fingerprint":"0000000000000001","receivers":[{"name":"team"}],)"
             R"("startsAt":"1970-01-01T00:01:00.000Z","status":{"inhibitedBy":[],"mutedBy":[],)"
             R"("silencedBy":[],"state":"active"},"updatedAt":"1970-01-01T00:01:01.000Z",)"
             R"("generatorURL":"http://g","labels":{"alertname":"A","job":"x"}}])");
}

BOOST_AUTO_TEST_CASE(AlertsAreChosen) {
  const struct {
    const char* query;
    std::string_view names;
  } rows[] = {
      {"", "ABC"},
      {"?active=false", "BC"},
      {"?silenced=false", "AC"},
      {"?inhibited=false", "AB"},
      {"?silenced=false&inhibited=false&active=true&unprocessed=false", "A"},
      {"?filter=job%3D%22x%22", "A"},
      {"?filter=alertname%3D~%22A%7CB%22&filter=job%3D%22%22", "B"},
      {"?filter=%7Balertname!%3D%22A%22%7D", "BC"},
      {"?receiver=te.m", "AB"},
      {"?receiver=te", ""},
  };
  for (const auto& row : rows) BOOST_TEST(Names(row.query) == row.names, row.query);
  notifier.alerts[0].resolved = true;
  BOOST_TEST(Names("") == "BC");
}

BOOST_AUTO_TEST_CASE(ReasonsToKeepQuietAreShown) {
  const std::string answer = Ask("GET", "alerts?active=false");
  BOOST_TEST(answer.find(R"("inhibitedBy":[],"mutedBy":[],"silencedBy":["s1"],)"
                         R"("state":"suppressed")") != std::string::npos);
  BOOST_TEST(answer.find(R"("inhibitedBy":["0000000000000001"],"mutedBy":[],"silencedBy":[],)"
                         R"("state":"suppressed")") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(GroupsHaveTheirAlerts) {
  notifier.groups.resize(2);
  notifier.groups[0] = {.key = "{}:{}", .labels = {{"job", "x"}}, .receiver = "team", .alerts = {}};
  notifier.groups[0].alerts = {notifier.alerts[0]};
  notifier.groups[1] = {.key = "{}/{}", .labels = {}, .receiver = "other", .alerts = {}};
  notifier.groups[1].alerts = {notifier.alerts[2]};
  notifier.groups[1].alerts[0].muted_by = {"nights"};
  const auto receivers = [&](const std::string& query) {
    const std::string answer = Ask("GET", "alerts/groups" + query);
    std::string names;
    const json::value shown = json::parse(answer.substr(4));
    for (const json::value& group : shown.as_array()) {
      BOOST_TEST(group.at("alerts").as_array().size() == 1U);
      names += std::string(group.at("receiver").at("name").as_string()) + " ";
    }
    return names;
  };
  BOOST_TEST(receivers("") == "team other ");
  BOOST_TEST(receivers("?muted=false") == "team ");
  BOOST_TEST(receivers("?inhibited=false") == "team ");
  BOOST_TEST(receivers("?receiver=other") == "other ");
  BOOST_TEST(
      Ask("GET", "alerts/groups").find(R"("labels":{"job":"x"},"receiver":{"name":"team"})") !=
      std::string::npos);
  BOOST_TEST(Ask("GET", "alerts/groups").find(R"("mutedBy":["nights"])") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(WrongParametersAreRefusedWithAText) {
  for (const char* const target :
       {"alerts?active=maybe", "alerts?filter=a", "alerts?receiver=(", "alerts/groups?muted=2",
        "alerts/groups?filter=a", "silences?filter=%3D"}) {
    BOOST_TEST(Ask("GET", target).starts_with("400 \""), target);
  }
}

BOOST_AUTO_TEST_CASE(PostedAlertsAreCompleted) {
  BOOST_TEST(Ask("POST", "alerts",
                 R"([{"labels":{"alertname":"A","empty":""},"annotations":{"b":"2","a":"1"},)"
                 R"("generatorURL":"http://g"},)"
                 R"({"labels":{"alertname":"B"},"endsAt":"1970-01-01T00:01:30Z"},)"
                 R"({"labels":{"alertname":"C"},"startsAt":"1970-01-01T01:00:00+01:00",)"
                 R"("endsAt":"0001-01-01T00:00:00.000Z"},)"
                 R"({"labels":{"alertname":"D"},"endsAt":"1970-01-01T00:03:00Z"}])") == "200 ");
  BOOST_TEST_REQUIRE(notifier.posted.size() == 4U);
  const std::vector<Alert>& posted = notifier.posted;
  BOOST_TEST(posted[0].labels.ToString() == "{alertname=\"A\"}");
  BOOST_TEST(posted[0].annotations.all().at(0).first == "a");
  BOOST_TEST(posted[0].generator_url == "http://g");
  BOOST_TEST((posted[0].starts_at == clock.Now()));
  BOOST_TEST((posted[0].ends_at == TimePoint()));
  BOOST_TEST(!posted[0].resolved);
  BOOST_TEST((posted[1].starts_at == posted[1].ends_at));
  BOOST_TEST(posted[1].resolved);
  BOOST_TEST((posted[2].starts_at == TimePoint()));
  BOOST_TEST((posted[2].ends_at == TimePoint()));
  BOOST_TEST(!posted[3].resolved);
}

BOOST_AUTO_TEST_CASE(OfPostedAlertsTheGoodOnesAreTaken) {
  const std::string answer = Ask(
      "POST", "alerts",
      R"([{"labels":{}},{"labels":{"a":""}},{"labels":{"a":"1"},"annotations":{"":"x"}},)"
      R"({"labels":{"a":"1"},"startsAt":"2020-01-02T00:00:00Z","endsAt":"2020-01-01T00:00:00Z"},)"
      R"({"labels":{"a":"1"}}])");
  BOOST_TEST(answer ==
             R"(400 "at least one label pair required; at least one label pair required; )"
             R"(invalid annotations: invalid name \"\"; start time must be before end time")");
  BOOST_TEST(notifier.posted.size() == 1U);
}

BOOST_AUTO_TEST_CASE(WhatIsNoListOfAlertsIsRefused) {
  for (const char* const body :
       {"", "{}", "[1]", "[{\"labels\":1}]", "[{\"labels\":{\"a\":1}}]",
        "[{\"labels\":{\"a\":\"b\"},\"startsAt\":\"today\"}]", "[{\"labels\":{\"a\":\"b\"}}"}) {
    BOOST_TEST(Ask("POST", "alerts", body).starts_with("400 \""), body);
  }
  BOOST_TEST(notifier.posted.empty());
}

BOOST_AUTO_TEST_CASE(OnlyJsonIsTaken) {
  for (const char* const type : {"", "text/plain", "application/x-www-form-urlencoded"}) {
    BOOST_TEST(Ask("POST", "alerts", "[]", type).starts_with("415 \""), type);
    BOOST_TEST(Ask("POST", "silences", "{}", type).starts_with("415 \""), type);
  }
  BOOST_TEST(Ask("POST", "alerts", "[]", "Application/JSON; charset=utf-8") == "200 ");
}

BOOST_AUTO_TEST_CASE(ASilenceIsMadeAndShown) {
  const std::string body =
      R"({"matchers":[{"name":"alertname","value":"A.*","isRegex":true},)"
      R"({"name":"job","value":"x","isRegex":false,"isEqual":false}],"startsAt":)"
      R"("1970-01-01T00:02:00.000Z","endsAt":"1970-01-01T01:00:00.000Z","createdBy":"ada",)"
      R"("comment":"why","id":""})";
  BOOST_TEST(Ask("POST", "silences", body) == R"(200 {"silenceID":"new-id"})");
  BOOST_TEST_REQUIRE(notifier.silences.size() == 1U);
  BOOST_TEST(ToString(notifier.silences[0].matchers) == "{alertname=~\"A.*\",job!=\"x\"}");
  const std::string shown =
      R"({"id":"new-id","status":{"state":"active"},"updatedAt":"1970-01-01T00:00:00.000Z",)"
      R"("comment":"why","createdBy":"ada","endsAt":"1970-01-01T01:00:00.000Z","matchers":[)"
      R"({"isEqual":true,"isRegex":true,"name":"alertname","value":"A.*"},)"
      R"({"isEqual":false,"isRegex":false,"name":"job","value":"x"}],)"
      R"("startsAt":"1970-01-01T00:02:00.000Z"})";
  BOOST_TEST(Ask("GET", "silence/new-id") == "200 " + shown);
  BOOST_TEST(Ask("GET", "silences") == "200 [" + shown + "]");
}

BOOST_AUTO_TEST_CASE(SilencesAreFoundByWhatTheyAreAbout) {
  notifier.silences = {FakeNotifier::SilenceOf("1", "alertname=\"A\""),
                       FakeNotifier::SilenceOf("2", "job=~\"x.*\"")};
  const auto count = [&](const std::string& query) {
    return json::parse(Ask("GET", "silences" + query).substr(4)).as_array().size();
  };
  BOOST_TEST(count("") == 2U);
  BOOST_TEST(count("?filter=alertname%3DA") == 1U);
  BOOST_TEST(count("?filter=job%3D%22x.*%22") == 1U);
  BOOST_TEST(count("?filter=alertname%3DB") == 0U);
}

BOOST_AUTO_TEST_CASE(AWrongSilenceIsRefused) {
  const char* const kTimes = R"("startsAt":"1970-01-01T00:02:00Z","endsAt":"1970-01-01T01:00:00Z")";
  const std::string matcher = R"({"name":"a","value":"b","isRegex":false})";
  const std::string bodies[] = {
      "x",
      "[]",
      "{}",
      R"({"matchers":[)" + matcher + R"(],"startsAt":"1970-01-01T00:02:00Z"})",
      std::string("{") + kTimes + "}",
      std::string(R"({"matchers":[{"name":"a","value":"(","isRegex":true}],)") + kTimes + "}",
      std::string(R"({"matchers":[{"name":"a","value":"b"}],)") + kTimes + "}",
      std::string(R"({"comment":1,"matchers":[)") + matcher + "]," + kTimes + "}"};
  for (const std::string& body : bodies) {
    BOOST_TEST(Ask("POST", "silences", body).starts_with("400 \""), body);
  }
  const std::string good = R"({"id":"none","matchers":[)" + matcher + "]," + kTimes + "}";
  BOOST_TEST(Ask("POST", "silences", good) == "404 \"silence not found\"");
  notifier.refusal = Error{ErrorCode::kInvalidInput, "end time can't be in the past"};
  BOOST_TEST(Ask("POST", "silences", good) == "400 \"end time can't be in the past\"");
  BOOST_TEST(notifier.silences.empty());
}

BOOST_AUTO_TEST_CASE(ASilenceIsEnded) {
  notifier.silences = {FakeNotifier::SilenceOf("1", "alertname=\"A\"")};
  BOOST_TEST(Ask("DELETE", "silence/2") == "404 ");
  BOOST_TEST(Ask("GET", "silence/2") == "404 ");
  BOOST_TEST(Ask("DELETE", "silence/1") == "200 ");
  BOOST_TEST(notifier.silences.empty());
  notifier.refusal = Error{ErrorCode::kInvalidInput, "silence 1 already expired"};
  BOOST_TEST(Ask("DELETE", "silence/1") == "500 \"silence 1 already expired\"");
}

BOOST_AUTO_TEST_CASE(StatusAndReceiversAreShown) {
  BOOST_TEST(Ask("GET", "receivers") == R"(200 [{"name":"team"},{"name":"nobody"}])");
  const json::value status = json::parse(Ask("GET", "status").substr(4));
  BOOST_TEST(status.at("cluster").at("status").as_string() == "disabled");
  BOOST_TEST(status.at("config").at("original").as_string() == "route:\n  receiver: team\n");
  BOOST_TEST(status.at("uptime").as_string() == "1970-01-01T00:00:30.000Z");
  for (const char* const key :
       {"branch", "buildDate", "buildUser", "goVersion", "revision", "version"}) {
    BOOST_TEST(status.at("versionInfo").at(key).is_string(), key);
  }
}

BOOST_AUTO_TEST_CASE(ForeignPagesChangeNothing) {
  for (const Route& route : routes) {
    HttpRequest request;
    request.method = route.methods.back();
    request.headers = {{"Host", "h:1"}, {"Origin", "http://evil.example"}};
    if (request.method == "GET") continue;
    const HttpResponse response = route.handle(request);
    BOOST_TEST(response.status == 403, route.path);
    BOOST_TEST(response.body->starts_with('"'), route.path);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::api

// The pages about alerts and silences.

#include "exporter/notifier_routes.h"

#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

#include "exporter/request_target.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_notifier.h"

namespace tocsin {
namespace {

struct Fixture {
  Fixture() {
    notifier.alerts = {
        FakeNotifier::AlertOf({{"alertname", "Down"}, {"job", "<script>\"x\""}}, 0xabc),
        FakeNotifier::AlertOf({{"alertname", "Other"}}, 2)};
  }

  HttpResponse Ask(const std::string& method, const std::string& target, std::string body = {},
                   std::vector<std::pair<std::string, std::string>> headers = {
                       {"Content-Type", "application/x-www-form-urlencoded"}}) {
    const auto parsed = ParseRequestTarget(target);
    BOOST_REQUIRE(parsed);
    HttpRequest request;
    request.method = method;
    request.query = parsed->query;
    request.body = std::move(body);
    request.headers = std::move(headers);
    for (const Route& route : routes) {
      const std::size_t star = route.path.find('*');
      if (star != std::string::npos && parsed->path.starts_with(route.path.substr(0, star))) {
        request.parameter = parsed->path.substr(star);
      } else if (route.path != parsed->path) {
        continue;
      }
      return route.handle(request);
    }
    return HttpResponse::Text(404, "no route");
  }
  static bool Has(const HttpResponse& response, std::string_view text) {
    return response.body->find(text) != std::string::npos;
  }
  static std::string Location(const HttpResponse& response) {
    for (const auto& [name, value] : response.headers) {
      if (name == "Location") return value;
    }
    return "";
  }

  FakeNotifier notifier;
  FakeClock clock{TimePoint(std::chrono::seconds(120))};
  std::vector<Route> routes = NotifierRoutes(notifier.access(), clock, TimePoint());
};

constexpr std::string_view kGoodForm =
    "filter=alertname%3D%22Down%22&duration=30m&author=ada&comment=night+work";

}  // namespace

BOOST_FIXTURE_TEST_SUITE(notifier_routes_test, Fixture)

BOOST_AUTO_TEST_CASE(AnAlertsPageTellsAllAboutIt) {
  Alert alert = *notifier.alerts[0].alert.alert;
  alert.annotations = {{"runbook_url", "https://runbooks/down"}, {"summary", "It is down"}};
  alert.value = 611.5;
  alert.rule = std::make_shared<const AlertRule>(
      AlertRule{.group = "g", .expression = "age > 300", .condition = "> 300"});
  notifier.alerts[0].alert.alert = std::make_shared<const Alert>(alert);
  notifier.alerts[0].silenced_by = {"s1"};
  notify::HistoryRecord record;
  record.destination = {.receiver = "team", .entry = "slack[0]"};
  record.answer = "HTTP 200";
  notifier.records = {record};
  const HttpResponse page = Ask("GET", "/plain/alerts/0000000000000abc");
  BOOST_TEST(page.status == 200);
  for (const std::string_view text :
       {"<h1>Down</h1>", "<td>silenced</td>", "1970-01-01T00:01:00.000Z (1m ago)", "611.5",
        "&gt; 300", "age &gt; 300", "<td>team</td>", "It is down",
        "<a href=\"https://runbooks/down\">", "<a href=\"../silences/s1\">", "slack[0]", "HTTP 200",
        "delivered", "../silences/new?filter="}) {
    BOOST_TEST(Has(page, text), text);
  }
  BOOST_TEST(*notifier.asked.alert == 0xabcU);
}

BOOST_AUTO_TEST_CASE(AnAlertsPageLeadsToTheRunbook) {
  const struct {
    std::string_view url;
    std::string_view shown;
  } rows[] = {
      {"docs/runbooks/atlasdown.md",
       "<td><a href=\"../../runbooks/atlasdown.md\">AtlasDown</a> </td>"},
      {"https://wiki/atlasdown.md",
       "<td><a href=\"../../runbooks/atlasdown.md\">AtlasDown</a> <a href=\"https://wiki/"
       "atlasdown.md\">https://wiki/atlasdown.md</a></td>"},
      {"https://wiki/other", "<td><a href=\"https://wiki/other\">https://wiki/other</a></td>"},
  };
  for (const auto& row : rows) {
    Alert alert = *notifier.alerts[0].alert.alert;
    alert.annotations = {{"runbook_url", std::string(row.url)}};
    notifier.alerts[0].alert.alert = std::make_shared<const Alert>(alert);
    BOOST_TEST(Has(Ask("GET", "/plain/alerts/0000000000000abc"), row.shown), row.url);
  }
}

BOOST_AUTO_TEST_CASE(PagesEscapeWhatTheyShow) {
  notifier.silences = {FakeNotifier::SilenceOf("1", "job=\"<script>\\\"x\\\"\"")};
  notifier.silences[0].comment = "<script>";
  notifier.silences[0].created_by = "<script>";
  for (const char* const path :
       {"/plain/alerts/0000000000000abc", "/plain/silences/1",
        "/plain/silences/new?filter=job!%3D%22%3Cscript%3E%22",
        "/plain/silences/new?comment=%3Cscript%3E&author=%22%3E%3Cscript%3E&filter=%3Cscript%3E"}) {
    const HttpResponse page = Ask("GET", path);
    BOOST_TEST(page.status == 200, path);
    BOOST_TEST(!Has(page, "<script"), path);
    BOOST_TEST(Has(page, "&lt;script"), path);
    BOOST_TEST(page.headers.at(0).first == "Content-Security-Policy");
  }
}

BOOST_AUTO_TEST_CASE(TheLinkOfAnAlertPreparesItsSilence) {
  const std::string page = *Ask("GET", "/plain/alerts/0000000000000abc").body;
  const std::size_t link = page.find("../silences/new?filter=");
  BOOST_TEST_REQUIRE(link != std::string::npos);
  const std::string target = "/plain" + page.substr(link + 2, page.find('"', link) - link - 2);
  const HttpResponse form = Ask("GET", target);
  BOOST_TEST(Has(form, "1 of 2 alerts."));
  BOOST_TEST(Has(form, "<a href=\"../alerts/0000000000000abc\">Down</a>"));
}

BOOST_AUTO_TEST_CASE(WhatIsNotThereIsSaid) {
  for (const char* const path : {"/plain/alerts/0000000000000def", "/plain/alerts/abc",
                                 "/plain/alerts/x", "/plain/alerts/", "/plain/silences/none"}) {
    BOOST_TEST(Ask("GET", path).status == 404, path);
  }
}

BOOST_AUTO_TEST_CASE(AFormMakesASilenceAndShowsIt) {
  const HttpResponse made = Ask("POST", "/plain/silences/new", std::string(kGoodForm));
  BOOST_TEST(made.status == 303);
  BOOST_TEST(Location(made) == "new-id");
  BOOST_TEST_REQUIRE(notifier.silences.size() == 1U);
  const notify::Silence& silence = notifier.silences[0];
  BOOST_TEST((silence.starts_at == clock.Now()));
  BOOST_TEST((silence.ends_at == clock.Now() + std::chrono::minutes(30)));
  BOOST_TEST(silence.created_by == "ada");
  BOOST_TEST(silence.comment == "night work");
  const HttpResponse page = Ask("GET", "/plain/silences/new-id");
  BOOST_TEST(Has(page, "night work"));
  BOOST_TEST(Has(page, "1 of 2 alerts."));
  const HttpResponse ended = Ask("POST", "/plain/silences/new-id");
  BOOST_TEST(ended.status == 303);
  BOOST_TEST(Location(ended) == "new-id");
  BOOST_TEST(notifier.silences.empty());
}

BOOST_AUTO_TEST_CASE(AFormThatIsNotRightIsShownAgain) {
  const struct {
    std::string_view form;
    std::string_view problem;
  } rows[] = {
      {"filter=a&duration=1h&author=a&comment=b", "matchers: "},
      {"filter=a%3Db&duration=soon&author=a&comment=b", "duration: "},
      {"filter=a%3Db&duration=0s&author=a&comment=b", "duration: expected more than 0"},
      {"filter=a%3Db&duration=1h&comment=b", "author: "},
      {"filter=a%3Db&duration=1h&author=a", "comment: "},
  };
  for (const auto& row : rows) {
    const HttpResponse page = Ask("POST", "/plain/silences/new", std::string(row.form));
    BOOST_TEST(page.status == 400, row.form);
    BOOST_TEST(Has(page, row.problem), row.form);
    BOOST_TEST(Has(page, "<form method=\"post\""), row.form);
  }
  notifier.refusal = Error{ErrorCode::kInvalidInput, "at least one matcher must not match"};
  BOOST_TEST(
      Has(Ask("POST", "/plain/silences/new", std::string(kGoodForm)), "at least one matcher"));
  BOOST_TEST(notifier.silences.empty());
}

BOOST_AUTO_TEST_CASE(ForeignPagesAndForeignBodiesAreRefused) {
  notifier.silences = {FakeNotifier::SilenceOf("1", "a=b")};
  const std::pair<std::string, std::string> form = {"Content-Type",
                                                    "application/x-www-form-urlencoded"};
  BOOST_TEST(Ask("POST", "/plain/silences/new", std::string(kGoodForm),
                 {form, {"Host", "h:1"}, {"Origin", "http://evil.example"}})
                 .status == 403);
  BOOST_TEST(
      Ask("POST", "/plain/silences/1", "", {form, {"Sec-Fetch-Site", "cross-site"}}).status == 403);
  BOOST_TEST(Ask("POST", "/plain/silences/new", "{}", {{"Content-Type", "text/plain"}}).status ==
             415);
  BOOST_TEST(notifier.silences.size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin

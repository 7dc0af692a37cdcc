#include "exporter/routes.h"

#include <string>
#include <utility>
#include <vector>

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include "base/labels.h"
#include "tests/support/fake_clock.h"
#include "tests/support/views.h"

namespace tocsin {
namespace {

constexpr MetricDesc kRuns = {.name = "runs", .help = "Runs."};
constexpr collectors::CollectorEntry kDagster = {"dagster", "", {}, {}, nullptr};

struct Fixture {
  FakeClock clock{TimePoint(std::chrono::seconds(1'700'000'042))};
  std::string not_ready;
  bool demo = false;
  std::vector<ActiveAlert> firing;
  MetricsPage::Views views;
  MetricsPage page{{[] { return std::uint64_t{1}; }, [this] { return views; },
                    [] { return std::make_shared<const Snapshot>(); }}};

  Fixture() {
    auto up = MakeView(kDagster, "prod", OneSample(kRuns, 1));
    views.push_back(up);
    auto down = MakeView(kDagster, "<script>alert(1)</script>", nullptr);
    down->up = false;
    down->last_success.reset();
    down->error_code = ErrorCode::kUnavailable;
    down->error = "connection refused & \"more\"";
    views.push_back(down);
    auto waiting = MakeView(kDagster, "new", nullptr);
    waiting->up = false;
    waiting->last_attempt.reset();
    waiting->last_success.reset();
    views.push_back(waiting);
  }

  HttpResponse Get(std::string_view path,
                   std::vector<std::pair<std::string, std::string>> query = {}) {
    for (const Route& route : MakeRoutes({.page = page,
                              .clock = clock,
                              .views = [this] { return views; },
                              .firing = [this] { return firing; },
                              .not_ready = [this] { return not_ready; },
                              .version = "1.2.3",
                              .demo = demo})) {
      if (route.path != path) continue;
      HttpRequest request;
      request.method = "GET";
      request.path = path;
      request.query = std::move(query);
      return route.handle(request);
    }
    return HttpResponse::Text(404, "");
  }

  bool Shows(std::string_view text) { return Get("/plain/").body->find(text) != std::string::npos; }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(routes_test, Fixture)

BOOST_AUTO_TEST_CASE(HealthIsAboutTheProcessOnly) {
  not_ready = "no collection has finished yet";
  for (const char* const path : {"/-/healthy", "/health"}) BOOST_TEST(Get(path).status == 200);
}

BOOST_AUTO_TEST_CASE(ReadinessSaysWhyNot) {
  for (const char* const path : {"/-/ready", "/ready"}) {
    not_ready = "no collection has finished yet";
    BOOST_TEST(Get(path).status == 503);
    BOOST_TEST(*Get(path).body == "tocsin is not ready: no collection has finished yet\n");
    not_ready = "";
    BOOST_TEST(Get(path).status == 200);
  }
}

BOOST_AUTO_TEST_CASE(MetricsAreThePage) {
  BOOST_TEST(*Get("/metrics").more_body.front() ==
             "# HELP runs Runs.\n# TYPE runs gauge\nruns 1\n");
}

BOOST_AUTO_TEST_CASE(TheLandingPageShowsEachCollector) {
  BOOST_TEST(Get("/plain/").content_type == "text/html; charset=utf-8");
  BOOST_TEST(Shows("1.2.3"));
  BOOST_TEST(Shows("<a href=\"../metrics\">"));
  BOOST_TEST(
      Shows("<th scope=\"row\">prod</th><td>dagster</td><td class=\"up\">up</td><td>42s ago</td>"
            "<td>15s</td><td>1</td><td></td>"));
  BOOST_TEST(Shows("<td class=\"down\">down</td><td>never</td>"));
  BOOST_TEST(Shows("<td class=\"waiting\">waiting</td>"));
}

BOOST_AUTO_TEST_CASE(TheLandingPageEscapesEverything) {
  BOOST_TEST(!Shows("<script>"));
  BOOST_TEST(Shows("&lt;script&gt;alert(1)&lt;/script&gt;"));
  BOOST_TEST(Shows("connection refused &amp; &quot;more&quot;"));
  const auto headers = Get("/plain/").headers;
  BOOST_TEST(headers.front().first == "Content-Security-Policy");
  BOOST_TEST(headers.front().second.starts_with("default-src 'none'; style-src 'self';"));
  BOOST_TEST(Get("/plain/style.css").content_type == "text/css; charset=utf-8");
}

BOOST_AUTO_TEST_CASE(TheLandingPageListsWhatFiresNewestFirst) {
  BOOST_TEST(Shows("<h2>Alerts that fire</h2>\n<p>None.</p>"));
  const Millis now = clock.Now().time_since_epoch().count();
  for (const auto& [name, seconds] : {std::pair("Old", 90), std::pair("New<b>", 5)}) {
    ActiveAlert alert;
    alert.labels = LabelsBuilder().Set("alertname", name).Build();
    alert.active_at = now - 3'600'000;
    alert.fired_at = now - seconds * 1000;
    alert.annotations = {{"runbook_url", "x"}, {"summary", "a & b"}};
    firing.push_back(alert);
  }
  BOOST_TEST(
      Shows("<tbody>\n<tr><th scope=\"row\">New&lt;b&gt;</th><td>5s ago</td><td>a &amp; b</td></tr>"
            "\n<tr><th scope=\"row\">Old</th><td>1m30s ago</td>"));
  firing.resize(53, firing.front());
  BOOST_TEST(Shows("<p>And 3 more that began earlier.</p>"));
}

BOOST_AUTO_TEST_CASE(DemoDataIsSaidLoudly) {
  BOOST_TEST(!Shows("DEMO DATA"));
  demo = true;
  BOOST_TEST(Shows("role=\"alert\"><strong>DEMO DATA.</strong>"));
  BOOST_TEST(Shows("<code>tocsin demo --revive</code>"));
  BOOST_TEST(Shows("<code>tocsin --config FILE</code>"));
}

BOOST_AUTO_TEST_CASE(TargetsHaveTheShapeOfPrometheus) {
  const HttpResponse response = Get("/api/v1/targets");
  BOOST_TEST(response.content_type == "application/json; charset=utf-8");
  const boost::json::value answer = boost::json::parse(*response.body);
  BOOST_TEST(answer.at("status").as_string() == "success");
  BOOST_TEST(answer.at("data").at("droppedTargets").as_array().empty());
  const boost::json::array& active = answer.at("data").at("activeTargets").as_array();
  BOOST_REQUIRE_EQUAL(active.size(), 3U);
  BOOST_TEST(active[0] == boost::json::parse(R"({
      "discoveredLabels": {}, "labels": {"collector": "dagster", "name": "prod"}, "scrapePool": "dagster",
      "scrapeUrl": "collector://dagster/prod", "globalUrl": "collector://dagster/prod", "lastError": "",
      "lastScrape": "2023-11-14T22:13:20.000Z", "lastScrapeDuration": 0.012, "health": "up",
      "scrapeInterval": "15s", "scrapeTimeout": "5s"})"));
  BOOST_TEST(active[1].at("health").as_string() == "down");
  BOOST_TEST(active[1].at("lastError").as_string() == "connection refused & \"more\"");
  BOOST_TEST(active[2].at("health").as_string() == "unknown");
  BOOST_TEST(active[2].at("lastScrape").as_string() == "0001-01-01T00:00:00Z");
}

BOOST_AUTO_TEST_CASE(ACollectorThatIsPartlyUpSaysSo) {
  const auto partly = MakeView(kDagster, "partly", OneSample(kRuns, 1));
  partly->lost = {{.name = "assets", .error = "no such table", .is_fault = false}};
  views = {partly};
  BOOST_TEST(Shows("<td class=\"up\">up</td>"));
  BOOST_TEST(Shows("<td></td></tr>"));
  partly->lost.push_back({.name = "database", .error = "refused <1>", .is_source = true});
  BOOST_TEST(Shows("<td class=\"partly\">partly</td>"));
  BOOST_TEST(Shows("<td>database: refused &lt;1&gt;</td></tr>"));
  const auto target = [&] {
    const boost::json::value answer = boost::json::parse(*Get("/api/v1/targets").body);
    return answer.at("data").at("activeTargets").at(0);
  };
  BOOST_TEST(target().at("health").as_string() == "up");
  BOOST_TEST(target().at("lastError").as_string() == "database: refused <1>");
  // Of all of it, the failure as a whole says more.
  partly->up = false;
  partly->error = "all refused";
  BOOST_TEST(Shows("<td class=\"down\">down</td>"));
  BOOST_TEST(target().at("lastError").as_string() == "all refused");
}

BOOST_AUTO_TEST_CASE(TargetsAreChosenByState) {
  const struct {
    const char* state;
    std::size_t active;
  } rows[] = {{"", 3}, {"any", 3}, {"active", 3}, {"dropped", 0}, {"bogus", 0}};
  for (const auto& row : rows) {
    BOOST_TEST_CONTEXT(row.state) {
      const HttpResponse response = Get("/api/v1/targets", {{"state", row.state}});
      const boost::json::value answer = boost::json::parse(*response.body);
      BOOST_TEST(answer.at("data").at("activeTargets").as_array().size() == row.active);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin

// The HTTP API as a client sees it: addresses in, JSON out.

#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "exporter/api/parameters.h"
#include "exporter/api/queries.h"
#include "exporter/api/query_api.h"
#include "exporter/api/series_api.h"
#include "exporter/api/status_api.h"
#include "exporter/request_target.h"
#include "rules/storage/sample_store.h"
#include "tests/support/fake_clock.h"

namespace tocsin::api {
namespace {

/// A store with two series of `up` and one of `requests_total`, and the API over it. It is 1000 s
/// since 1970.
struct Fixture {
  Fixture() : clock(TimePoint(Duration(1'000'000))), store({}), queries({}, store, clock) {
    std::vector<SampleStore::Entry> samples;
    for (Millis t = 0; t <= 1'000'000; t += 10'000) {
      samples.push_back({{{"__name__", "up"}, {"job", "a"}}, {t, 1}});
      samples.push_back({{{"__name__", "up"}, {"job", "b"}}, {t, 0}});
      const auto count = static_cast<double>(t / 1000);
      samples.push_back({{{"__name__", "requests_total"}, {"job", "a"}, {"x.y", "z"}}, {t, count}});
    }
    BOOST_REQUIRE(store.Append(samples).refused() == 0);
    const auto add = [this](std::vector<Route> more) {
      for (Route& route : more) routes.push_back(std::move(route));
    };
    add(QueryRoutes(queries, clock));
    add(SeriesRoutes(store, queries, clock));
    add(StatusRoutes({.store = store,
                      .clock = clock,
                      .views = [] { return InstanceViews(); },
                      .own = [this] { return own; },
                      .configuration = [] { return std::string("a: <secret>\n"); },
                      .last_reload =
                          [] {
                            return StatusSources::Reload{true, TimePoint()};
                          },
                      .retention = [] { return std::string("6h"); },
                      .in_force =
                          [] {
                            return std::vector<std::pair<std::string, std::string>>{
                                {"storage.max_series", "1000"}, {"promql.timeout", "2m"}};
                          },
                      .corruptions = [] { return std::uint64_t{3}; },
                      .started = TimePoint()}));
  }

  /// "STATUS BODY" of a GET, or of a POST if there is a form. `request` has the rest.
  std::string Ask(std::string_view target, std::string_view form = "",
                  HttpRequest request = {}) const {
    const auto parsed = ParseRequestTarget(target);
    BOOST_REQUIRE(parsed);
    request.method = form.empty() ? "GET" : "POST";
    request.path = parsed->path;
    request.query = parsed->query;
    request.body = form;
    request.headers = {{"content-type", "application/x-www-form-urlencoded; charset=utf-8"}};
    for (const Route& route : routes) {
      const std::size_t star = route.path.find('*');
      if (star != std::string::npos && request.path.starts_with(route.path.substr(0, star)) &&
          request.path.ends_with(route.path.substr(star + 1))) {
        const std::size_t rest = route.path.size() - 1;
        request.parameter = request.path.substr(star, request.path.size() - rest);
      } else if (route.path != request.path) {
        continue;
      }
      return Text(route.handle(request));
    }
    return "no such route";
  }

  /// What /api/v1/query answers without waiting; nothing if it does not.
  std::optional<std::string> AskAtOnce(std::string_view query, std::string body = "") const {
    HttpRequest request;
    request.method = "GET";
    request.query = {{"query", std::string(query)}};
    request.body = std::move(body);
    const std::optional<HttpResponse> response = routes.front().at_once(request);
    if (!response) return std::nullopt;
    return Text(*response);
  }

  static std::string Text(const HttpResponse& response) {
    BOOST_TEST(response.content_type == "application/json");
    std::string answer = std::to_string(response.status) + " " + *response.body;
    for (const SharedText& piece : response.more_body) answer += *piece;
    return answer;
  }

  FakeClock clock;
  SampleStore store;
  Queries queries;
  std::shared_ptr<const Snapshot> own = std::make_shared<const Snapshot>();
  std::vector<Route> routes;
};

struct Case {
  std::string_view target;
  std::string_view answer;
};

constexpr std::string_view kNotPromql =
    R"(400 {"status":"error","errorType":"bad_data","error":"invalid parameter \"query\": )";

BOOST_FIXTURE_TEST_SUITE(api_test, Fixture)

BOOST_AUTO_TEST_CASE(InstantQueries) {
  const Case cases[] = {
      {"/api/v1/query?query=up&time=500.5",
       R"(200 {"status":"success","data":{"resultType":"vector","result":[)"
       R"({"metric":{"__name__":"up","job":"a"},"value":[500.5,"1"]},)"
       R"({"metric":{"__name__":"up","job":"b"},"value":[500.5,"0"]}]}})"},
      {"/api/v1/query?query=1%2B1",
       R"(200 {"status":"success","data":{"resultType":"scalar","result":[1000,"2"]}})"},
      {"/api/v1/query?query=%22x%22&time=1970-01-01T00:00:01Z",
       R"(200 {"status":"success","data":{"resultType":"string","result":[1,"x"]}})"},
      {"/api/v1/query?query=sum(rate(requests_total%5B1m%5D))",
       R"(200 {"status":"success","data":{"resultType":"vector","result":[)"
       R"({"metric":{},"value":[1000,"1"]}]}})"},
      {"/api/v1/query?query=requests_total%5B10s%5D&time=30",
       R"(200 {"status":"success","data":{"resultType":"matrix","result":[)"
       R"({"metric":{"__name__":"requests_total","job":"a","x.y":"z"},"values":[[30,"30"]]}]}})"},
      {"/api/v1/query?query=up&limit=1&time=0",
       R"(200 {"status":"success","data":{"resultType":"vector","result":[)"
       R"({"metric":{"__name__":"up","job":"a"},"value":[0,"1"]}]},)"
       R"("warnings":["results truncated due to limit"]})"},
      {"/api/v1/query?query=up&time=2000&lookback_delta=1h",
       R"(200 {"status":"success","data":{"resultType":"vector","result":[)"
       R"({"metric":{"__name__":"up","job":"a"},"value":[2000,"1"]},)"
       R"({"metric":{"__name__":"up","job":"b"},"value":[2000,"0"]}]}})"},
      {"/api/v1/query?query=up&time=2000",
       R"(200 {"status":"success","data":{"resultType":"vector","result":[]}})"},
      {"/api/v1/query?query=up&time=x",
       R"(400 {"status":"error","errorType":"bad_data","error":"invalid parameter \"time\": )"
       R"(cannot parse \"x\" to a valid timestamp"})"},
      {"/api/v1/query?query=up&timeout=x",
       R"(400 {"status":"error","errorType":"bad_data","error":"invalid parameter \"timeout\": )"
       R"(cannot parse \"x\" to a valid duration"})"},
      {"/api/v1/query?query=up&timeout=0",
       R"(400 {"status":"error","errorType":"bad_data","error":"invalid parameter \"timeout\": )"
       R"(timeout must be positive"})"},
      {"/api/v1/query?query=1e-7",
       R"(200 {"status":"success","data":{"resultType":"scalar","result":[1000,"1e-07"]}})"},
      {"/api/v1/query?query=up&limit=-1",
       R"(400 {"status":"error","errorType":"bad_data","error":"invalid parameter \"limit\": )"
       R"(limit must be non-negative"})"},
  };
  for (const Case& c : cases) BOOST_TEST(Ask(c.target) == c.answer);
  BOOST_TEST(Ask("/api/v1/query?query=up{").starts_with(kNotPromql));
  BOOST_TEST(Ask("/api/v1/query").starts_with(kNotPromql));
  BOOST_TEST(Ask("/api/v1/query?query=up&stats=all").find("\"stats\":{\"timings\":{") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(FailuresNameThePartOfTheExpressionThatIsToBlame) {
  const std::string vain = Ask("/api/v1/query?query=1+%2B%0A+sum(up+*+on(x)+up)");
  BOOST_TEST(vain.starts_with(R"(422 {"status":"error","errorType":"execution","error":")"));
  const std::string_view part =
      R"("errorPosition":{"line":2,"column":6,"endLine":2,"endColumn":19}})";
  BOOST_TEST(vain.ends_with(part), vain);
  const std::string range =
      Ask("/api/v1/query_range?query=1+%2B%0A+sum(up+*+on(x)+up)&start=0&end=1&step=1");
  BOOST_TEST(range.ends_with(part), range);
  const std::string unreadable = Ask("/api/v1/query?query=sum(");
  BOOST_TEST(
      unreadable.ends_with(R"("errorPosition":{"line":1,"column":5,"endLine":1,"endColumn":5}})"),
      unreadable);
  BOOST_TEST(Ask("/api/v1/query").find("errorPosition") == std::string::npos);
  BOOST_TEST(Ask("/api/v1/query?query=up&time=x").find("errorPosition") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(StatsTellWhatWasReadAndWhatWasHeld) {
  const std::string answer = Ask("/api/v1/query?query=count_over_time(up%5B100s%5D)&stats=all");
  BOOST_TEST(answer.find(R"("samples":{"totalQueryableSamples":20,"peakSamples":2}})") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(ASmallQueryIsAnsweredAtOnceTheSecondTime) {
  BOOST_TEST(!AskAtOnce("up").has_value());
  const std::string answer = Ask("/api/v1/query?query=up");
  for (int i = 0; i < 2; ++i) {
    const std::optional<std::string> at_once = AskAtOnce("up");
    BOOST_REQUIRE(at_once.has_value());
    BOOST_TEST(*at_once == answer);
  }
  BOOST_TEST(queries.kept() == 1U);
  BOOST_TEST(!AskAtOnce("up", std::string(100'000, 'x')), "a large form takes time to read");
  for (const std::string_view slow : {"count_over_time(up%5B1m%5D)", "up%7B"}) {
    Ask("/api/v1/query?query=" + std::string(slow));
  }
  for (const std::string_view slow : {"count_over_time(up[1m])", "up{"}) {
    BOOST_TEST(!AskAtOnce(slow).has_value(), slow);
  }
}

constexpr std::string_view kWithTimeout[] = {
    "/api/v1/query?query=up",
    "/api/v1/query_range?query=up&start=0&end=1&step=1",
    "/api/v1/series?match%5B%5D=up",
    "/api/v1/series?match%5B%5D=up&match%5B%5D=x",
    "/api/v1/labels?match%5B%5D=up",
    "/api/v1/labels?start=0",
    "/api/v1/label/job/values?match%5B%5D=up",
};

BOOST_AUTO_TEST_CASE(WaitingForAThreadTakesTimeFromTheTimeout) {
  const Duration timeout = queries.engine()->settings().timeout;
  for (const std::string_view target : kWithTimeout) {
    BOOST_TEST_CONTEXT(target) {
      HttpRequest request;
      request.waited = timeout - Duration(1);
      BOOST_TEST(Ask(target, "", request).starts_with("200 "));
      request.waited = timeout;
      BOOST_TEST(
          Ask(target, "", request).starts_with(R"(503 {"status":"error","errorType":"timeout",)"));
    }
  }
  HttpRequest request;
  request.waited = Duration(1000);
  BOOST_TEST(Ask("/api/v1/query?query=up&timeout=1s", "", request).starts_with("503 "));
  BOOST_TEST(Ask("/api/v1/query?query=up&timeout=1001ms", "", request).starts_with("200 "));
}

BOOST_AUTO_TEST_CASE(NobodyIsAnsweredWhoHasLeft) {
  std::stop_source left;
  left.request_stop();
  HttpRequest request;
  request.abandoned = left.get_token();
  for (const std::string_view target : kWithTimeout) {
    BOOST_TEST_CONTEXT(target) {
      BOOST_TEST(
          Ask(target, "", request).starts_with(R"(499 {"status":"error","errorType":"canceled",)"));
    }
  }
}

BOOST_AUTO_TEST_CASE(AFormIsAsGoodAsAnAddress) {
  BOOST_TEST(Ask("/api/v1/query?time=1", "query=vector(1)&time=2") ==
             R"(200 {"status":"success","data":{"resultType":"vector","result":[)"
             R"({"metric":{},"value":[2,"1"]}]}})");
}

BOOST_AUTO_TEST_CASE(AFormThatCannotBeDecodedIsRefused) {
  for (const std::string_view target :
       {"/api/v1/query?query=up", "/api/v1/query_range?query=up&start=0&end=1&step=1",
        "/api/v1/format_query?query=up", "/api/v1/parse_query?query=up",
        "/api/v1/series?match%5B%5D=up", "/api/v1/labels"}) {
    BOOST_TEST_CONTEXT(target) {
      BOOST_TEST(Ask(target, "match[]=up&start=%zz") ==
                 R"(400 {"status":"error","errorType":"bad_data",)"
                 R"("error":"error parsing form values: bad percent escape"})");
    }
  }
}

BOOST_AUTO_TEST_CASE(RangeQueries) {
  const std::string error = R"(400 {"status":"error","errorType":"bad_data","error":)";
  const std::string path = "/api/v1/query_range?query=up&";
  const std::pair<std::string, std::string> cases[] = {
      {path + "start=0&end=20&step=10s",
       R"(200 {"status":"success","data":{"resultType":"matrix","result":[)"
       R"({"metric":{"__name__":"up","job":"a"},"values":[[0,"1"],[10,"1"],[20,"1"]]},)"
       R"({"metric":{"__name__":"up","job":"b"},"values":[[0,"0"],[10,"0"],[20,"0"]]}]}})"},
      {"/api/v1/query_range?query=1&start=0&end=15&step=10",
       R"(200 {"status":"success","data":{"resultType":"matrix","result":[)"
       R"({"metric":{},"values":[[0,"1"],[10,"1"]]}]}})"},
      {path + "end=1&step=1",
       error + R"("invalid parameter \"start\": cannot parse \"\" to a valid timestamp"})"},
      {path + "start=1&end=0&step=1",
       error + R"("invalid parameter \"end\": end timestamp must not be before start time"})"},
      {path + "start=0&end=1",
       error + R"("invalid parameter \"step\": cannot parse \"\" to a valid duration"})"},
      {path + "start=0&end=1&step=0",
       error +
           R"("invalid parameter \"step\": zero or negative query resolution step widths are )" +
           R"(not accepted. Try a positive integer"})"},
      {path + "start=0&end=11001&step=1",
       error + R"("exceeded maximum resolution of 11,000 points per timeseries. Try decreasing )" +
           R"~(the query resolution (?step=XX)"})~"},
      {"/api/v1/query_range?query=up%5B1m%5D&start=0&end=1&step=1",
       error + R"("invalid parameter \"query\": invalid expression type \"range vector\" for )" +
           R"(range query, must be Scalar or instant Vector"})"},
  };
  for (const auto& [target, answer] : cases) BOOST_TEST(Ask(target) == answer);
  BOOST_TEST(Ask(path + "start=0&end=11000&step=1").starts_with("200 "));
}

BOOST_AUTO_TEST_CASE(FormatsAndParsesQueries) {
  BOOST_TEST(Ask("/api/v1/format_query?query=sum(up)by(job)") ==
             R"~(200 {"status":"success","data":"sum by (job) (up)"})~");
  BOOST_TEST(Ask("/api/v1/parse_query?query=0.0000001") ==
             R"(200 {"status":"success","data":{"type":"numberLiteral","val":"0.0000001"}})");
  BOOST_TEST(Ask("/api/v1/parse_query?query=1e21") ==
             R"(200 {"status":"success","data":{"type":"numberLiteral",)"
             R"("val":"1000000000000000000000"}})");
  BOOST_TEST(Ask("/api/v1/parse_query?query=up%5B5m%5D+offset+-1m") ==
             R"(200 {"status":"success","data":{"type":"matrixSelector","range":300000,)"
             R"("name":"up","matchers":[{"name":"__name__","value":"up","type":"="}],)"
             R"("offset":-60000,"timestamp":null,"startOrEnd":null,)"
             R"("anchored":false,"smoothed":false}})");
  BOOST_TEST(
      Ask("/api/v1/parse_query?query=1%2Bup%2Bon(a)group_left(b)up")
          .find(R"("matching":{"card":"many-to-one","labels":["a"],"on":true,"include":["b"],)") !=
      std::string::npos);
  BOOST_TEST(Ask("/api/v1/parse_query?query=sum(").starts_with(kNotPromql));
}

BOOST_AUTO_TEST_CASE(SeriesAndLabels) {
  const Case cases[] = {
      {"/api/v1/series?match%5B%5D=up&match%5B%5D=%7Bjob%3D%22a%22%7D",
       R"(200 {"status":"success","data":[)"
       R"({"__name__":"requests_total","job":"a","x.y":"z"},)"
       R"({"__name__":"up","job":"a"},{"__name__":"up","job":"b"}]})"},
      {"/api/v1/series?match%5B%5D=up&start=1000&end=2000&limit=1",
       R"(200 {"status":"success","data":[{"__name__":"up","job":"a"}],)"
       R"("warnings":["results truncated due to limit"]})"},
      {"/api/v1/series?match%5B%5D=up&start=3000", R"(200 {"status":"success","data":[]})"},
      {"/api/v1/series",
       R"(400 {"status":"error","errorType":"bad_data","error":"no match[] parameter provided"})"},
      {"/api/v1/series?match%5B%5D=%7B%7D",
       R"(400 {"status":"error","errorType":"bad_data","error":"invalid parameter \"match[]\": )"
       R"(match[] must contain at least one non-empty matcher"})"},
      {"/api/v1/labels", R"(200 {"status":"success","data":["__name__","job","x.y"]})"},
      {"/api/v1/labels?match%5B%5D=up", R"(200 {"status":"success","data":["__name__","job"]})"},
      {"/api/v1/label/job/values", R"(200 {"status":"success","data":["a","b"]})"},
      {"/api/v1/label/job/values?match%5B%5D=requests_total",
       R"(200 {"status":"success","data":["a"]})"},
      {"/api/v1/label/job/values?start=3000", R"(200 {"status":"success","data":[]})"},
      {"/api/v1/label/U__x_2e_y/values", R"(200 {"status":"success","data":["z"]})"},
      {"/api/v1/label/x.y/values", R"(200 {"status":"success","data":["z"]})"},
      {"/api/v1/label/none/values", R"(200 {"status":"success","data":[]})"},
  };
  for (const Case& c : cases) BOOST_TEST_CONTEXT(c.target) BOOST_TEST(Ask(c.target) == c.answer);
}

BOOST_AUTO_TEST_CASE(SelectorsAreLimited) {
  const std::string selector = "&match%5B%5D=up%7Bjob!%3D%22x";
  std::string same;
  std::string different;
  for (std::size_t i = 0; i < Parameters::kMostSelectors; ++i) {
    same += selector + "%22%7D";
    different += selector + std::to_string(i) + "%22%7D";
  }
  const std::string up = R"(200 {"status":"success","data":[)"
                         R"({"__name__":"up","job":"a"},{"__name__":"up","job":"b"}]})";
  BOOST_TEST(Ask("/api/v1/series?" + same + same) == up);
  BOOST_TEST(Ask("/api/v1/series?" + different) == up);
  for (const std::string path : {"series", "labels", "label/job/values"}) {
    BOOST_TEST(Ask("/api/v1/" + path + "?" + different + selector + "%22%7D") ==
               R"(400 {"status":"error","errorType":"bad_data","error":)"
               R"("invalid parameter \"match[]\": more than 100 selectors"})");
  }
}

BOOST_AUTO_TEST_CASE(LabelNamesAreUnescaped) {
  const Case cases[] = {
      {"job", "job"},
      {"U__a_2e_b", "a.b"},
      {"U__a__b", "a_b"},
      {"U__a_1F600_", "a😀"},
      {"U__a_d800_", "U__a_d800_"},
      {"U__a_x_", "U__a_x_"},
      {"U__a_2e", "U__a_2e"},
      {"U__", ""},
  };
  for (const Case& c : cases) BOOST_TEST(UnescapeLabelName(c.target) == c.answer);
}

BOOST_AUTO_TEST_CASE(Status) {
  auto shape = std::make_shared<FamilyShape>();
  shape->name = "x_total";
  shape->type = MetricType::kCounter;
  shape->help = "Xs.";
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->families.push_back({shape, {}});
  own = snapshot;
  BOOST_TEST(Ask("/api/v1/metadata") ==
             R"(200 {"status":"success","data":{"x_total":[{"type":"counter","help":"Xs.",)"
             R"("unit":""}]}})");
  BOOST_TEST(Ask("/api/v1/metadata?metric=y") == R"(200 {"status":"success","data":{}})");
  const Case limits[] = {
      {"limit=-1&limit_per_metric=-1", R"("x_total")"},
      {"limit=1&limit_per_metric=1", R"("x_total")"},
      {"limit_per_metric=0", R"("help")"},
      {"limit=0", R"(200 {"status":"success","data":{}})"},
      {"limit=x", R"(400 {"status":"error","errorType":"bad_data",)"
                  R"("error":"limit must be a number"})"},
      {"limit_per_metric=1.5", R"("error":"limit_per_metric must be a number"})"},
  };
  for (const Case& c : limits) {
    BOOST_TEST_CONTEXT(c.target) {
      const std::string answer = Ask("/api/v1/metadata?" + std::string(c.target));
      BOOST_TEST(answer.find(c.answer) != std::string::npos);
    }
  }
  BOOST_TEST(Ask("/api/v1/status/config") ==
             R"(200 {"status":"success","data":{"yaml":"a: <secret>\n"}})");
  BOOST_TEST(
      Ask("/api/v1/status/flags") ==
      R"(200 {"status":"success","data":{"storage.max_series":"1000","promql.timeout":"2m"}})");
  BOOST_TEST(Ask("/api/v1/status/buildinfo")
                 .starts_with(R"(200 {"status":"success","data":{"version":")"));
  BOOST_TEST(Ask("/api/v1/status/runtimeinfo").find(R"("storageRetention":"6h")") !=
             std::string::npos);
  BOOST_TEST(Ask("/api/v1/status/runtimeinfo").find(R"("corruptionCount":3,)") !=
             std::string::npos);
  const std::string tsdb = Ask("/api/v1/status/tsdb?limit=1");
  BOOST_TEST(tsdb.find(R"("headStats":{"numSeries":3,"numLabelPairs":5,)") != std::string::npos);
  BOOST_TEST(tsdb.find(R"("seriesCountByMetricName":[{"name":"up","value":2}])") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(RefusalsOfTheServerAreWordedAsErrors) {
  for (const Route& route : routes) BOOST_TEST(!!route.refusal);
  const std::pair<int, std::string_view> cases[] = {{400, "bad_data"},
                                                    {405, "bad_data"},
                                                    {413, "bad_data"},
                                                    {500, "internal"},
                                                    {503, "unavailable"}};
  for (const auto& [status, type] : cases) {
    const HttpResponse response = routes.front().refusal(status, "no \"x\"");
    BOOST_TEST(response.status == status);
    BOOST_TEST(response.content_type == "application/json");
    BOOST_TEST(*response.body == R"({"status":"error","errorType":")" + std::string(type) +
                                     R"(","error":"no \"x\""})");
  }
}

BOOST_AUTO_TEST_CASE(PreparedQueriesAreKeptWithinLimits) {
  BOOST_TEST(queries.kept() == 0U);
  Ask("/api/v1/query?query=up");
  Ask("/api/v1/query?query=up");
  BOOST_TEST(queries.kept() == 1U);
  for (std::size_t i = 0; i < Queries::kMostKept + 5; ++i) {
    Ask("/api/v1/query?query=" + std::to_string(i));
  }
  BOOST_TEST(queries.kept() == Queries::kMostKept);
  clock.Advance(Queries::kLongestKept + Duration(1));
  Ask("/api/v1/query?query=1");
  BOOST_TEST(queries.kept() == 1U);
  queries.Configure({});
  BOOST_TEST(queries.kept() == 0U);
}

BOOST_AUTO_TEST_CASE(WhatIsKeptTooLongGoesByItself) {
  Ask("/api/v1/query?query=up");
  clock.Advance(Queries::kLongestKept + Duration(1));
  queries.Expire();
  BOOST_TEST(queries.kept() == 0U);
}

BOOST_AUTO_TEST_CASE(QueriesCanBeCancelled) {
  queries.Cancel();
  BOOST_TEST(Ask("/api/v1/query?query=up").starts_with("499 "));
}

BOOST_AUTO_TEST_CASE(TwoMayAskTheSameAtOnce) {
  auto first = queries.Prepare("up");
  auto second = queries.Prepare("up");
  BOOST_REQUIRE(first.index() == 0U);
  BOOST_REQUIRE(second.index() == 0U);
  BOOST_TEST(&std::get<0>(first).query() != &std::get<0>(second).query());
  queries.Configure({});  // The engine of the leases lives on with them.
  auto& lease = std::get<0>(first);
  BOOST_TEST(!!lease.engine().Instant(lease.query(), 0, {}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::api

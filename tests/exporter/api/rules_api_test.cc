// Rules and alerts as a client sees them.

#include "exporter/api/rules_api.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "exporter/api/page_token.h"
#include "exporter/request_target.h"

namespace tocsin::api {
namespace {

RuleView AlertingRule(std::string name, TextMap labels) {
  Rule rule;
  rule.kind = Rule::Kind::kAlerting;
  rule.name = std::move(name);
  rule.expr = "up  ==  0";
  rule.hold = std::chrono::minutes(1);
  rule.labels = std::move(labels);
  rule.annotations = {{"summary", "{{ $labels.job }} is down"}};
  RuleView view;
  view.rule = std::make_shared<const Rule>(std::move(rule));
  return view;
}

RuleView RecordingRule(std::string name) {
  Rule rule;
  rule.kind = Rule::Kind::kRecording;
  rule.name = std::move(name);
  rule.expr = "sum(up)";
  RuleView view;
  view.rule = std::make_shared<const Rule>(std::move(rule));
  return view;
}

GroupView GroupOf(std::string file, std::string name, std::vector<RuleView> rules) {
  GroupView group;
  group.file = std::move(file);
  group.name = std::move(name);
  group.interval = std::chrono::seconds(15);
  group.rules = std::move(rules);
  return group;
}

ActiveAlert FiringAlert() {
  ActiveAlert alert;
  alert.labels = {{"alertname", "Down"}, {"job", "a"}};
  alert.annotations = {{"summary", "a is down"}};
  alert.state = AlertState::kFiring;
  alert.active_at = 1'500;
  alert.keep_firing_since = 61'000;
  alert.value = 0.25;
  return alert;
}

/// Two files, in the wrong order: b.yml with one group, a.yml with two.
struct Fixture {
  Fixture() {
    RuleView down = AlertingRule("Down", {{"severity", "page"}});
    down.health = RuleHealth::kOk;
    down.state = AlertState::kFiring;
    down.last_evaluation = TimePoint(Duration(90'500));
    down.evaluation_seconds = 0.25;
    down.result_series = 3;
    down.alerts = {FiringAlert()};
    groups.push_back(GroupOf("b.yml", "one", {RecordingRule("job:up:sum")}));
    groups.push_back(GroupOf("a.yml", "two", {AlertingRule("Slow", {})}));
    groups.push_back(GroupOf("a.yml", "one", {down, RecordingRule("all:up:sum")}));
  }

  std::string Ask(std::string_view target) const {
    const auto parsed = ParseRequestTarget(target);
    BOOST_REQUIRE(parsed);
    HttpRequest request;
    request.method = "GET";
    request.path = parsed->path;
    request.query = parsed->query;
    for (const Route& route : routes) {
      if (route.path != request.path) continue;
      const HttpResponse response = route.handle(request);
      return std::to_string(response.status) + " " + *response.body;
    }
    return "no such route";
  }

  /// The files and groups that an answer shows, in order: "a.yml/one; ".
  std::string Shown(std::string_view query) const {
    constexpr std::string_view kName = R"({"name":")";
    constexpr std::string_view kFile = R"(","file":")";
    const std::string answer = Ask("/api/v1/rules" + std::string(query));
    std::string shown;
    for (std::size_t at = answer.find(kFile); at != std::string::npos;
         at = answer.find(kFile, at + 1)) {
      const std::size_t name = answer.rfind(kName, at) + kName.size();
      const std::size_t file = at + kFile.size();
      shown += answer.substr(file, answer.find('"', file) - file) + "/";
      shown += answer.substr(name, at - name) + "; ";
    }
    return shown;
  }

  std::vector<GroupView> groups;
  std::vector<Route> routes =
      RuleRoutes({.groups = [this](bool) { return groups; },
                  .experimental = [] { return false; },
                  .naming =
                      [] {
                        return notify::AlertNaming(nullptr, {{"cluster", "test"}});
                      }});
};

struct Case {
  std::string_view query;
  std::string_view shown;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(rules_api_test, Fixture)

BOOST_AUTO_TEST_CASE(AnAlertingRuleIsShownWithAllThatPrometheusShows) {
  const std::string expected =
      R"(200 {"status":"success","data":{"groups":[{"name":"one","file":"a.yml","rules":[)"
      R"({"state":"firing","name":"Down","query":"up == 0","duration":60,"keepFiringFor":0,)"
      R"("labels":{"severity":"page"},"annotations":{"summary":"{{ $labels.job }} is down"},)"
      R"("alerts":[{"labels":{"alertname":"Down","job":"a"},)"
      R"("fingerprint":"827f1e08e8896938","annotations":{"summary":"a is down"},)"
      R"("state":"firing","activeAt":"1970-01-01T00:00:01.500Z",)"
      R"("keepFiringSince":"1970-01-01T00:01:01.000Z","value":"2.5e-01"}],)"
      R"("health":"ok","evaluationTime":0.25,"resultSeries":3,"lastEvaluation":"1970-01-01T00:01:30.500Z",)"
      R"("type":"alerting"}],"interval":15,"limit":0,"evaluationTime":0,)"
      R"("lastEvaluation":"0001-01-01T00:00:00Z"}]}})";
  BOOST_TEST(Ask("/api/v1/rules?rule_name[]=Down") == expected);
}

BOOST_AUTO_TEST_CASE(ARecordingRuleIsShownWithoutWhatItHasNot) {
  const std::string expected =
      R"(200 {"status":"success","data":{"groups":[{"name":"one","file":"b.yml","rules":[)"
      R"x({"name":"job:up:sum","query":"sum(up)","health":"unknown","evaluationTime":0,)x"
      R"("lastEvaluation":"0001-01-01T00:00:00Z","type":"recording"}],"interval":15,)"
      R"("limit":0,"evaluationTime":0,"lastEvaluation":"0001-01-01T00:00:00Z"}]}})";
  BOOST_TEST(Ask("/api/v1/rules?type=record&file[]=b.yml") == expected);
}

BOOST_AUTO_TEST_CASE(ARuleThatWasNeverEvaluatedIsInNoState) {
  BOOST_TEST(Ask("/api/v1/rules?rule_name[]=Slow").find(R"({"state":"unknown","name":"Slow")") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(AnErrorIsPlacedInTheExpressionAsItIsWritten) {
  RuleView fails = AlertingRule("Fails", {});
  fails.health = RuleHealth::kError;
  fails.last_error = "it cannot be";
  groups = {GroupOf("c.yml", "one", {fails})};
  BOOST_TEST(Ask("/api/v1/rules").find(R"("lastError":"it cannot be","evaluationTime")") !=
             std::string::npos);
  groups[0].rules[0].error_position = promql::Position{4, 8};
  BOOST_TEST(Ask("/api/v1/rules")
                 .find(R"("lastErrorPosition":{"expression":"up  ==  0","line":1,"column":5,)"
                       R"("endLine":1,"endColumn":9})") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(GroupsAreSortedByFileAndNameAndFiltered) {
  const Case cases[] = {
      {"", "a.yml/one; a.yml/two; b.yml/one; "},
      {"?type=alert", "a.yml/one; a.yml/two; "},
      {"?type=RECORD", "a.yml/one; b.yml/one; "},
      {"?rule_group[]=one", "a.yml/one; b.yml/one; "},
      {"?file[]=a.yml&rule_group[]=two", "a.yml/two; "},
      {"?rule_name[]=Slow&rule_name[]=all:up:sum", "a.yml/one; a.yml/two; "},
      {"?match[]={severity=%22page%22}", "a.yml/one; "},
      {"?match[]={severity=%22x%22}&match[]={severity=%22page%22}", "a.yml/one; "},
      {"?match[]={team=%22x%22,severity=%22page%22}", ""},
      {"?file[]=none.yml", ""},
  };
  for (const Case& each : cases) {
    BOOST_TEST_CONTEXT(each.query) {
      BOOST_TEST(Shown(each.query) == each.shown);
    }
  }
}

BOOST_AUTO_TEST_CASE(WithoutAlertsTheListIsEmpty) {
  for (const std::string_view word : {"true", "1", "T"}) {
    const std::string answer = Ask("/api/v1/rules?exclude_alerts=" + std::string(word));
    BOOST_TEST(answer.find(R"("alerts":[])") != std::string::npos);
    BOOST_TEST(answer.find("activeAt") == std::string::npos);
  }
  BOOST_TEST(Ask("/api/v1/rules?exclude_alerts=false").find("activeAt") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(PagesFollowOneAnother) {
  std::string answer = Ask("/api/v1/rules?group_limit=2");
  std::string token = PageToken("b.yml", "one");
  BOOST_TEST(token.size() == 64);
  BOOST_TEST(answer.find(R"("groupNextToken":")" + token) != std::string::npos);
  BOOST_TEST(answer.find("b.yml") == std::string::npos);
  answer = Ask("/api/v1/rules?group_limit=2&group_next_token=" + token);
  BOOST_TEST(answer.find("b.yml") != std::string::npos);
  BOOST_TEST(answer.find("a.yml") == std::string::npos);
  BOOST_TEST(answer.find("groupNextToken") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(WhatIsNotUnderstoodIsRefused) {
  const Case cases[] = {
      {"?type=x", R"(invalid parameter \"type\": not supported value \"x\")"},
      {"?exclude_alerts=maybe", R"(invalid parameter \"exclude_alerts\")"},
      {"?group_limit=0", R"(invalid parameter \"group_limit\")"},
      {"?group_limit=x", R"(invalid parameter \"group_limit\")"},
      {"?group_next_token=x", "in order to paginate over the groups"},
      {"?group_limit=1&group_next_token=x", "were rule groups changed?"},
      {"?match[]=%7B", R"(invalid parameter \"match[]\")"},
  };
  for (const Case& each : cases) {
    BOOST_TEST_CONTEXT(each.query) {
      const std::string answer = Ask("/api/v1/rules" + std::string(each.query));
      BOOST_TEST(answer.starts_with(R"(400 {"status":"error","errorType":"bad_data","error":")"));
      BOOST_TEST(answer.find(each.shown) != std::string::npos, answer);
    }
  }
}

BOOST_AUTO_TEST_CASE(AlertsOfAllRulesStandInOneList) {
  const std::string expected =
      R"(200 {"status":"success","data":{"alerts":[{"labels":{"alertname":"Down","job":"a"},)"
      R"("fingerprint":"827f1e08e8896938","annotations":{"summary":"a is down"},"state":"firing",)"
      R"("activeAt":"1970-01-01T00:00:01.500Z",)"
      R"("keepFiringSince":"1970-01-01T00:01:01.000Z","value":"2.5e-01"}]}})";
  BOOST_TEST(Ask("/api/v1/alerts") == expected);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::api

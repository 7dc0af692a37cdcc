#include "exporter/generate/dashboards.h"

#include <string>
#include <vector>

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include "base/number.h"
#include "exporter/generate/alert_thresholds.h"
#include "exporter/generate/dashboard_spec.h"
#include "exporter/generate/panel_json.h"

namespace tocsin::generate {
namespace {

namespace json = boost::json;

constexpr std::string_view kPack = R"(
groups:
  - name: g
    rules:
      - alert: DagsterLate
        expr: age > 60 unless wanted == 0
        for: 1m
        labels: {severity: warning}
        annotations: {runbook_url: docs/runbooks/dagsterlate.md}
      - alert: DagsterDead
        expr: age > 120
        labels: {severity: critical}
        annotations: {runbook_url: "https://example.org/dagsterdead"}
      - {alert: DagsterOdd, expr: age > 1 or size > 2}
)";

std::string Spec(std::string_view panel, std::string_view more = "") {
  return fmt::format(R"(
uid: board
title: Board
description: What it shows.
packs: [dagster]
{}
rows:
  - title: Row
    panels:
{}
)",
                     more, panel);
}

constexpr std::string_view kPanel = R"(
      - title: Age
        kind: timeseries
        unit: s
        description: How old.
        queries:
          - {expr: age, legend: "{{daemon}}"}
        thresholds:
          - {alert: DagsterDead}
          - {alert: DagsterLate}
)";

Result<std::vector<GeneratedFile>> Generated(std::string_view spec, std::string_view pack = kPack) {
  const std::vector<EmbeddedFile> specs = {{"board.yaml", spec}};
  const std::vector<EmbeddedFile> packs = {{"dagster.yaml", pack}};
  return GenerateDashboards(specs, packs, {});
}

json::value Board(std::string_view spec, std::string_view pack = kPack) {
  const Result<std::vector<GeneratedFile>> files = Generated(spec, pack);
  BOOST_TEST_REQUIRE(static_cast<bool>(files), (files ? "" : files.error().message));
  BOOST_TEST_REQUIRE(files->size() == 1);
  BOOST_TEST(files->front().path == "board.json");
  return json::parse(files->front().text);
}

std::string ErrorOf(std::string_view spec) {
  const Result<std::vector<GeneratedFile>> files = Generated(spec);
  return files ? "no error" : files.error().message;
}

/// "green yellow@60 red@120"
std::string StepsText(const std::vector<ColorStep>& steps) {
  std::string text;
  for (const ColorStep& step : steps) {
    text += (text.empty() ? "" : " ") + step.color;
    if (step.from) text += "@" + FormatNumber(*step.from);
  }
  return text;
}

std::string StepsOf(const json::value& panel) {
  std::string text;
  for (const json::value& step :
       panel.at_pointer("/fieldConfig/defaults/thresholds/steps").as_array()) {
    text += (text.empty() ? "" : " ") + std::string(step.at("color").as_string());
    if (!step.at("value").is_null())
      text += "@" + FormatNumber(step.at("value").to_number<double>());
  }
  return text;
}

BOOST_AUTO_TEST_SUITE(dashboards_test)

BOOST_AUTO_TEST_CASE(ThresholdsAreTheNumbersOfTheAlerts) {
  const json::value panel = Board(Spec(kPanel)).at_pointer("/panels/1");
  BOOST_TEST(StepsOf(panel) == "green yellow@60 red@120");
  BOOST_TEST(panel.at_pointer("/fieldConfig/defaults/custom/thresholdsStyle/mode") == "dashed");
  BOOST_TEST(panel.at("description") ==
             "How old.\n\nAlerts:\n"
             "\n- DagsterDead (critical, above 120): [runbook](https://example.org/dagsterdead)"
             "\n- DagsterLate (warning, above 60 for 1m): `docs/runbooks/dagsterlate.md`");
  BOOST_TEST(panel.at_pointer("/targets/0/expr") == R"(age{job=~"$job",instance=~"$instance"})");
}

BOOST_AUTO_TEST_CASE(AThresholdThatIsChangedInTheAlertMovesTheLine) {
  std::string pack(kPack);
  pack.replace(pack.find("> 60"), 4, "> 45");
  BOOST_TEST(StepsOf(Board(Spec(kPanel), pack).at_pointer("/panels/1")) ==
             "green yellow@45 red@120");
}

BOOST_AUTO_TEST_CASE(AGraphHasRoomForItsThresholdsAndForNothing) {
  const struct {
    std::string more;
    std::string top;
  } rows[] = {
      {"unit: s, thresholds: [{alert: DagsterLate}, {alert: DagsterDead}]", "132"},
      {"unit: short", "1"},
      {"unit: ops", "0.01"},
      {"unit: s", "0.001"},
      {"unit: bytes", "1024"},
      {"unit: short, thresholds: [{value: 1e-9, color: red}]", "1"},
      {"unit: short, thresholds: [{value: 1e+5, color: red}]", "110000"},
      {"unit: percentunit, thresholds: [{value: 0.05, color: red}]", "0.055"},
      {"unit: percentunit, thresholds: [{value: 0.95, color: red}]", "1"},
      {"unit: percentunit, thresholds: [{value: 2, color: red}]", "2.2"},
      {"unit: percentunit, max: 1, thresholds: [{value: 0.5, color: red}]", "none"},
  };
  for (const auto& row : rows) {
    BOOST_TEST_CONTEXT(row.more) {
      const json::value board =
          Board(Spec(fmt::format("      - {{title: Age, kind: timeseries, description: How old., "
                                 "queries: [{{expr: age, legend: a}}], {}}}",
                                 row.more)));
      const json::object& custom =
          board.at_pointer("/panels/1/fieldConfig/defaults/custom").as_object();
      const json::value* top = custom.if_contains("axisSoftMax");
      BOOST_TEST((top == nullptr ? "none" : FormatNumber(top->to_number<double>())) == row.top);
    }
  }
}

BOOST_AUTO_TEST_CASE(TheShippedBoardsDrawTheShippedAlerts) {
  const Result<std::vector<GeneratedFile>> files =
      GenerateDashboards(DashboardSpecs(), RulePacks(), {});
  BOOST_TEST_REQUIRE(static_cast<bool>(files), (files ? "" : files.error().message));
  BOOST_TEST(files->size() == DashboardSpecs().size());
  const Result<AlertCatalogue> alerts = AlertCatalogue::Read(RulePacks());
  BOOST_TEST_REQUIRE(static_cast<bool>(alerts));
  std::size_t drawn = 0;
  for (const EmbeddedFile& file : DashboardSpecs()) {
    const Result<BoardSpec> board = ParseBoardSpec(file.text, std::string(file.name));
    BOOST_TEST_REQUIRE(static_cast<bool>(board));
    for (const RowSpec& row : board->rows) {
      for (const PanelSpec& panel : row.panels) {
        for (const ThresholdSpec& threshold : panel.thresholds) {
          if (!threshold.alert.empty()) ++drawn;
        }
      }
    }
  }
  BOOST_TEST(drawn >= 60U);
}

BOOST_AUTO_TEST_CASE(StepsAreColouredFromBadToGoodAndBack) {
  struct Row {
    std::vector<PanelThreshold> thresholds;
    std::string_view steps;
  };
  const AlertThreshold above_5 = {5, Bad::kAbove, true};
  const AlertThreshold above_0 = {0, Bad::kAbove, true};
  const AlertThreshold from_0 = {0, Bad::kAbove, false};
  const AlertThreshold below_80 = {0.8, Bad::kBelow, true};
  const AlertThreshold below_95 = {0.95, Bad::kBelow, true};
  const AlertThreshold at_0 = {0, Bad::kEqual, false};
  const AlertThreshold at_2 = {2, Bad::kEqual, false};
  const AlertThreshold at_3 = {3, Bad::kEqual, false};
  for (const Row& row : std::vector<Row>{
           {{}, "green"},
           {{{above_5, "red"}}, "green red@5"},
           // Nothing wrong is not red: a step includes its number.
           {{{above_0, "red"}}, "green red@1e-09"},
           {{{from_0, "red"}}, "green red@0"},
           {{{below_95, "yellow"}, {below_80, "red"}}, "red yellow@0.8 green@0.95"},
           {{{below_80, "red"}, {above_5, "blue"}}, "red green@0.8 blue@5"},
           {{{at_0, "red"}}, "green red@0 green@1"},
           {{{at_2, "red"}, {at_3, "yellow"}}, "green red@2 yellow@3 green@4"},
       }) {
    BOOST_TEST_CONTEXT(row.steps) {
      BOOST_TEST(StepsText(ColorSteps(row.thresholds)) == row.steps);
    }
  }
}

BOOST_AUTO_TEST_CASE(TheComplementOfAShareIsDrawn) {
  const std::string panel = R"(
      - {title: Success, kind: stat, unit: percentunit, description: D., queries: [{expr: x}],
         thresholds: [{alert: DagsterFails, complement: true, color: red}]}
)";
  const std::string pack = "groups: [{name: g, rules: [{alert: DagsterFails, expr: x > 0.05}]}]";
  BOOST_TEST(StepsOf(Board(Spec(panel), pack).at_pointer("/panels/1")) == "red green@0.95");
}

/// "0,1 4x4" of each panel.
std::vector<std::string> Places(const json::value& board) {
  std::vector<std::string> places;
  const auto add = [&places](const json::value& panel) {
    const json::value& at = panel.at("gridPos");
    places.push_back(fmt::format("{},{} {}x{}", at.at("x").to_number<int>(),
                                 at.at("y").to_number<int>(), at.at("w").to_number<int>(),
                                 at.at("h").to_number<int>()));
  };
  for (const json::value& panel : board.at("panels").as_array()) {
    add(panel);
    if (panel.at("type") != "row") continue;
    for (const json::value& inner : panel.at("panels").as_array()) add(inner);
  }
  return places;
}

BOOST_AUTO_TEST_CASE(LinesAreFilled) {
  const std::string stat =
      "      - {title: S, kind: stat, unit: s, description: D., queries: [{expr: x}]}\n";
  const std::string graph =
      "      - {title: G, kind: timeseries, unit: s, description: D., queries: [{expr: x, legend: "
      "y}]}\n";
  const std::string spec = Spec(stat + stat + stat + stat + stat + graph + graph + graph +
                                "  - title: Closed\n    collapsed: true\n    panels:\n" + graph +
                                "  - title: Last\n    panels:\n" + stat);
  const std::vector<std::string> expected = {
      "0,0 24x1",  "0,1 5x4",   "5,1 5x4",   "10,1 5x4",  "15,1 5x4",  "20,1 4x4", "0,5 12x8",
      "12,5 12x8", "0,13 24x8", "0,21 24x1", "0,22 24x8", "0,22 24x1", "0,23 24x4"};
  BOOST_TEST(Places(Board(spec)) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(MistakesAreToldWithTheirPlaces) {
  const auto panel = [](std::string_view with) {
    return Spec(
        fmt::format("      - {{title: T, kind: stat, unit: s, description: D., "
                    "queries: [{{expr: x}}], {}}}\n",
                    with));
  };
  struct Row {
    std::string spec;
    std::string_view error;
  };
  for (const Row& row : std::vector<Row>{
           {panel("thresholds: [{alert: DagsterLatte}]"),
            "dashboards/specs/board.yaml:10:93: no alert is called DagsterLatte (did you mean "
            "DagsterLate?)"},
           {panel("thresholds: [{alert: DagsterOdd}]"),
            "dashboards/specs/board.yaml:10:93: DagsterOdd: its value does not come from one "
            "comparison with a number: name the metric"},
           {panel("alerts: [Nope]"), "dashboards/specs/board.yaml:10:9: no alert is called Nope"},
           {panel("thresholds: [{value: 5}]"),
            "dashboards/specs/board.yaml:10:93: a threshold with a value has a color"},
           {panel("thresholds: [{color: red}]"),
            "dashboards/specs/board.yaml:10:93: a threshold has either an alert or a value"},
           {panel("board: other"), "dashboards/specs/board.yaml:10:9: no board has the uid other"},
           {panel("titel: T"),
            "dashboards/specs/board.yaml:10:80: unknown key \"titel\" (did you mean \"title\"?)"},
           {Spec("      - {title: T, kind: start, description: D.}\n"),
            "dashboards/specs/board.yaml:10:26: kind: no kind of panel is called \"start\""},
           {Spec("      - {title: T, kind: stat, unit: s, description: D., queries: [{expr: "
                 "'x('}]}\n"),
            "dashboards/specs/board.yaml:10:75: 1:3: parse error: unclosed left parenthesis"},
           {Spec("      - {title: T, kind: stat, description: D., queries: [{expr: x}]}\n"),
            "dashboards/specs/board.yaml:10:9: a panel has a unit or texts for its values"},
       }) {
    BOOST_TEST_CONTEXT(row.spec) {
      BOOST_TEST(ErrorOf(row.spec) == row.error);
    }
  }
}

BOOST_AUTO_TEST_CASE(AClickLeadsToAnotherBoard) {
  const json::value board =
      Board(Spec("      - {title: T, kind: stat, unit: s, description: D., queries: [{expr: x}], "
                 "board: board}\n"));
  BOOST_TEST(board.at_pointer("/panels/1/fieldConfig/defaults/links/0/url") ==
             "/d/board?${__url_time_range}&${__all_variables}");
}

BOOST_AUTO_TEST_CASE(TwoBoardsHaveTwoUids) {
  const std::string spec = Spec(kPanel);
  const std::vector<EmbeddedFile> specs = {{"a.yaml", spec}, {"b.yaml", spec}};
  const std::vector<EmbeddedFile> packs = {{"dagster.yaml", kPack}};
  const Result<std::vector<GeneratedFile>> files = GenerateDashboards(specs, packs, {});
  BOOST_TEST_REQUIRE(!files);
  BOOST_TEST(files.error().message == "dashboards/specs/b.yaml: another board has the uid board");
}

BOOST_AUTO_TEST_CASE(TheDataSourceMayBeChosenBeforehand) {
  const std::string spec = Spec(kPanel);
  const std::vector<EmbeddedFile> one = {{"board.yaml", spec}};
  const std::vector<EmbeddedFile> packs = {{"dagster.yaml", kPack}};
  const Result<std::vector<GeneratedFile>> files =
      GenerateDashboards(one, packs, {.datasource_uid = "prometheus-1"});
  BOOST_TEST_REQUIRE(static_cast<bool>(files));
  const json::value board = json::parse(files->front().text);
  BOOST_TEST(board.at_pointer("/templating/list/0/current/value") == "prometheus-1");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::generate

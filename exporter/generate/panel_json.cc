#include "exporter/generate/panel_json.h"

#include <algorithm>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/duration.h"
#include "base/number.h"
#include "exporter/generate/panel_options.h"
#include "exporter/generate/panel_query.h"

namespace tocsin::generate {
namespace {

namespace json = boost::json;

/// Above 0, and nothing that is counted or measured is as small.
constexpr double kJustAboveZero = 1e-9;

std::string_view ColorOfSeverity(std::string_view severity) {
  if (severity == "critical") return "red";
  return severity == "info" ? "blue" : "yellow";
}

/// "above 60", as the alert says it.
std::string Condition(const AlertThreshold& threshold) {
  std::string number = FormatNumber(threshold.number);
  switch (threshold.bad) {
    case Bad::kAbove: return (threshold.strict ? "above " : "from ") + number;
    case Bad::kBelow: return (threshold.strict ? "below " : "up to ") + number;
    case Bad::kEqual: return "at " + number;
  }
  return number;
}

/// One line on an alert for a panel's description; `condition` may be empty.
std::string AlertLine(const CataloguedAlert& alert, std::string_view condition) {
  std::string line = fmt::format("- {} ({}", alert.rule.name, alert.Severity());
  if (!condition.empty()) line += fmt::format(", {}", condition);
  if (alert.rule.hold.count() > 0) line += fmt::format(" for {}", FormatDuration(alert.rule.hold));
  if (alert.optional) line += fmt::format("; optional pack {}", alert.pack);
  const std::string_view runbook = alert.Annotation("runbook_url");
  if (runbook.empty()) return line + ")";
  // A path in the repository leads nowhere from a board.
  return line + (runbook.find("://") == std::string_view::npos
                     ? fmt::format("): `{}`", runbook)
                     : fmt::format("): [runbook]({})", runbook));
}

AlertThreshold Complement(AlertThreshold threshold) {
  threshold.number = 1 - threshold.number;
  if (threshold.bad != Bad::kEqual) {
    threshold.bad = threshold.bad == Bad::kAbove ? Bad::kBelow : Bad::kAbove;
  }
  return threshold;
}

json::object StepJson(const ColorStep& step) {
  json::object object = {{"color", step.color}, {"value", nullptr}};
  if (step.from) object["value"] = *step.from;
  return object;
}

json::array Mappings(const std::vector<ValueText>& texts) {
  if (texts.empty()) return {};
  json::object options;
  for (const ValueText& text : texts) {
    json::object result = {{"index", options.size()}, {"text", text.text}};
    if (!text.color.empty()) result["color"] = text.color;
    options[text.value] = std::move(result);
  }
  return {{{"options", std::move(options)}, {"type", "value"}}};
}

json::object ColorMode(const PanelSpec& panel) {
  if (panel.kind == PanelKind::kStat || panel.kind == PanelKind::kStateTimeline) {
    return {{"mode", "thresholds"}};
  }
  return {{"mode", "palette-classic"}};
}

/// Of a table: units and colours of the columns that have any.
json::array Overrides(const PanelSpec& panel, bool colored) {
  json::array overrides;
  if (panel.kind != PanelKind::kTable) return overrides;
  for (const QuerySpec& query : panel.queries) {
    json::array properties = {
        {{"id", "unit"}, {"value", query.unit.empty() ? panel.unit : query.unit}}};
    if (colored && &query == &panel.queries.front()) {  // Thresholds are those of the first.
      properties.push_back({{"id", "color"}, {"value", {{"mode", "thresholds"}}}});
      properties.push_back({{"id", "custom.cellOptions"}, {"value", {{"type", "color-text"}}}});
    }
    overrides.push_back({{"matcher", {{"id", "byName"}, {"options", query.column}}},
                         {"properties", std::move(properties)}});
  }
  return overrides;
}

/// What a click on a value leads to; time and variables go along.
json::object BoardLink(std::string_view uid) {
  return {{"title", "Open the board"},
          {"url", fmt::format("/d/{}?${{__url_time_range}}&${{__all_variables}}", uid)}};
}

/// How far a graph reaches at least. What happens once in five minutes is a third of it.
double LeastTop(std::string_view unit) {
  if (unit == "s") return 0.001;
  if (unit == "ops" || unit == "reqps" || unit == "percentunit") return 0.01;
  return unit == "bytes" ? 1024 : 1;
}

/// Grafana draws a graph that is all zero up to 100, and does not make room for thresholds.
double SoftMax(std::string_view unit, const std::vector<ColorStep>& steps) {
  const double threshold = steps.back().from.value_or(0);
  const double above = ParseNumber(fmt::format("{:.3g}", threshold * 1.1)).value_or(threshold);
  const double top = std::max(above, LeastTop(unit));
  return unit == "percentunit" && threshold <= 1 ? std::min(top, 1.0) : top;
}

json::object FieldConfig(const PanelSpec& panel, const std::vector<ColorStep>& steps) {
  json::array step_list;
  for (const ColorStep& step : steps) step_list.push_back(StepJson(step));
  json::object custom = CustomFieldConfig(panel, steps.size() > 1);
  if (panel.kind == PanelKind::kTimeSeries && !panel.max) {
    custom["axisSoftMax"] = SoftMax(panel.unit, steps);
  }
  json::object defaults = {{"color", ColorMode(panel)},
                           {"custom", std::move(custom)},
                           {"mappings", Mappings(panel.texts)}};
  if (panel.min) defaults["min"] = *panel.min;
  if (panel.max) defaults["max"] = *panel.max;
  if (panel.decimals) defaults["decimals"] = *panel.decimals;
  if (!panel.no_value.empty()) defaults["noValue"] = panel.no_value;
  defaults["thresholds"] = {{"mode", "absolute"}, {"steps", std::move(step_list)}};
  if (!panel.unit.empty()) defaults["unit"] = panel.unit;
  if (!panel.board.empty()) defaults["links"] = json::array{BoardLink(panel.board)};
  return {{"defaults", std::move(defaults)}, {"overrides", Overrides(panel, steps.size() > 1)}};
}

}  // namespace

json::object ChosenDataSource() {
  return {{"type", "prometheus"}, {"uid", "${datasource}"}};
}

std::vector<ColorStep> ColorSteps(std::span<const PanelThreshold> thresholds) {
  std::vector<PanelThreshold> sorted(thresholds.begin(), thresholds.end());
  std::ranges::stable_sort(sorted, {}, [](const PanelThreshold& t) { return t.at.number; });
  // Below the least of the lower limits it is as bad as can be; each limit then takes a colour
  // away.
  std::vector<ColorStep> steps = {{"green", std::nullopt}};
  for (const PanelThreshold& threshold : sorted) {
    if (threshold.at.bad != Bad::kBelow) continue;
    steps.back().color = threshold.color;
    steps.push_back({"green", threshold.at.number});
  }
  for (const PanelThreshold& threshold : sorted) {
    const double number = threshold.at.number;
    if (threshold.at.bad == Bad::kBelow) continue;
    if (threshold.at.bad == Bad::kAbove) {
      const bool at_zero = number == 0 && threshold.at.strict;
      steps.push_back({threshold.color, at_zero ? kJustAboveZero : number});
      continue;
    }
    if (steps.back().from == number) steps.pop_back();  // Where the state before this one ends.
    steps.push_back({threshold.color, number});
    steps.push_back({"green", number + 1});
  }
  return steps;
}

const CataloguedAlert* PanelMaker::FindAlert(std::string_view name, const YamlPlace& place) const {
  const CataloguedAlert* alert = alerts_.Find(name);
  if (alert != nullptr) return alert;
  const std::string_view nearest = alerts_.Nearest(name);
  diagnostics_.Add(place, nearest.empty() ? fmt::format("no alert is called {}", name)
                                          : fmt::format("no alert is called {} (did you mean {}?)",
                                                        name, nearest));
  return nullptr;
}

std::vector<ColorStep> PanelMaker::StepsOf(const PanelSpec& panel) const {
  std::vector<PanelThreshold> thresholds;
  for (const ThresholdSpec& spec : panel.thresholds) {
    if (spec.value) {
      thresholds.push_back(
          {{*spec.value, spec.below ? Bad::kBelow : Bad::kAbove, false}, spec.color});
      continue;
    }
    const CataloguedAlert* alert = FindAlert(spec.alert, spec.place);
    if (alert == nullptr) continue;
    const Result<AlertThreshold> at = ThresholdOf(alert->rule.expr, spec.metric);
    if (!at) {
      diagnostics_.Add(spec.place, fmt::format("{}: {}", spec.alert, at.error().message));
      continue;
    }
    const std::string_view color =
        spec.color.empty() ? ColorOfSeverity(alert->Severity()) : std::string_view(spec.color);
    thresholds.push_back({spec.complement ? Complement(*at) : *at, std::string(color)});
  }
  return ColorSteps(thresholds);
}

std::string PanelMaker::DescriptionOf(const PanelSpec& panel) const {
  std::vector<std::string> lines;
  std::vector<std::string_view> named;
  for (const ThresholdSpec& spec : panel.thresholds) {
    const CataloguedAlert* alert = spec.value ? nullptr : alerts_.Find(spec.alert);
    if (alert == nullptr || std::ranges::find(named, spec.alert) != named.end()) continue;
    named.push_back(spec.alert);
    const Result<AlertThreshold> at = ThresholdOf(alert->rule.expr, spec.metric);
    if (at) lines.push_back(AlertLine(*alert, Condition(spec.complement ? Complement(*at) : *at)));
  }
  for (const std::string& name : panel.alerts) {
    const CataloguedAlert* alert = FindAlert(name, panel.place);
    if (alert != nullptr) lines.push_back(AlertLine(*alert, ""));
  }
  std::string text = panel.description;
  if (!lines.empty()) text += lines.size() == 1 ? "\n\nAlert:\n" : "\n\nAlerts:\n";
  for (const std::string& line : lines) text += "\n" + line;
  return text;
}

json::array PanelMaker::TargetsOf(const PanelSpec& panel) const {
  json::array targets;
  const bool now = panel.kind == PanelKind::kStat || panel.kind == PanelKind::kTable;
  std::string_view format = "time_series";
  if (panel.kind == PanelKind::kTable) format = "table";
  if (panel.kind == PanelKind::kHeatmap) format = "heatmap";
  for (const QuerySpec& query : panel.queries) {
    const Result<std::string> expr = WithVariables(query.expr);
    if (!expr) {
      diagnostics_.Add(query.place, expr.error().message);
      continue;
    }
    targets.push_back({{"datasource", ChosenDataSource()},
                       {"editorMode", "code"},
                       {"expr", *expr},
                       {"format", format},
                       {"instant", now},
                       {"legendFormat", query.legend.empty() ? "__auto" : query.legend},
                       {"range", !now},
                       {"refId", std::string(1, static_cast<char>('A' + targets.size()))}});
  }
  return targets;
}

json::object PanelMaker::Make(const PanelSpec& panel, const GridPlace& place, int id) const {
  json::object object = {
      {"id", id},
      {"type", PanelType(panel.kind)},
      {"title", panel.title},
      {"description", DescriptionOf(panel)},
      {"gridPos", {{"h", place.height}, {"w", place.width}, {"x", place.x}, {"y", place.y}}},
      {"datasource", ChosenDataSource()},
      {"targets", TargetsOf(panel)},
      {"fieldConfig", FieldConfig(panel, StepsOf(panel))},
      {"options", PanelOptions(panel, board_.calcs)}};
  json::array transformations = PanelTransformations(panel);
  if (!transformations.empty()) object["transformations"] = std::move(transformations);
  return object;
}

}  // namespace tocsin::generate

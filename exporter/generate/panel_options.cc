#include "exporter/generate/panel_options.h"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace tocsin::generate {
namespace {

namespace json = boost::json;

json::array Strings(const std::vector<std::string>& strings) {
  json::array array;
  for (const std::string& string : strings) array.emplace_back(string);
  return array;
}

json::object HideFrom() {
  return {{"legend", false}, {"tooltip", false}, {"viz", false}};
}

json::object LinearScale() {
  return {{"type", "linear"}};
}

json::object AxisConfig() {
  return {{"axisBorderShow", false},           {"axisCenteredZero", false},
          {"axisColorMode", "text"},           {"axisLabel", ""},
          {"axisPlacement", "auto"},           {"hideFrom", HideFrom()},
          {"scaleDistribution", LinearScale()}};
}

json::object StatOptions() {
  return {
      {"colorMode", "value"},
      {"graphMode", "none"},
      {"justifyMode", "auto"},
      {"orientation", "auto"},
      {"percentChangeColorMode", "standard"},
      {"reduceOptions", {{"calcs", json::array{"lastNotNull"}}, {"fields", ""}, {"values", false}}},
      {"showPercentChange", false},
      {"textMode", "auto"},
      {"wideLayout", true}};
}

json::object TimeSeriesOptions(const std::vector<std::string>& calcs) {
  return {{"legend",
           {{"calcs", Strings(calcs)},
            {"displayMode", "table"},
            {"placement", "bottom"},
            {"showLegend", true}}},
          {"tooltip", {{"hideZeros", false}, {"mode", "multi"}, {"sort", "desc"}}}};
}

json::object StateTimelineOptions() {
  return {{"alignValue", "left"},
          {"legend",
           {{"calcs", json::array()},
            {"displayMode", "list"},
            {"placement", "bottom"},
            {"showLegend", true}}},
          {"mergeValues", true},
          {"rowHeight", 0.9},
          {"showValue", "auto"},
          {"tooltip", {{"hideZeros", false}, {"mode", "single"}, {"sort", "none"}}}};
}

json::object HeatmapOptions(const PanelSpec& panel) {
  return {{"calculate", false},
          {"cellGap", 1},
          {"color",
           {{"exponent", 0.5},
            {"fill", "dark-orange"},
            {"mode", "scheme"},
            {"reverse", false},
            {"scale", "exponential"},
            {"scheme", "Oranges"},
            {"steps", 64}}},
          {"exemplars", {{"color", "rgba(255,0,255,0.7)"}}},
          {"filterValues", {{"le", 1e-9}}},
          {"legend", {{"show", true}}},
          {"rowsFrame", {{"layout", "auto"}}},
          {"showValue", "never"},
          {"tooltip", {{"mode", "single"}, {"showColorScale", false}, {"yHistogram", true}}},
          {"yAxis", {{"axisPlacement", "left"}, {"reverse", false}, {"unit", panel.unit}}}};
}

json::object TableOptions() {
  return {{"cellHeight", "sm"}, {"frameIndex", 0}, {"showHeader", true}, {"sortBy", json::array()}};
}

json::object GraphFieldConfig(const PanelSpec& panel, bool lines) {
  json::object config = AxisConfig();
  const json::object graph = {
      {"barAlignment", 0},
      {"drawStyle", "line"},
      {"fillOpacity", panel.stack ? 30 : 0},
      {"gradientMode", "none"},
      {"insertNulls", false},
      {"lineInterpolation", "linear"},
      {"lineWidth", 1},
      {"pointSize", 5},
      {"showPoints", "auto"},
      {"spanNulls", false},
      {"stacking", {{"group", "A"}, {"mode", panel.stack ? "normal" : "none"}}},
      {"thresholdsStyle", {{"mode", lines ? "dashed" : "off"}}}};
  for (const auto& member : graph) config.emplace(member.key(), member.value());
  return config;
}

}  // namespace

std::string_view PanelType(PanelKind kind) {
  switch (kind) {
    case PanelKind::kStat: return "stat";
    case PanelKind::kTimeSeries: return "timeseries";
    case PanelKind::kStateTimeline: return "state-timeline";
    case PanelKind::kHeatmap: return "heatmap";
    case PanelKind::kTable: return "table";
  }
  return "";
}

json::object PanelOptions(const PanelSpec& panel, const std::vector<std::string>& calcs) {
  switch (panel.kind) {
    case PanelKind::kStat: return StatOptions();
    case PanelKind::kTimeSeries: return TimeSeriesOptions(calcs);
    case PanelKind::kStateTimeline: return StateTimelineOptions();
    case PanelKind::kHeatmap: return HeatmapOptions(panel);
    case PanelKind::kTable: return TableOptions();
  }
  return {};
}

json::object CustomFieldConfig(const PanelSpec& panel, bool lines) {
  switch (panel.kind) {
    case PanelKind::kStat: return {};
    case PanelKind::kTimeSeries: return GraphFieldConfig(panel, lines);
    case PanelKind::kStateTimeline: {
      json::object config = AxisConfig();
      config["fillOpacity"] = 70;
      config["lineWidth"] = 0;
      config.erase("scaleDistribution");
      return config;
    }
    case PanelKind::kHeatmap:
      return {{"hideFrom", HideFrom()}, {"scaleDistribution", LinearScale()}};
    case PanelKind::kTable:
      return {{"align", "auto"}, {"cellOptions", {{"type", "auto"}}}, {"inspect", false}};
  }
  return {};
}

json::array PanelTransformations(const PanelSpec& panel) {
  if (panel.kind != PanelKind::kTable) return {};
  json::array transformations;
  if (panel.queries.size() > 1) {
    transformations.push_back({{"id", "merge"}, {"options", json::object()}});
  }
  json::object hidden = {{"Time", true}};
  json::object order;
  json::object titles;
  for (const auto& [label, title] : panel.columns) {
    order[label] = order.size();
    titles[label] = title;
  }
  for (std::size_t i = 0; i < panel.queries.size(); ++i) {
    // What Grafana calls the values of one query, and of several.
    const std::string field =
        panel.queries.size() == 1 ? "Value" : fmt::format("Value #{}", static_cast<char>('A' + i));
    order[field] = order.size();
    titles[field] = panel.queries[i].column;
  }
  transformations.push_back({{"id", "organize"},
                             {"options",
                              {{"excludeByName", std::move(hidden)},
                               {"indexByName", std::move(order)},
                               {"renameByName", std::move(titles)}}}});
  return transformations;
}

}  // namespace tocsin::generate

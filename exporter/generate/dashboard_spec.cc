#include "exporter/generate/dashboard_spec.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/number.h"

namespace tocsin::generate {
namespace {

struct KindRow {
  std::string_view name;
  PanelKind kind;
  int width;
  int height;
};
constexpr std::array kKinds = {
    KindRow{"stat", PanelKind::kStat, 4, 4},
    KindRow{"timeseries", PanelKind::kTimeSeries, 12, 8},
    KindRow{"state-timeline", PanelKind::kStateTimeline, 12, 8},
    KindRow{"heatmap", PanelKind::kHeatmap, 12, 8},
    KindRow{"table", PanelKind::kTable, 24, 8},
};

constexpr std::array<std::string_view, 5> kColors = {"green", "yellow", "orange", "red", "blue"};

bool IsColor(std::string_view word) {
  return std::ranges::find(kColors, word) != kColors.end();
}

std::optional<double> NumberOf(YamlMap& map, std::string_view key) {
  const YamlNode* node = map.Node(key);
  if (node == nullptr) return std::nullopt;
  const std::optional<double> number = ParseNumber(node->text);
  if (node->kind != YamlNode::Kind::kScalar || !number) map.Refuse(key, "expected a number");
  return number;
}

std::string ColorOf(YamlMap& map) {
  std::string color = map.StringOr("color", "");
  if (!color.empty() && !IsColor(color)) {
    map.Refuse("color", fmt::format("no colour is called \"{}\"", color));
  }
  return color;
}

ThresholdSpec ParseThreshold(const YamlNode& node, Diagnostics& diagnostics) {
  YamlMap map(node, diagnostics);
  ThresholdSpec threshold{.alert = map.StringOr("alert", ""),
                          .metric = map.StringOr("metric", ""),
                          .value = NumberOf(map, "value"),
                          .below = map.BoolOr("below", false),
                          .complement = map.BoolOr("complement", false),
                          .color = ColorOf(map),
                          .place = node.place};
  if (threshold.alert.empty() == !threshold.value.has_value()) {
    diagnostics.Add(node.place, "a threshold has either an alert or a value");
  }
  if (threshold.value && threshold.color.empty()) {
    diagnostics.Add(node.place, "a threshold with a value has a color");
  }
  if (threshold.value && (threshold.complement || !threshold.metric.empty())) {
    diagnostics.Add(node.place, "complement and metric belong to a threshold with an alert");
  }
  if (!threshold.alert.empty() && threshold.below) {
    diagnostics.Add(node.place, "below belongs to a threshold with a value: an alert says it");
  }
  return threshold;
}

QuerySpec ParseQuery(const YamlNode& node, Diagnostics& diagnostics) {
  YamlMap map(node, diagnostics);
  return {.expr = map.RequiredString("expr"),
          .legend = map.StringOr("legend", ""),
          .column = map.StringOr("column", ""),
          .unit = map.StringOr("unit", ""),
          .place = map.PlaceOf("expr")};
}

/// "half open yellow": the text and, if the last word is one, the colour.
ValueText ParseValueText(std::string_view value, std::string_view words) {
  const std::size_t space = words.rfind(' ');
  if (space != std::string_view::npos && IsColor(words.substr(space + 1))) {
    return {std::string(value), std::string(words.substr(0, space)),
            std::string(words.substr(space + 1))};
  }
  return {std::string(value), std::string(words), ""};
}

/// Whether it is one.
bool ParseKind(YamlMap& map, PanelSpec& panel) {
  const std::string name = map.RequiredString("kind");
  for (const KindRow& row : kKinds) {
    if (row.name != name) continue;
    panel.kind = row.kind;
    panel.width = static_cast<int>(map.IntegerOr("width", row.width, 1, 24));
    panel.height = static_cast<int>(map.IntegerOr("height", row.height, 2, 30));
    return true;
  }
  map.IgnoreOthers();
  if (!name.empty()) map.Refuse("kind", fmt::format("no kind of panel is called \"{}\"", name));
  return false;
}

void CheckPanel(const PanelSpec& panel, Diagnostics& diagnostics) {
  if (panel.queries.empty()) diagnostics.Add(panel.place, "a panel has queries");
  if (panel.unit.empty() && panel.texts.empty()) {
    diagnostics.Add(panel.place, "a panel has a unit or texts for its values");
  }
  for (const QuerySpec& query : panel.queries) {
    const bool table = panel.kind == PanelKind::kTable;
    if (table && query.column.empty()) {
      diagnostics.Add(query.place, "a query of a table names its column");
    }
    if (!table && (!query.column.empty() || !query.unit.empty())) {
      diagnostics.Add(query.place, "column and unit of a query belong to tables");
    }
    if (panel.kind == PanelKind::kTimeSeries && query.legend.empty()) {
      diagnostics.Add(query.place, "a query of a graph has a legend");
    }
  }
  if (panel.kind != PanelKind::kTable && !panel.columns.empty()) {
    diagnostics.Add(panel.place, "columns belong to tables");
  }
}

PanelSpec ParsePanel(const YamlNode& node, Diagnostics& diagnostics) {
  YamlMap map(node, diagnostics);
  PanelSpec panel;
  panel.place = node.place;
  panel.title = map.RequiredString("title");
  if (!ParseKind(map, panel)) return panel;
  panel.description = map.RequiredString("description");
  panel.unit = map.StringOr("unit", "");
  panel.min = NumberOf(map, "min");
  panel.max = NumberOf(map, "max");
  if (map.Has("decimals")) {
    panel.decimals = static_cast<int>(map.IntegerOr("decimals", 0, 0, 9));
  }
  panel.stack = map.BoolOr("stack", false);
  panel.no_value = map.StringOr("no_value", "");
  panel.board = map.StringOr("board", "");
  for (const auto& [value, words] : map.StringMap("texts")) {
    panel.texts.push_back(ParseValueText(value, words));
  }
  for (const YamlNode& query : map.List("queries")) {
    panel.queries.push_back(ParseQuery(query, diagnostics));
  }
  for (const YamlNode& threshold : map.List("thresholds")) {
    panel.thresholds.push_back(ParseThreshold(threshold, diagnostics));
  }
  panel.alerts = map.StringsOr("alerts", {});
  panel.columns = map.StringMap("columns");
  CheckPanel(panel, diagnostics);
  return panel;
}

RowSpec ParseRow(const YamlNode& node, Diagnostics& diagnostics) {
  YamlMap map(node, diagnostics);
  RowSpec row{map.RequiredString("title"), map.BoolOr("collapsed", false), {}};
  for (const YamlNode& panel : map.List("panels")) {
    row.panels.push_back(ParsePanel(panel, diagnostics));
  }
  if (row.panels.empty()) diagnostics.Add(node.place, "a row has panels");
  return row;
}

VariableSpec ParseVariable(const YamlNode& node, Diagnostics& diagnostics) {
  YamlMap map(node, diagnostics);
  return {map.RequiredString("name"), map.RequiredString("label"), map.RequiredString("query"),
          node.place};
}

/// Grafana's limit on what stands in addresses.
bool IsUid(std::string_view uid) {
  return !uid.empty() && uid.size() <= 40 && std::ranges::all_of(uid, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

}  // namespace

Result<BoardSpec> ParseBoardSpec(std::string_view text, const std::string& file) {
  Diagnostics diagnostics(file);
  BoardSpec board;
  board.file = file;
  if (const std::optional<YamlNode> root = ParseYaml(text, diagnostics)) {
    YamlMap map(*root, diagnostics);
    board.uid = map.RequiredString("uid");
    if (!board.uid.empty() && !IsUid(board.uid)) {
      map.Refuse("uid", "a uid has at most 40 of the characters a-z A-Z 0-9 - _");
    }
    board.title = map.RequiredString("title");
    board.description = map.RequiredString("description");
    board.refresh = map.StringOr("refresh", "30s");
    board.tags = map.StringsOr("tags", {});
    board.packs = map.StringsOr("packs", {});
    board.calcs = map.StringsOr("calcs", {"lastNotNull", "max"});
    for (const YamlNode& variable : map.List("variables")) {
      board.variables.push_back(ParseVariable(variable, diagnostics));
    }
    for (const YamlNode& row : map.List("rows")) {
      board.rows.push_back(ParseRow(row, diagnostics));
    }
    if (board.rows.empty()) diagnostics.Add(root->place, "a board has rows");
  }
  if (!diagnostics.empty()) return Error{ErrorCode::kInvalidInput, diagnostics.Text()};
  return board;
}

}  // namespace tocsin::generate

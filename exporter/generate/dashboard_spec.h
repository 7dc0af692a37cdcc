// The panel specifications of dashboards/specs/*.yaml. docs/dashboards.md tells how to write one.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/yaml.h"

namespace tocsin::generate {

enum class PanelKind { kStat, kTimeSeries, kStateTimeline, kHeatmap, kTable };

/// A number at which a panel changes its colour.
struct ThresholdSpec {
  std::string alert;            ///< Whose number it is; empty: `value` is written in the panel.
  std::string metric;           ///< Which comparison of the alert, by a metric that it compares.
  std::optional<double> value;  ///< Set if there is no alert.
  bool below = false;           ///< With `value`: what is below it is bad.
  bool complement = false;      ///< The panel shows 1 minus what the alert looks at.
  std::string color;            ///< Empty: by the alert's severity.
  YamlPlace place;
};

struct QuerySpec {
  std::string expr;  ///< Without the matchers for $job and $instance.
  std::string legend;
  std::string column;  ///< Tables: what the column of values is called.
  std::string unit;    ///< Tables: of that column, if not the panel's.
  YamlPlace place;
};

/// What to show in place of a value.
struct ValueText {
  std::string value;
  std::string text;
  std::string color;
};

struct PanelSpec {
  PanelKind kind = PanelKind::kTimeSeries;
  std::string title;
  std::string description;
  std::string unit;  ///< Of Grafana: "s", "bytes", "percentunit".
  std::optional<double> min;
  std::optional<double> max;
  std::optional<int> decimals;
  int width = 0;  ///< Of 24 columns. A line that is not full is stretched.
  int height = 0;
  bool stack = false;
  std::string no_value;
  std::string board;  ///< The uid of a board that a click leads to.
  std::vector<ValueText> texts;
  std::vector<QuerySpec> queries;
  std::vector<ThresholdSpec> thresholds;
  std::vector<std::string> alerts;  ///< To be named in the description, without a line.
  std::vector<std::pair<std::string, std::string>> columns;  ///< Tables: label, title.
  YamlPlace place;
};

struct RowSpec {
  std::string title;
  bool collapsed = false;
  std::vector<PanelSpec> panels;
};

struct VariableSpec {
  std::string name;
  std::string label;
  std::string query;
  YamlPlace place;
};

struct BoardSpec {
  std::string file;  ///< For messages.
  std::string uid;
  std::string title;
  std::string description;
  std::string refresh;
  std::vector<std::string> tags;
  std::vector<std::string> packs;  ///< Whose alerts are marked on the graphs.
  std::vector<std::string> calcs;  ///< What legends tell: "mean", "max", "p95".
  std::vector<VariableSpec> variables;
  std::vector<RowSpec> rows;
};

/// Fails with every mistake, as "file:line:column: message" lines.
Result<BoardSpec> ParseBoardSpec(std::string_view text, const std::string& file);

}  // namespace tocsin::generate

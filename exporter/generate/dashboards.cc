#include "exporter/generate/dashboards.h"

#include <algorithm>
#include <set>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "exporter/generate/panel_json.h"
#include "exporter/generate/pretty_json.h"

namespace tocsin::generate {
namespace {

namespace json = boost::json;

constexpr int kColumns = 24;
constexpr int kSchemaVersion = 42;

/// Puts panels side by side until a line is full. A line has panels of one height, and is
/// stretched to all columns.
class Layout {
 public:
  explicit Layout(int y) : y_(y) {}

  std::vector<GridPlace> Place(const std::vector<PanelSpec>& panels) {
    std::vector<GridPlace> places;
    std::size_t line = 0;  // Where the line begins.
    int x = 0;
    for (const PanelSpec& panel : panels) {
      const bool other_height = line < places.size() && places[line].height != panel.height;
      if (x + panel.width > kColumns || other_height) {
        EndLine(places, line, x);
        line = places.size();
        x = 0;
      }
      places.push_back({x, y_, panel.width, panel.height});
      x += panel.width;
    }
    EndLine(places, line, x);
    return places;
  }

  int y() const { return y_; }

 private:
  void EndLine(std::vector<GridPlace>& places, std::size_t line, int used) {
    const int count = static_cast<int>(places.size() - line);
    if (count == 0) return;
    const int spare = kColumns - used;
    int moved = 0;
    for (int i = 0; i < count; ++i) {
      GridPlace& place = places[line + static_cast<std::size_t>(i)];
      const int more = spare / count + (i < spare % count ? 1 : 0);
      place.x += moved;
      place.width += more;
      moved += more;
    }
    y_ += places[line].height;
  }

  int y_;
};

json::object QueryVariable(std::string_view name, std::string_view label, std::string_view query,
                           std::string_view all) {
  return {{"allValue", all},
          {"current", {{"selected", true}, {"text", "All"}, {"value", "$__all"}}},
          {"datasource", ChosenDataSource()},
          {"hide", 0},
          {"includeAll", true},
          {"label", label},
          {"multi", true},
          {"name", name},
          {"options", json::array()},
          {"query", query},
          {"refresh", 2},
          {"regex", ""},
          {"skipUrlSync", false},
          {"sort", 1},
          {"type", "query"}};
}

json::array Variables(const BoardSpec& board, const DashboardOptions& options) {
  // Grafana knows "default" as the name of the default one.
  const std::string_view source =
      options.datasource_uid.empty() ? "default" : std::string_view(options.datasource_uid);
  json::object current = {{"selected", true}, {"text", source}, {"value", source}};
  json::array variables = {{{"current", std::move(current)},
                            {"hide", 0},
                            {"includeAll", false},
                            {"label", "Data source"},
                            {"multi", false},
                            {"name", "datasource"},
                            {"options", json::array()},
                            {"query", "prometheus"},
                            {"refresh", 1},
                            {"regex", ""},
                            {"skipUrlSync", false},
                            {"type", "datasource"}}};
  // Every series has a job and an instance; other labels may be missing, and All means these too.
  variables.push_back(QueryVariable("job", "Job", "label_values(tocsin_build_info, job)", ".+"));
  variables.push_back(QueryVariable(
      "instance", "Instance", R"(label_values(tocsin_build_info{job=~"$job"}, instance))", ".+"));
  for (const VariableSpec& variable : board.variables) {
    variables.push_back(QueryVariable(variable.name, variable.label, variable.query, ".*"));
  }
  return variables;
}

json::object Annotation(std::string_view name, std::string_view color, std::string_view expr) {
  return {{"datasource", ChosenDataSource()},
          {"enable", true},
          {"expr", expr},
          {"hide", false},
          {"iconColor", color},
          {"name", name}};
}

json::array Annotations(const BoardSpec& board, const AlertCatalogue& alerts) {
  std::vector<std::string_view> names;
  for (const std::string& pack : board.packs) {
    for (const std::string_view name : alerts.NamesOf(pack)) names.push_back(name);
  }
  const std::string which =
      names.empty() ? "" : fmt::format("alertname=~\"{}\",", fmt::join(names, "|"));
  json::object firing =
      Annotation("Alerts that fire", "red",
                 fmt::format(R"(ALERTS{{{}alertstate="firing",severity!="none",job=~"$job",)"
                             R"(instance=~"$instance"}})",
                             which));
  firing["tagKeys"] = "severity,name";
  firing["titleFormat"] = "{{alertname}}";
  json::object reload = Annotation(
      "Configuration loaded", "blue",
      R"(tocsin_config_last_reload_success_timestamp_seconds{job=~"$job",instance=~"$instance"})"
      " * 1000");
  reload["titleFormat"] = "tocsin loaded its configuration";
  reload["useValueForTime"] = "on";
  return {{{"builtIn", 1},
           {"datasource", {{"type", "grafana"}, {"uid", "-- Grafana --"}}},
           {"enable", true},
           {"hide", true},
           {"iconColor", "rgba(0, 211, 255, 1)"},
           {"name", "Annotations & Alerts"},
           {"type", "dashboard"}},
          std::move(firing),
          std::move(reload)};
}

json::array Links() {
  return {{{"asDropdown", true},
           {"icon", "external link"},
           {"includeVars", true},
           {"keepTime", true},
           {"tags", json::array{"tocsin"}},
           {"targetBlank", false},
           {"title", "Boards of tocsin"},
           {"tooltip", ""},
           {"type", "dashboards"},
           {"url", ""}}};
}

json::array Panels(const BoardSpec& board, const PanelMaker& maker) {
  json::array panels;
  int id = 0;
  int y = 0;
  for (const RowSpec& row : board.rows) {
    json::object object = {{"id", ++id},
                           {"type", "row"},
                           {"title", row.title},
                           {"collapsed", row.collapsed},
                           {"gridPos", {{"h", 1}, {"w", kColumns}, {"x", 0}, {"y", y}}},
                           {"panels", json::array()}};
    Layout layout(++y);
    const std::vector<GridPlace> places = layout.Place(row.panels);
    json::array made;
    for (std::size_t i = 0; i < row.panels.size(); ++i) {
      made.push_back(maker.Make(row.panels[i], places[i], ++id));
    }
    if (row.collapsed) {  // Its panels are in it, and it takes no more room than its title.
      object["panels"] = std::move(made);
      panels.push_back(std::move(object));
      continue;
    }
    panels.push_back(std::move(object));
    for (json::value& panel : made) panels.push_back(std::move(panel));
    y = layout.y();
  }
  return panels;
}

json::object Board(const BoardSpec& board, const AlertCatalogue& alerts,
                   const DashboardOptions& options, Diagnostics& diagnostics) {
  json::array tags = {"tocsin"};
  for (const std::string& tag : board.tags) tags.emplace_back(tag);
  for (const std::string& pack : board.packs) {
    if (alerts.NamesOf(pack).empty()) {
      diagnostics.Add({}, fmt::format("no rule pack is called {}", pack));
    }
  }
  return {{"uid", board.uid},
          {"title", board.title},
          {"description", board.description},
          {"tags", std::move(tags)},
          {"schemaVersion", kSchemaVersion},
          {"editable", false},
          {"graphTooltip", 1},
          {"timezone", "browser"},
          {"refresh", board.refresh},
          {"time", {{"from", "now-1h"}, {"to", "now"}}},
          {"timepicker", json::object()},
          {"fiscalYearStartMonth", 0},
          {"weekStart", ""},
          {"liveNow", false},
          {"links", Links()},
          {"annotations", {{"list", Annotations(board, alerts)}}},
          {"templating", {{"list", Variables(board, options)}}},
          {"panels", Panels(board, PanelMaker(board, alerts, diagnostics))}};
}

/// A specification that others link to must be there; two must not share a uid.
void CheckUids(const std::vector<BoardSpec>& boards, std::string& mistakes) {
  std::set<std::string, std::less<>> uids;
  for (const BoardSpec& board : boards) {
    if (!uids.insert(board.uid).second) {
      mistakes += fmt::format("{}: another board has the uid {}\n", board.file, board.uid);
    }
  }
  for (const BoardSpec& board : boards) {
    Diagnostics diagnostics(board.file);
    for (const RowSpec& row : board.rows) {
      for (const PanelSpec& panel : row.panels) {
        if (panel.board.empty() || uids.contains(panel.board)) continue;
        diagnostics.Add(panel.place, fmt::format("no board has the uid {}", panel.board));
      }
    }
    if (!diagnostics.empty()) mistakes += diagnostics.Text() + "\n";
  }
}

std::string JsonName(std::string_view spec) {
  return std::string(spec.substr(0, spec.rfind('.'))) + ".json";
}

}  // namespace

Result<std::vector<GeneratedFile>> GenerateDashboards(std::span<const EmbeddedFile> specs,
                                                      std::span<const EmbeddedFile> packs,
                                                      const DashboardOptions& options) {
  const Result<AlertCatalogue> alerts = AlertCatalogue::Read(packs);
  if (!alerts) return alerts.error();
  std::vector<BoardSpec> boards;
  std::vector<GeneratedFile> files;
  std::string mistakes;
  for (const EmbeddedFile& spec : specs) {
    const std::string file = fmt::format("dashboards/specs/{}", spec.name);
    Result<BoardSpec> board = ParseBoardSpec(spec.text, file);
    if (!board) {
      mistakes += board.error().message + "\n";
      continue;
    }
    Diagnostics diagnostics(file);
    files.push_back(
        {JsonName(spec.name), PrettyJson(Board(*board, *alerts, options, diagnostics))});
    if (!diagnostics.empty()) mistakes += diagnostics.Text() + "\n";
    boards.push_back(std::move(*board));
  }
  CheckUids(boards, mistakes);
  if (mistakes.empty()) return files;
  mistakes.pop_back();  // The last newline.
  return Error{ErrorCode::kInvalidInput, mistakes};
}

}  // namespace tocsin::generate

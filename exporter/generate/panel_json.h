// Panels as Grafana's JSON.

#pragma once

#include <span>
#include <string>
#include <vector>

#include <boost/json/fwd.hpp>

#include "base/yaml.h"
#include "exporter/generate/alert_thresholds.h"
#include "exporter/generate/dashboard_spec.h"

namespace tocsin::generate {

/// Where a panel is on a board of 24 columns.
struct GridPlace {
  int x = 0;
  int y = 0;
  int width = 0;
  int height = 0;
};

/// A colour and the least value that has it; without a number, the smallest values.
struct ColorStep {
  std::string color;
  std::optional<double> from;

  friend bool operator==(const ColorStep&, const ColorStep&) = default;
};

struct PanelThreshold {
  AlertThreshold at;
  std::string color;
};
/// Green where no threshold is passed. A step includes its number, so that a strict comparison with
/// 0 begins just above it: nothing wrong must not be red. Of an alert on equality, the step ends
/// with the next whole number.
std::vector<ColorStep> ColorSteps(std::span<const PanelThreshold> thresholds);

/// Makes the panels of one board. Mistakes are added to `diagnostics`, with the places of the
/// specification. All arguments must stay.
class PanelMaker {
 public:
  PanelMaker(const BoardSpec& board, const AlertCatalogue& alerts, Diagnostics& diagnostics)
      : board_(board), alerts_(alerts), diagnostics_(diagnostics) {}

  boost::json::object Make(const PanelSpec& panel, const GridPlace& place, int id) const;

 private:
  const CataloguedAlert* FindAlert(std::string_view name, const YamlPlace& place) const;
  std::vector<ColorStep> StepsOf(const PanelSpec& panel) const;
  std::string DescriptionOf(const PanelSpec& panel) const;
  boost::json::array TargetsOf(const PanelSpec& panel) const;

  const BoardSpec& board_;
  const AlertCatalogue& alerts_;
  Diagnostics& diagnostics_;
};

/// The data source that the board's reader has chosen.
boost::json::object ChosenDataSource();

}  // namespace tocsin::generate

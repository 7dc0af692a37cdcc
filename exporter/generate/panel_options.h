// What the kinds of panels have of their own: `options` and `fieldConfig.defaults.custom`.
// Source: the types of npm's @grafana/schema, raw/composable/*/panelcfg.

#pragma once

#include <string>
#include <vector>

#include <boost/json/fwd.hpp>

#include "exporter/generate/dashboard_spec.h"

namespace tocsin::generate {

/// The name of the kind in Grafana's JSON.
std::string_view PanelType(PanelKind kind);

/// Complete: nothing is left to defaults, which differ between versions of Grafana. `calcs` are the
/// figures in the legend.
boost::json::object PanelOptions(const PanelSpec& panel, const std::vector<std::string>& calcs);

/// `lines`: whether the panel has thresholds to draw.
boost::json::object CustomFieldConfig(const PanelSpec& panel, bool lines);

/// What turns the answers of a table's queries into columns with titles; empty for other kinds.
boost::json::array PanelTransformations(const PanelSpec& panel);

}  // namespace tocsin::generate

// The addresses that tocsin answers.

#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "exporter/http_message.h"
#include "exporter/metrics_page.h"
#include "rules/active_alert.h"

namespace tocsin {

/// What the routes show. What it refers to, and what its functions use, outlives the server.
struct RouteSources {
  MetricsPage& page;
  const Clock& clock;
  std::function<MetricsPage::Views()> views;
  /// The alerts of rules that fire.
  std::function<std::vector<ActiveAlert>()> firing;
  /// Empty when tocsin is ready; otherwise why it is not, in words for the operator.
  std::function<std::string()> not_ready;
  std::string version;
  /// Whether the data is the quickstart's: the landing page says so loudly.
  bool demo = false;
};

/// The routes that only read: /metrics, health and readiness, the page without scripts,
/// /api/v1/targets.
std::vector<Route> MakeRoutes(RouteSources sources);

}  // namespace tocsin

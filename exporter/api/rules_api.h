// Rules and alerts, as Prometheus' API shows them.

#pragma once

#include <functional>
#include <vector>

#include "exporter/http_message.h"
#include "notify/alert_naming.h"
#include "rules/group.h"

namespace tocsin::api {

/// What the routes show. Its functions are called from any thread.
struct RuleSources {
  /// The groups in force, in any order.
  std::function<std::vector<GroupView>(bool with_alerts)> groups;
  /// `promql.experimental`: which expressions are known.
  std::function<bool()> experimental;
  /// What alerts are called outside the rules.
  std::function<notify::AlertNaming()> naming;
};

/// /api/v1/rules and /api/v1/alerts. Source: Prometheus' documentation, "HTTP API", "Rules" and
/// "Alerts".
std::vector<Route> RuleRoutes(const RuleSources& sources);

}  // namespace tocsin::api

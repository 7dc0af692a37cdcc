// Alertmanager's HTTP API, so that amtool and whatever else speaks to an Alertmanager can speak to
// tocsin.

#pragma once

#include <vector>

#include "base/clock.h"
#include "exporter/http_message.h"
#include "exporter/notifier_access.h"

namespace tocsin::api {

/// The addresses below /api/v2: `alerts`, `alerts/groups`, `silences`, `silence/ID`, `status` and
/// `receivers`, with the fields and the status codes of Alertmanager. What is POSTed must be
/// application/json, and not from a foreign web page. `clock` outlives the server.
/// Source: Alertmanager 0.28, api/v2/openapi.yaml and api/v2/api.go.
std::vector<Route> AlertmanagerRoutes(NotifierAccess notifier, const Clock& clock,
                                      TimePoint started_at);

}  // namespace tocsin::api

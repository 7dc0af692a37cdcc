// Alerts in the form that Alertmanager takes.

#pragma once

#include <span>
#include <string>

#include "notify/alert_queue.h"

namespace tocsin::notify {

/// The body of a POST to /api/v2/alerts: a JSON array. What is empty is left out: annotations,
/// the generator's URL, times that are not set (the Unix epoch).
/// Source: Alertmanager 0.34, api/v2/openapi.yaml, "postableAlerts".
std::string AlertsJson(std::span<const OutgoingAlert> alerts);

}  // namespace tocsin::notify

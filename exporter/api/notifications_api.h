// The history of notifications.

#pragma once

#include <vector>

#include "exporter/http_message.h"
#include "exporter/notifier_access.h"

namespace tocsin::api {

/// /api/v1/tocsin/notifications: what was sent and what each receiver answered, newest first, with
/// the parameters `start`, `end`, `receiver`, `alert` (a fingerprint), `limit` (100) and `before`,
/// for the next page; and /api/v1/tocsin/dead-letters: what was given up, newest first, with
/// `limit`. docs/http-api.md shows the answers.
std::vector<Route> NotificationRoutes(const NotifierAccess& notifier);

}  // namespace tocsin::api

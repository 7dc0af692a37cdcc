// The history of alerts.

#pragma once

#include <functional>

#include "base/result.h"
#include "exporter/http_message.h"
#include "notify/alert_naming.h"
#include "rules/alert_store.h"

namespace tocsin::api {

/// Looks events up, newest first; may wait for the disk. Called from any thread.
using FindEvents =
    std::function<Result<std::vector<AlertStore::StoredEvent>>(const AlertStore::EventQuery&)>;

/// What alerts are called outside the rules. Called from any thread.
using NameAlerts = std::function<notify::AlertNaming()>;

/// /api/v1/tocsin/events: how alerts have changed, newest first, with the parameters `start`,
/// `end`, `match[]` (over the alerts' labels; at most one), `alert` (a fingerprint), `limit` (100)
/// and `before`, for the next page. docs/http-api.md shows the answer.
Route EventsRoute(FindEvents find, NameAlerts naming);

}  // namespace tocsin::api

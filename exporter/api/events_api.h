// The history of alerts.

#pragma once

#include <functional>

#include "base/result.h"
#include "exporter/http_message.h"
#include "rules/alert_store.h"

namespace tocsin::api {

/// Looks events up, newest first; may wait for the disk. Called from any thread.
using FindEvents =
    std::function<Result<std::vector<AlertStore::StoredEvent>>(const AlertStore::EventQuery&)>;

/// /api/v1/tocsin/events: how alerts have changed, newest first, with the parameters `start`,
/// `end`, `match[]` (over the alerts' labels; at most one), `limit` (100) and `before`, for the
/// next page. docs/http-api.md shows the answer.
Route EventsRoute(FindEvents find);

}  // namespace tocsin::api

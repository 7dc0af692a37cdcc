// Which runbooks there are.

#pragma once

#include "exporter/http_message.h"

namespace tocsin::api {

/// /api/v1/tocsin/runbooks: name and title of each; with the parameter `url`, an alert's
/// `runbook_url`, of the one that it means, if that is one of ours. The text itself is at
/// /runbooks/NAME.md. docs/http-api.md shows the answer.
Route RunbooksRoute();

}  // namespace tocsin::api

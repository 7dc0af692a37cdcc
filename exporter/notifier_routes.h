// The addresses of the notifier.

#pragma once

#include <vector>

#include "base/clock.h"
#include "exporter/http_message.h"
#include "exporter/notifier_access.h"

namespace tocsin {

/// Alertmanager's API (AlertmanagerRoutes()), the history of notifications (NotificationRoutes()),
/// and, below /plain, the pages alerts/FINGERPRINT, silences/new and silences/ID without scripts.
/// `clock` outlives the server.
std::vector<Route> NotifierRoutes(const NotifierAccess& notifier, const Clock& clock,
                                  TimePoint started_at);

}  // namespace tocsin

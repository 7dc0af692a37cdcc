// A notification as JSON for readers of the API.

#pragma once

#include "base/json_writer.h"
#include "notify/notification.h"

namespace tocsin::api {

/// Appends all of it, each alert in full, unlike what is kept in notify.db. Times are milliseconds
/// since the Unix epoch.
void AppendNotification(JsonWriter& json, const notify::Notification& notification);

}  // namespace tocsin::api

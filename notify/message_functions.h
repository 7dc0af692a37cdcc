// What the texts of messages may call.

#pragma once

#include "base/clock.h"
#include "base/template/functions.h"

namespace tocsin::notify {

/// Alertmanager's functions, on top of those of rules that need no query. `now`, which `since`
/// counts to, is the moment the notification was decided on, so that a message that is sent again
/// is the same. Cheap to make: one per text. Source: Alertmanager's documentation, "Notification
/// template reference", Functions.
text_template::Functions MessageFunctions(TimePoint now);

}  // namespace tocsin::notify

// A change in the life of an alert.

#pragma once

#include <string>
#include <string_view>

#include "rules/active_alert.h"
#include "rules/storage/sample.h"

namespace tocsin {

/// A change in the life of an alert, for the history and for what is kept over a restart.
struct AlertEvent {
  enum class Kind { kPending, kFiring, kResolved, kDropped };  ///< kDropped: was pending only.
  Kind kind = Kind::kPending;
  Millis at = 0;
  std::string group_file;
  std::string group;
  std::string rule;
  ActiveAlert alert;  ///< As it is after the change.
};
/// "pending", "firing", "resolved", "dropped".
std::string_view Name(AlertEvent::Kind kind);

}  // namespace tocsin

// A change in the life of an alert.

#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "rules/active_alert.h"
#include "rules/storage/sample.h"

namespace tocsin {

/// Which rule events are of, as people call it.
struct EventSource {
  std::string group_file;
  std::string group;
  std::string rule;

  friend bool operator==(const EventSource&, const EventSource&) = default;
};

/// A change in the life of an alert, for the history and for what is kept over a restart.
struct AlertEvent {
  enum class Kind { kPending, kFiring, kResolved, kDropped };  ///< kDropped: was pending only.
  Kind kind = Kind::kPending;
  Millis at = 0;
  /// Shared by what happens to a rule's alerts at once. Null only until the rule's group has seen
  /// the event.
  std::shared_ptr<const EventSource> source;
  ActiveAlert alert;  ///< As it is after the change.
};
/// "pending", "firing", "resolved", "dropped".
std::string_view Name(AlertEvent::Kind kind);

}  // namespace tocsin

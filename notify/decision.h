// Whether a receiver has to hear of a group now.

#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "base/clock.h"
#include "notify/notification.h"
#include "notify/received_alert.h"

namespace tocsin::notify {

/// What one receiver was last told of a group.
struct LogEntry {
  TimePoint at;
  std::vector<std::uint64_t> firing;    ///< Fingerprints, sorted.
  std::vector<std::uint64_t> resolved;  ///< The same.
  /// Told as firing, and kept quiet since: their end is still to be told. Sorted.
  std::vector<std::uint64_t> believed = {};

  friend bool operator==(const LogEntry&, const LogEntry&) = default;
};

/// The alerts of a group that nothing keeps quiet, told apart.
struct GroupState {
  std::vector<std::uint64_t> firing;    ///< Sorted.
  std::vector<std::uint64_t> resolved;  ///< Sorted.
};

/// Nothing: not now. `last` is null if nothing was told, or that was forgotten.
///
/// Tells kAllResolved also if `send_resolved` is off: then nothing is sent, but it has to be noted
/// that nothing fires any more. kRepeat is due as soon as `repeat_interval` has passed.
///
/// Pure. Source: Alertmanager, notify/notify.go, DedupStage.needsUpdate.
std::optional<NotifyReason> Decide(const LogEntry* last, const GroupState& now, bool send_resolved,
                                   Duration repeat_interval, TimePoint at);

}  // namespace tocsin::notify

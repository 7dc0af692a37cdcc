#include "notify/decision.h"

#include <algorithm>

namespace tocsin::notify {
namespace {

using Fingerprints = std::vector<std::uint64_t>;

bool Includes(const Fingerprints& all, const Fingerprints& some) {
  return std::includes(all.begin(), all.end(), some.begin(), some.end());
}

}  // namespace

std::optional<NotifyReason> Decide(const LogEntry* last, const GroupState& now, bool send_resolved,
                                   Duration repeat_interval, TimePoint at) {
  // Alerts that were resolved before anybody was told of them are nobody's concern.
  const bool nothing_told = last == nullptr || last->firing.empty();
  if (now.firing.empty()) {
    return nothing_told ? std::nullopt : std::optional(NotifyReason::kAllResolved);
  }
  if (last == nullptr) return NotifyReason::kFirst;
  if (!Includes(last->firing, now.firing)) {
    return nothing_told ? NotifyReason::kFirst : NotifyReason::kNewAlerts;
  }
  if (send_resolved && !Includes(last->resolved, now.resolved)) return NotifyReason::kSomeResolved;
  if (at - last->at >= repeat_interval) return NotifyReason::kRepeat;
  return std::nullopt;
}

}  // namespace tocsin::notify

// What becomes of alerts that were kept over a restart.

#pragma once

#include <vector>

#include "base/alert.h"
#include "base/clock.h"
#include "rules/active_alert.h"
#include "rules/alert_store.h"
#include "rules/rule_file.h"
#include "rules/storage/sample.h"

namespace tocsin {

/// The rules of a group, as the state file knows them.
std::vector<RuleKey> KeysOf(const RuleGroup& group);

/// For how long nobody has looked: from the last evaluation that is known of, `as_of`, to the next
/// one at `slot`, less the interval that lies between evaluations anyway. Not negative.
Duration Downtime(TimePoint as_of, Millis slot, Duration interval);

/// What is taken over after `downtime`. Up to `tolerance` that is all. After a longer outage the
/// time before it is no part of any `for`: pending alerts start anew. Those that fire are taken
/// over however long it was: somebody was rung, and only an evaluation can tell whether what rang
/// is over.
std::vector<ActiveAlert> AlertsToAdopt(std::vector<ActiveAlert> kept, Duration downtime,
                                       Duration tolerance);

/// Ends, at `now`, the alerts of rules that were taken out of the files while nothing ran: resolves
/// what somebody was told of, with kRuleRemoved. `sink` may be null.
void EndRemovedRules(AlertStore& state, AlertSink* sink, TimePoint now);

}  // namespace tocsin

// `for` timers after a restart, from the series that the rules have written.

#pragma once

#include "rules/alerting_rule.h"
#include "rules/rule_restoration.h"
#include "rules/storage/sample.h"
#include "rules/storage/sample_store.h"

namespace tocsin {

/// When an alert was active since, if that is to be believed: ALERTS_FOR_STATE said `active_at`
/// until `down_at`. The time without anybody watching does not count.
Millis RestoredActiveAt(Millis active_at, Millis down_at, Duration hold,
                        const RuleRestoration& restoration);

/// Gives the alerts of `rule` their ActiveAt back from the samples of ALERTS_FOR_STATE not older
/// than the outage that is tolerated, unless it has adopted its alerts. Source: Prometheus'
/// rules/group.go, RestoreForState.
void RestoreFromSeries(AlertingRule& rule, const SampleStore& store,
                       const RuleRestoration& restoration);

}  // namespace tocsin

// What the value of an alert was lately, for the little charts in messages.

#pragma once

#include <vector>

#include "base/clock.h"
#include "notify/notification.h"
#include "rules/promql/engine.h"

namespace tocsin {

/// `settings` for the queries of RecentValuesOf(): short ones, which never disturb others.
promql::Engine::Settings RecentValuesSettings(promql::Engine::Settings settings);

/// 30 values over the hour before `now`, NaN where there was none: of the alert's expression
/// without its condition, and there of the series that has the most labels of all that have only
/// labels of the alert. Empty if that cannot be told, or takes too long.
std::vector<double> RecentValuesOf(const promql::Engine& engine, const notify::NotifiedAlert& alert,
                                   TimePoint now);

}  // namespace tocsin

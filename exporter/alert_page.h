// The page about one alert.

#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/labels.h"
#include "base/result.h"
#include "notify/notifier.h"
#include "notify/notify_store.h"

namespace tocsin {

/// The page at /plain/alerts/FINGERPRINT: what is known of the alert, who was told of it and what
/// they answered, newest first. `told` may have failed, which the page then says.
std::string AlertPage(const notify::Notifier::AlertView& alert,
                      const Result<std::vector<notify::HistoryRecord>>& told, TimePoint now);

/// The address, relative to a page one folder below the root, that prepares a silence for alerts
/// with these labels.
std::string NewSilenceAddress(const Labels& labels);

/// What the alert is called: its `alertname`, or all of its labels.
std::string AlertTitle(const Labels& labels);

/// "firing", "resolved", "silenced", "inhibited", "muted".
std::string_view StateText(const notify::Notifier::AlertView& alert);

}  // namespace tocsin

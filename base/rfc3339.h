// Moments as text: RFC 3339, section 5.6.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace tocsin {

/// In UTC with milliseconds, "2026-11-21T16:58:40.000Z", as Prometheus' API prints times. Never is
/// year 1, Go's zero time.
std::string FormatRfc3339(const std::optional<TimePoint>& moment);

/// Parses all of `text`: "2026-11-21T16:58:40.5+01:00". What is finer than a millisecond is cut
/// off.
std::optional<TimePoint> ParseRfc3339(std::string_view text);

}  // namespace tocsin

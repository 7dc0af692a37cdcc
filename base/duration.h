// "5m30s" <-> Duration: the only parser and printer of it.

#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace tocsin {

/// Parses a Prometheus duration: "0", or whole numbers with the units y w d h m s ms in that
/// order, each at most once ("1h30m"). A year is 365 days. Fails with kInvalidInput.
/// Source: Prometheus' documentation, "Configuration", <duration>.
Result<Duration> ParseDuration(std::string_view text);

/// Prints as Prometheus does: 90 s is "1m30s", 0 is "0s". Weeks and years only when exact.
std::string FormatDuration(Duration duration);

}  // namespace tocsin

// Moments as HTTP writes them.

#pragma once

#include <optional>
#include <string_view>

#include "base/clock.h"

namespace tocsin {

/// The moment in a header such as Date, "Sun, 06 Nov 1994 08:49:37 GMT", to the second; also in the
/// two older forms. Nothing if it is none.
/// Source: RFC 9110, section 5.6.7.
std::optional<TimePoint> ParseHttpDate(std::string_view text);

}  // namespace tocsin

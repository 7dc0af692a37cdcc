// The moments that Kailash writes as text.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "collectors/moment.h"

namespace tocsin::collectors::kailash {

using collectors::Moment;

/// Parses what Python's `datetime.isoformat()` prints, as ParseIsoTime() does; without an offset it
/// is UTC.
std::optional<Moment> ParseIso(std::string_view text);

/// "2026-11-21T12:50:00", the second that holds `moment`, in UTC: sorts before every text that
/// ParseIso() reads as that second or a later one, as long as that is in UTC, too.
std::string FormatIsoSecond(Moment moment);

}  // namespace tocsin::collectors::kailash

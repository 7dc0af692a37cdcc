// Moments to the microsecond, and the texts that programs in Python write them as.

#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace tocsin::collectors {

using Microseconds = std::chrono::microseconds;

/// A moment to the microsecond, which is as fine as Python's clock and the databases keep it.
using Moment = std::chrono::sys_time<Microseconds>;

/// `moment` in seconds since the Unix epoch, and a span in seconds, as metrics carry them.
double UnixSeconds(Moment moment);
double Seconds(Microseconds span);
/// The reverse, rounded to the microsecond. Numbers beyond the years 1 to 9999 give the nearest of
/// them, and NaN the epoch.
Moment FromUnixSeconds(double seconds);

/// A date and a time of the day as they were written.
struct IsoTime {
  Moment local;  ///< As if it were UTC.
  /// How far it is ahead of UTC; nothing if the text does not say. Then the moment is
  /// `local - *offset`.
  std::optional<std::chrono::minutes> offset = std::nullopt;
};

/// Parses "2026-11-21T12:50:00.123456+00:00": a space may stand for the T, a fraction of one to six
/// digits may be missing, and so may the offset, for which Z stands as well. Nothing for any other
/// text, such as "infinity".
/// Source: Python's documentation, "datetime.isoformat"; PostgreSQL's with DateStyle ISO.
std::optional<IsoTime> ParseIsoTime(std::string_view text);

}  // namespace tocsin::collectors

// The moments that Dagster writes without a time zone.

#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace tocsin::collectors::dagster {

/// A moment to the microsecond, which is as fine as Dagster's databases keep it.
///
/// Columns of the type "timestamp without time zone" read as a Moment too, as if they were UTC.
/// Such a naive moment is the true one plus Session::naive_offset(), and the code says which of the
/// two it holds.
using Moment = std::chrono::sys_time<std::chrono::microseconds>;
using Microseconds = std::chrono::microseconds;

/// `moment` in seconds since the Unix epoch, as metrics carry it.
double UnixSeconds(Moment moment);
/// The reverse, rounded to the microsecond. Numbers beyond the years 1 to 9999 give the nearest of
/// them.
Moment FromUnixSeconds(double seconds);

/// A span in seconds, as metrics carry it.
double Seconds(Microseconds span);

/// Parses "2026-01-02 03:04:05.678901", as PostgreSQL (DateStyle ISO) and Dagster's SQLite files
/// print a naive timestamp; the fraction may be absent. Empty for any other text, such as
/// "infinity".
std::optional<Moment> ParseNaive(std::string_view text);

/// Prints as ParseNaive() reads, always with six digits of fraction, so that texts sort as moments
/// do.
std::string FormatNaive(Moment naive);

}  // namespace tocsin::collectors::dagster

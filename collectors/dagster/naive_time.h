// The moments that Dagster writes without a time zone.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "collectors/moment.h"

namespace tocsin::collectors::dagster {

// Columns of the type "timestamp without time zone" read as a Moment too, as if they were UTC. Such
// a naive moment is the true one plus Session::naive_offset(), and the code says which of the two
// it holds.

/// Parses "2026-01-02 03:04:05.678901", as PostgreSQL (DateStyle ISO) and Dagster's SQLite files
/// print a naive timestamp; the fraction may be absent. Empty for any other text, such as
/// "infinity", or one that tells its offset.
std::optional<Moment> ParseNaive(std::string_view text);

/// Prints as ParseNaive() reads, always with six digits of fraction, so that texts sort as moments
/// do.
std::string FormatNaive(Moment naive);

}  // namespace tocsin::collectors::dagster

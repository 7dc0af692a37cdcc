// An alert as columns of a table.

#pragma once

#include <optional>
#include <string_view>

#include "base/sqlite.h"
#include "rules/active_alert.h"

namespace tocsin {

/// The columns of an alert, in the order of BindAlert() and ReadAlert(). Times are in milliseconds
/// since 1970, label sets and annotations JSON objects, states and reasons their names.
inline constexpr std::string_view kAlertColumns =
    "labels, sample_labels, value, state, active_at, fired_at, keep_firing_since, resolved_at, "
    "last_sent_at, valid_until, annotations, reason, missing";
inline constexpr int kAlertColumnCount = 13;

/// Binds the columns to parameters from `first` on.
void BindAlert(SqliteStatement& statement, int first, const ActiveAlert& alert);
/// Reads them from `first` on; nothing if a column does not hold what BindAlert() puts there.
std::optional<ActiveAlert> ReadAlert(const SqliteStatement& statement, int first);

/// Whether the two are kept as the same row. Values that are not a number are equal.
bool IsSameRow(const ActiveAlert& a, const ActiveAlert& b);

}  // namespace tocsin

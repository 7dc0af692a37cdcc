// A course of values in one line of text.

#pragma once

#include <span>
#include <string>
#include <vector>

#include "notify/receiver.h"

namespace tocsin::notify {

/// Blocks of eight heights, from the least value to the greatest; half a height if all are the
/// same. A space for NaN between two of them, nothing for NaN before and after. At most 24
/// characters: more values are put together, each character for the greatest of its own. Empty if
/// fewer than two values are known.
std::string Sparkline(std::span<const double> values);

/// Of each alert of the notification; all empty if nobody knows values.
std::vector<std::string> SparklinesOf(const Notification& notification, const RecentValues& recent);

}  // namespace tocsin::notify

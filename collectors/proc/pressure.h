// /proc/pressure/*, and the *.pressure files of control groups: how long tasks waited.

#pragma once

#include <optional>
#include <string_view>

#include "base/result.h"

namespace tocsin::collectors {

/// Totals since the start of the system, in seconds.
struct Pressure {
  std::optional<double> some = {};  ///< At least one task waited.
  std::optional<double> full = {};  ///< All tasks that were not idle waited.
};

/// Parses such a file. Fails with kCorrupt if a line has no total. Source: the kernel's
/// documentation, accounting/psi.
Result<Pressure> ParsePressure(std::string_view text);

}  // namespace tocsin::collectors

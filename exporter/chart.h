// A series as a line of bars, for terminals.

#pragma once

#include <string>
#include <vector>

namespace tocsin {

/// A line of bars, "▁▄█", a column for each value, the lowest one the shortest. What is not finite
/// is a blank, and counts as no bound.
struct Chart {
  /// NaN stands for no value. UTF-8.
  explicit Chart(const std::vector<double>& values);

  bool has_bars() const { return low <= high; }

  std::string bars;
  double low;   ///< +Inf without bars.
  double high;  ///< -Inf without bars.
};

}  // namespace tocsin

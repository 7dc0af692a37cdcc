#include "exporter/chart.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string_view>

namespace tocsin {

Chart::Chart(const std::vector<double>& values)
    : low(std::numeric_limits<double>::infinity()), high(-low) {
  constexpr std::array<std::string_view, 8> kBars = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  // Halves, as the distance of two doubles may be too large for a double.
  const double distance = high / 2 - low / 2;
  for (const double value : values) {
    if (!std::isfinite(value)) {
      bars += ' ';
      continue;
    }
    const double share = distance > 0 ? (value / 2 - low / 2) / distance : 0;
    bars += kBars[static_cast<std::size_t>(std::lround(share * (kBars.size() - 1)))];
  }
}

}  // namespace tocsin

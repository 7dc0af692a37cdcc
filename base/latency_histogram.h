// How long things of one kind took.

#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace tocsin {

/// Counts by upper bounds, in seconds, from a tenth of a millisecond to ten seconds. One thread at
/// a time.
struct LatencyHistogram {
  static constexpr std::array kBounds = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                         0.05,   0.1,     0.25,   0.5,   1.0,    2.5,   5.0,  10.0};

  /// For each bound those above the one before, and then those above all.
  std::array<std::uint64_t, kBounds.size() + 1> counts{};
  double sum_seconds = 0;

  void Add(double seconds) {
    const auto bound = std::lower_bound(kBounds.begin(), kBounds.end(), seconds);
    ++counts[static_cast<std::size_t>(bound - kBounds.begin())];
    sum_seconds += seconds;
  }

  LatencyHistogram& operator+=(const LatencyHistogram& other) {
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += other.counts[i];
    sum_seconds += other.sum_seconds;
    return *this;
  }
};

}  // namespace tocsin

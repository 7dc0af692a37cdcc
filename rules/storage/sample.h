// A value at a time, and the NaN that ends a series.

#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <vector>

namespace tocsin {

/// Milliseconds since the Unix epoch; any value, also negative. A bare number, unlike TimePoint,
/// because samples are kept and decoded by the million.
using Millis = std::int64_t;

struct Sample {
  Millis t = 0;
  double v = 0;
};

/// The exact bits matter: an ordinary NaN is a value, this one says that the series has ended.
/// Source: Prometheus' model/value/value.go.
inline constexpr std::uint64_t kStaleNanBits = 0x7ff0000000000002;
inline constexpr std::uint64_t kNormalNanBits = 0x7ff8000000000001;
inline const double kStaleNan = std::bit_cast<double>(kStaleNanBits);
inline bool IsStaleNan(double v) {
  return std::bit_cast<std::uint64_t>(v) == kStaleNanBits;
}

/// Stands where there is no sample: a stale marker, which ends a series, too, at a time that is in
/// no (after, until].
inline const Sample kNoSample{std::numeric_limits<Millis>::min(), kStaleNan};

/// Whether reading gives the stale markers, too.
enum class StaleMarkers { kSkip, kKeep };

/// Samples as columns, in the order of time. `t` and `v` are of one size.
struct Samples {
  std::vector<Millis> t;
  std::vector<double> v;

  std::size_t size() const { return t.size(); }
  void clear() {
    t.clear();
    v.clear();
  }
};

}  // namespace tocsin

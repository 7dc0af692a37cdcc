// The samples that both engines are asked about.

#pragma once

#include <cstdint>
#include <vector>

#include "base/labels.h"
#include "rules/storage/sample.h"

namespace tocsin::promql {

struct GeneratedSeries {
  Labels labels;
  Samples samples;
};

/// When the samples begin and end.
inline constexpr Millis kDataStart = 1'600'000'000'000;
inline constexpr Millis kDataEnd = kDataStart + 2 * 3'600'000;

/// The series of three services, scraped every ten seconds for two hours: counters with resets,
/// counters and gauges with gaps and stale markers, classic histograms. The same for the same seed.
///
/// No sample lies on a whole second, because Prometheus 2 counts a sample at the very beginning of
/// a range and Prometheus 3 does not. Values are whole numbers or eighths, of which sums are exact
/// in whatever order. A counter that has gaps is large and never falls, since the two versions
/// extrapolate towards a zero that is near after a gap differently.
std::vector<GeneratedSeries> MakeSamples(std::uint64_t seed);

}  // namespace tocsin::promql

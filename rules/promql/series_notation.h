// `up{job="a"} 1 1 0x3 _ 5+5x4`: series and their samples as test scripts and rule tests write
// them.

#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/labels.h"
#include "base/result.h"

namespace tocsin::promql {

/// One place in a sequence; the place says when.
struct SequenceValue {
  enum class Kind {
    kSample,
    kNone,       ///< `_`: there is no sample.
    kHistogram,  ///< `{{...}}`: a native histogram, of which only the syntax is known here.
  };
  Kind kind = Kind::kSample;
  double value = 0;  ///< kSample. For `stale`, the stale marker.
};

/// A series and what was written after it.
struct SeriesLine {
  Labels labels;
  std::vector<SequenceValue> values;
};

/// Parses values separated by blanks, and expands them:
///
///     3  -1.5  1e3  NaN  Inf  -Inf    one value
///     stale                           a stale marker
///     _  _x5                          no sample, five times no sample
///     axN                             a, and N times a again
///     a+bxN  a-bxN                    a and N more, each b more (less) than the one before
///     {{...}}  {{...}}xN  {{...}}+{{...}}xN
///
/// Fails with kInvalidInput, and with kTooLarge for more than kMostSequenceValues.
/// Source: Prometheus' documentation, "Unit testing for rules", <series>.
Result<std::vector<SequenceValue>> ParseSequence(std::string_view text);

/// Parses a series followed by its values, which may be missing. Fails as ParseSequence() and
/// ParseSeriesName() do.
Result<SeriesLine> ParseSeriesLine(std::string_view text);

/// How long the series at the front of `text` is, braces included: where its values, or whatever
/// else follows, begin.
std::size_t SeriesNameLength(std::string_view text);

inline constexpr std::size_t kMostSequenceValues = 10'000'000;

}  // namespace tocsin::promql

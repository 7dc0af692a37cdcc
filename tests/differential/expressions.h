// PromQL expressions on which Prometheus 2.42 and Prometheus 3 agree, made at random.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rules/promql/block.h"
#include "tests/differential/random.h"

namespace tocsin::promql {

/// What to ask.
struct GeneratedQuery {
  std::string expr;
  Steps steps;
  bool range = false;
  bool ordered = false;  ///< The order of the result is part of it.
};

/// The query with this number in the sequence of `seed`. Always the same.
///
/// What is left out, because Prometheus 3 rightly gives something else: borders on which a sample
/// or a point of a subquery lies exactly (ranges are open on the left now), numbers for durations
/// and durations for numbers, `atan2` (forgot to drop the name), filters by many-to-one comparisons
/// (ambiguities among what they filter out are errors now), stddev and stdvar of what may not be
/// finite, and series of several names in one selector (may be merged now). And what tells apart
/// roundings that both are free to make: comparing, rounding, counting or ordering inexact values,
/// and differences of these.
GeneratedQuery MakeQuery(std::uint64_t seed, std::uint64_t number);

}  // namespace tocsin::promql

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
/// What is left out, because Prometheus 3 rightly gives something else, and where that is tested
/// instead (tests/scripts/promql):
/// - a sample or a subquery's point exactly on a border: ranges and the lookback are open on the
///   left now (subquery.test, staleness.test);
/// - numbers for durations, and durations for numbers (numbers.test);
/// - atan2, which forgot to drop the name (metric_names.test);
/// - filters by many-to-one comparisons: ambiguities among what they filter out are errors now
///   (matching.test);
/// - stddev and stdvar of infinities, negative zeros from sums (aggregations.test);
/// - the same labels under several names, none of them where another is: merged now
///   (same_labelset.test);
/// - `@` with predict_linear over several steps, where the window moved on all the same, and with
///   an offset inside timestamp(), where one of the two was forgotten (at_modifier.test);
/// - groups of count_values over several steps, which got lost (aggregations.test).
///
/// And what tells apart roundings that both are free to make: comparing, rounding, counting or
/// ordering inexact values, and differences of these.
GeneratedQuery MakeQuery(std::uint64_t seed, std::uint64_t number);

}  // namespace tocsin::promql

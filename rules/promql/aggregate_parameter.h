// The number before an aggregation's argument: topk(5, ...), quantile(0.9, ...).

#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "rules/promql/ast.h"
#include "rules/promql/block.h"
#include "rules/promql/context.h"

namespace tocsin::promql {

/// How many series topk, bottomk and limitk may take at each step, at most `series`.
/// Fails with kInvalidInput for NaN and for numbers that no 64-bit integer holds, also when there
/// is nothing to aggregate. Source: Prometheus' promql/engine.go, rangeEvalAgg.
Result<std::vector<std::size_t>> CheckCounts(std::span<const double> parameter, std::size_t series);

/// The ratios of limit_ratio, each within -1..1; warns of those that were not. Fails with
/// kInvalidInput for NaN.
Result<std::vector<double>> CheckRatios(std::span<const double> parameter,
                                        const Aggregate& aggregate, const Context& context);

/// Warns of quantiles outside 0..1.
void CheckQuantiles(std::span<const double> parameter, const Aggregate& aggregate,
                    const Context& context);

}  // namespace tocsin::promql

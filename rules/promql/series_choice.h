// The aggregations that pass some series of each group on: topk, bottomk, limitk, limit_ratio.

#pragma once

#include <span>

#include "rules/promql/ast.h"
#include "rules/promql/block.h"
#include "rules/promql/context.h"

namespace tocsin::promql {

/// The series chosen at any step, with all their labels; at the steps at which they were not,
/// absent. `parameter` has one number per step. As EvaluateAggregate().
Result<Block> ChooseSeries(const Aggregate& aggregate, const Block& input,
                           std::span<const double> parameter, Memo& memo, const Context& context);

}  // namespace tocsin::promql

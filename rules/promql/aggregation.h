// sum, avg, topk, quantile ... `by` and `without`.

#pragma once

#include "rules/promql/ast.h"
#include "rules/promql/block.h"
#include "rules/promql/context.h"

namespace tocsin::promql {

/// Aggregates `input`. `parameter`: a ScalarColumn for those that take a number, a string for
/// count_values, else null. Source: Prometheus' documentation, "Operators", "Aggregation
/// operators".
Result<Block> EvaluateAggregate(const Expr& expr, const Aggregate& aggregate, Block input,
                                const Operand* parameter, Memo& memo, const Context& context);

}  // namespace tocsin::promql

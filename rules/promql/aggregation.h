// sum, avg, topk, quantile ... `by` and `without`.

#pragma once

#include "rules/promql/ast.h"
#include "rules/promql/block.h"
#include "rules/promql/context.h"

namespace tocsin::promql {

/// Aggregates `input`. `parameter`: a ScalarColumn for those that take a number, a string for
/// count_values, else null.
///
/// Fails with kInvalidInput for a parameter out of bounds, in Prometheus' words; with the codes of
/// Budget. Groups come in order of first appearance; topk and bottomk set Block::order in a query
/// of one step. Source: Prometheus' documentation, "Operators", "Aggregation operators"; values,
/// and which series win a tie, are those of Prometheus 3.
Result<Block> EvaluateAggregate(const Expr& expr, const Aggregate& aggregate, const Block& input,
                                const Operand* parameter, Memo& memo, const Context& context);

}  // namespace tocsin::promql

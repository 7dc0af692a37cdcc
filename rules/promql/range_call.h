// Functions of range vectors.

#pragma once

#include "base/result.h"
#include "rules/promql/ast.h"
#include "rules/promql/block.h"
#include "rules/promql/functions.h"
#include "rules/promql/range_vector.h"

namespace tocsin::promql {

class Evaluator;

/// rate(x[5m]), quantile_over_time(0.9, x[5m]) ...: one value from the samples of each series at
/// each step.
Result<Operand> CallOverRange(Evaluator& evaluator, const Expr& expr, const Call& call,
                              const RangeFunction& function, const Steps& steps);

/// absent_over_time(): 1 at the steps at which no series has a sample.
Result<Operand> AbsentOverTime(Evaluator& evaluator, const Expr& expr, const Call& call,
                               const Steps& steps);

/// The samples of a range vector at its only step. Each series is taken from the budget while it is
/// copied; what is returned is not.
Result<Operand> CopyRange(RangeVector& ranges, Budget& budget);

}  // namespace tocsin::promql

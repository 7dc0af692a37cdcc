// What durations in expressions amount to.

#pragma once

#include "base/result.h"
#include "rules/promql/ast.h"

namespace tocsin::promql {

/// The duration, for a query with this step and from its start to its end this range; both in
/// milliseconds, 0 for an instant query. May be 0 or negative, as after `offset`. Rounds towards 0.
/// Fails with kInvalidInput: "division by zero", "modulo by zero", "duration is out of range".
/// Source: Prometheus' promql/durations.go.
Result<Millis> Evaluate(const DurationExpr& expr, Millis step, Millis range);

/// The same for what stands in `[...]`: fails also with "duration must be greater than 0".
Result<Millis> EvaluatePositive(const DurationExpr& expr, Millis step, Millis range);

}  // namespace tocsin::promql

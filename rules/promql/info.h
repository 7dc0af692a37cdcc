// info(): labels of info metrics joined to other series.

#pragma once

#include "base/result.h"
#include "rules/promql/ast.h"
#include "rules/promql/block.h"

namespace tocsin::promql {

class Evaluator;

/// info(v, {matchers}): the series of `v` with the labels of the info series (of target_info, or of
/// the metrics that the matchers name) that have the same `instance` and `job`, at each step those
/// of the newest one. Info series are looked up at the moment that the first selector in `v` looks
/// at. Fails with kInvalidInput if two info series are equally new or disagree about a label.
/// Source: Prometheus' documentation, "Query functions", "info()".
Result<Operand> EvaluateInfo(Evaluator& evaluator, const Expr& expr, const Call& call,
                             const Steps& steps);

}  // namespace tocsin::promql

// Arithmetic and comparing operators between two vectors.

#pragma once

#include "rules/promql/ast.h"
#include "rules/promql/block.h"
#include "rules/promql/context.h"

namespace tocsin::promql {

/// The result of `lhs OP rhs`, names already dropped where they go. Fails with kInvalidInput, in
/// Prometheus' words, if at some step several series match that may not: the error is that of the
/// first such step. Source: Prometheus' promql/engine.go, VectorBinop.
Result<Block> JoinVectors(const Expr& expr, const Binary& binary, const Block& lhs,
                          const Block& rhs, Memo& memo, const Context& context);

/// Says that `op` cannot be applied to numbers: the trim operators are for native histograms.
void InformOfTrimmedFloats(const Expr& expr, BinaryOp op, const Context& context);

}  // namespace tocsin::promql

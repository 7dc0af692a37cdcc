// Arithmetic, comparison and set operators.

#pragma once

#include "rules/promql/ast.h"
#include "rules/promql/block.h"
#include "rules/promql/context.h"

namespace tocsin::promql {

/// The result of `lhs OP rhs` for scalars and vectors of any matching.
/// Source: Prometheus' documentation, "Operators", "Vector matching".
Result<Operand> EvaluateBinary(const Expr& expr, const Binary& binary, Operand lhs, Operand rhs,
                               Memo& memo, const Context& context);

/// One number with another; for arithmetic operators, and for comparisons 1 or 0.
double Arithmetic(BinaryOp op, double a, double b);

}  // namespace tocsin::promql

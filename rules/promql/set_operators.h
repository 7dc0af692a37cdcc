// and, or, unless.

#pragma once

#include "rules/promql/ast.h"
#include "rules/promql/block.h"
#include "rules/promql/context.h"

namespace tocsin::promql {

/// The result of a set operator: `and` and `unless` keep the Shape of `lhs`, `or` appends the
/// series of `rhs`. Source: Prometheus' documentation, "Operators", "Logical/set binary operators".
Result<Block> CombineSets(const Binary& binary, Block lhs, const Block& rhs, Memo& memo,
                          const Context& context);

}  // namespace tocsin::promql

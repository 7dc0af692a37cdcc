// count_values: a series per group and value, saying how many series have it.

#pragma once

#include <string>

#include "rules/promql/ast.h"
#include "rules/promql/block.h"
#include "rules/promql/context.h"

namespace tocsin::promql {

/// The value goes into `label`, whatever that held. As EvaluateAggregate(); fails with
/// kInvalidInput if `label` is no label name.
Result<Block> CountValues(const Aggregate& aggregate, const Block& input, const std::string& label,
                          Memo& memo, const Context& context);

}  // namespace tocsin::promql

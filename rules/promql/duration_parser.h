// Durations in expressions.

#pragma once

#include "rules/promql/ast.h"
#include "rules/promql/token_stream.h"

namespace tocsin::promql {

// Both fail by tokens.failed(), and then return null.

/// What stands in `[...]` before or after the colon: `5m`, `1h / 2`, `max_of(step(), 30)`. A
/// constant must be greater than 0.
DurationExprPtr ParseRangeDuration(TokenStream& tokens);

/// What follows `offset`. Arithmetic needs parentheses here: `x offset 1m + 2` is `(x offset 1m) +
/// 2`. May be negative.
DurationExprPtr ParseOffsetDuration(TokenStream& tokens);

}  // namespace tocsin::promql

// What may follow a selector or a subquery.

#pragma once

#include "rules/promql/ast.h"
#include "rules/promql/token_stream.h"

namespace tocsin::promql {

// The next token is the modifier's keyword. All of these give the modifier to `expr`, and return
// false if tokens.failed(), as when `expr` cannot have it.

/// `offset 5m`
bool ParseOffset(TokenStream& tokens, Expr& expr);
/// `@ 1603774568`, `@ start()`
bool ParseAt(TokenStream& tokens, Expr& expr);
/// `anchored`, `smoothed`; both are experimental.
bool ParseExtension(TokenStream& tokens, Expr& expr, bool experimental);

}  // namespace tocsin::promql

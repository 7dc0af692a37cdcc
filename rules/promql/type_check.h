// Whether an expression makes sense.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "rules/promql/ast.h"
#include "rules/promql/parser.h"

namespace tocsin::promql {

/// Checks what can be known without evaluating: types and numbers of arguments, which operators
/// take which operands, which selectors select everything. Sets types and ids, makes set operators
/// many-to-many, and clears the matching of operators that have none. `text` is what was parsed;
/// `node_count` becomes the number of nodes. Returns the first mistake.
/// Source: checkAST() in promql/parser/parse.go of Prometheus 3, whose errors are matched.
std::optional<ParseError> CheckTypes(Expr& root, std::string_view text, std::uint32_t& node_count);

}  // namespace tocsin::promql

// A part of an expression, as answers name it.

#pragma once

#include <optional>
#include <string_view>

#include "base/json_writer.h"
#include "rules/promql/ast.h"
#include "rules/promql/parser.h"

namespace tocsin::api {

/// From its first character to the one behind its last.
struct ExpressionPart {
  promql::Place begin;
  promql::Place end;
};
ExpressionPart PartOf(std::string_view expression, promql::Position position);

/// Appends the keys "line", "column", "endLine" and "endColumn" to an object.
void AppendPart(JsonWriter& json, const ExpressionPart& part);

}  // namespace tocsin::api

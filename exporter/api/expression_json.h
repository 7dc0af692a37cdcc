// A PromQL expression as JSON.

#pragma once

#include <string>

#include "rules/promql/ast.h"

namespace tocsin::api {

/// Appends the tree as Prometheus' /api/v1/parse_query shows it: durations in milliseconds, numbers
/// as texts.
void AppendExpression(std::string& out, const promql::Expr& expr);

}  // namespace tocsin::api

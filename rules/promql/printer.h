// Query -> PromQL text.

#pragma once

#include <string>

#include "rules/promql/ast.h"

namespace tocsin::promql {

/// On one line, in Prometheus' normal form: printing, parsing and printing again gives the same.
std::string Print(const Expr& expr);
std::string Print(const DurationExpr& expr);
/// Over several lines where it is long, indented, as Prometheus' format_query and
/// `promtool promql format` do it.
std::string PrettyPrint(const Expr& expr);

}  // namespace tocsin::promql

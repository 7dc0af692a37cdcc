// The expression below a condition: what a rule compares, whether or not the comparison holds.

#pragma once

#include <optional>
#include <string>

#include "rules/promql/ast.h"

namespace tocsin::promql {

/// `expr` without its outermost comparison, as text: `a / b > 5` gives `a / b`. It has a value for
/// every series that could pass the condition, under the same labels (apart from the metric name)
/// and with the number that `expr` has for those that pass.
///
/// Of `a and b` and `a unless b` it is that of `a`; of `a or b` that of both. Comparisons of two
/// vectors keep their matching: `a > on(x) b` gives `a == on(x) b or a != on(x) b`. Nothing if no
/// condition is outermost: `absent(a)`, `sum(a > 5)`, `a > bool 5`.
std::optional<std::string> WithoutComparison(const Expr& expr);

}  // namespace tocsin::promql

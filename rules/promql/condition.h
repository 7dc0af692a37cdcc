// What a rule compares its value with.

#pragma once

#include <string>

#include "rules/promql/ast.h"

namespace tocsin::promql {

/// The outermost comparison of `expr` with a number, as people say it of the value: "> 300" for
/// `a / b > 300`, for `300 < a / b` and for `a / b > 300 and c`. Empty if the value is compared
/// with something else, with nothing, or with one of several numbers.
std::string ConditionOf(const Expr& expr);

}  // namespace tocsin::promql

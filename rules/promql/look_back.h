// How far back an expression looks.

#pragma once

#include "rules/promql/ast.h"
#include "rules/storage/sample.h"

namespace tocsin::promql {

/// How long before the moment of an instant query the oldest sample may be that it needs: ranges,
/// offsets and subqueries added up, the longest of all its parts. `lookback` is what an instant
/// selector looks back. A part that is pinned to a time by `@` counts as if it were not. Durations
/// that are out of bounds count as none: evaluating them says so.
Millis LookBack(const Query& query, Millis lookback, Millis default_subquery_step);

}  // namespace tocsin::promql

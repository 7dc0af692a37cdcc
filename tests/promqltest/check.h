// Whether an engine answers a case of a script as the case expects.

#pragma once

#include <optional>
#include <string>

#include "rules/promql/engine.h"
#include "tests/promqltest/script.h"

namespace tocsin::promql {

/// Asks `engine` for what `eval` asks. An instant query is asked in several ways, as Prometheus'
/// own runner does: as it is, then pinned to its time with `@` and evaluated at other times, and
/// each of these also as the middle of a range query. All have to give what is expected.
///
/// Returns nothing if they do, else lines that tell the first difference, the query it is in, and
/// all that this query gave.
std::optional<std::string> Check(const Engine& engine, const EvalCommand& eval);

}  // namespace tocsin::promql

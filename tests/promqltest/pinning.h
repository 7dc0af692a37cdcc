// Other queries that must give the same as a given one.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/promql/ast.h"
#include "rules/storage/matcher.h"
#include "rules/storage/sample.h"

namespace tocsin::promql {

/// `query` as text, with `@ at` put to every selector and subquery that would otherwise follow the
/// time of the evaluation: evaluated at any time, it gives what `query` gives at `at`. Nothing if
/// it calls a function that looks at the time of the evaluation itself.
std::optional<std::string> PinnedTo(Millis at, Query query);

/// When to evaluate a query pinned to `at`.
std::vector<Millis> OtherMoments(Millis at);

/// Whether an expression asks for the start, end or step of its query, which then cannot be a
/// different one.
bool AsksForItsSteps(std::string_view expr);

/// The matchers of each selector of `query`, those that info() adds included.
std::vector<std::vector<Matcher>> SelectorsOf(const Query& query);

}  // namespace tocsin::promql

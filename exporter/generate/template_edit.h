// Changes to the queries that annotations make.

#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "rules/storage/matcher.h"

namespace tocsin::generate {

/// `text`, a template, with `matchers` in every selector of the expressions that it hands to
/// `query`: constants such as `query "up"` and `"up" | query`, also when they go through `printf`.
/// Expressions that are put together in any other way stay as they are. Fails with kInvalidInput
/// if such a constant is no PromQL.
Result<std::string> WithMatchersInQueries(std::string_view text, std::span<const Matcher> matchers);

}  // namespace tocsin::generate

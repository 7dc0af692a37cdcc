// What stands in braces and in lists of labels.

#pragma once

#include <string>
#include <vector>

#include "base/labels.h"
#include "rules/promql/token_stream.h"
#include "rules/storage/matcher.h"

namespace tocsin::promql {

// All of these fail by tokens.failed(), with what they return to be thrown away.

/// `{job="a", "label.x"!="b", "metric.name",}`; the next token is the brace.
std::vector<Matcher> ParseMatchers(TokenStream& tokens);

/// An optional name with optional matchers, of which at least one is there. `name` is the one
/// before the braces, which has its matcher as the last one.
struct ParsedSelector {
  std::string name;
  std::vector<Matcher> matchers;
};
ParsedSelector ParseSelector(TokenStream& tokens);

/// `(a, b, "c.d",)` after `by`, `on`, `group_left` and so on.
std::vector<std::string> ParseGroupingLabels(TokenStream& tokens);

/// `{job="a", "metric.name"}`, or nothing, with an optional name before.
Labels ParseLabelSet(TokenStream& tokens);

}  // namespace tocsin::promql

// Changes to PromQL expressions that leave the rest of the text as it was written.

#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "rules/storage/matcher.h"

namespace tocsin::generate {

/// Where text is to be put in between.
struct Insertion {
  std::size_t position = 0;  ///< In bytes.
  std::string text;
};
/// `text` with all of them, which are sorted by position.
std::string WithInsertions(std::string_view text, const std::vector<Insertion>& insertions);

/// What adds `matchers` to every selector of `expr`: `, job="a"` before a closing brace, or
/// `{job="a"}` behind a name. Fails with kInvalidInput if it is no PromQL.
Result<std::vector<Insertion>> MatcherInsertions(std::string_view expr,
                                                 std::span<const Matcher> matchers);

/// `expr` with another number in place of the one that its value is compared with: to the right of
/// the outermost comparison, or of the one that `and` and `unless` only put conditions on. Fails
/// with kInvalidInput if there is none, or more than one.
Result<std::string> WithThreshold(std::string_view expr, double threshold);

}  // namespace tocsin::generate

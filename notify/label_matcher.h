// Matchers over an alert's labels, as routes, silences and inhibition rules write them.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/anchored_regexp.h"
#include "base/labels.h"
#include "base/result.h"

namespace tocsin::notify {

/// `name="value"` and its three relatives. A label that is missing is empty. Immutable.
struct LabelMatcher {
  enum class Kind { kEqual, kNotEqual, kRegexp, kNotRegexp };

  std::string name;
  Kind kind = Kind::kEqual;
  std::string value;
  std::optional<AnchoredRegexp> regexp = std::nullopt;  ///< Of the last two kinds.

  /// Fails with kInvalidInput if the name is empty or no UTF-8, or the expression is wrong.
  static Result<LabelMatcher> Make(std::string name, Kind kind, std::string value);

  bool Matches(const Labels& labels) const;
  /// `name="value"`, the name in quotes if it needs them.
  std::string ToString() const;
  bool is_equal() const { return kind == Kind::kEqual || kind == Kind::kRegexp; }
  bool is_regexp() const { return regexp.has_value(); }
};
using LabelMatchers = std::vector<LabelMatcher>;

/// `=`, `!=`, `=~`, `!~`.
std::string_view Name(LabelMatcher::Kind kind);

/// Whether all of them do. None: everything.
bool Matches(const LabelMatchers& matchers, const Labels& labels);

/// `{a="b", c=~"d"}`, sorted by name, kind and value.
std::string ToString(const LabelMatchers& matchers);

/// Parses one matcher, `name = value`, with or without quotes, or several of them in braces or
/// separated by commas, in the classic and in the UTF-8 form. Fails with kInvalidInput and what was
/// expected where.
/// Source: Alertmanager's documentation, "Configuration", <matcher>; matcher/parse and
/// pkg/labels/parse of Alertmanager 0.28 and later: UTF-8 first, then classic.
Result<LabelMatcher> ParseLabelMatcher(std::string_view text);
Result<LabelMatchers> ParseLabelMatchers(std::string_view text);

}  // namespace tocsin::notify

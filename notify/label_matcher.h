// Matchers over an alert's labels, as routes, silences and inhibition rules write them.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/anchored_regexp.h"
#include "base/labels.h"
#include "base/result.h"
#include "base/yaml.h"

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

/// `{a="b",c=~"d"}`, as Alertmanager prints it: sorted by name, value and kind.
std::string ToString(const LabelMatchers& matchers);

/// Parses one matcher, `name = value`, with or without quotes, or several of them in braces or
/// separated by commas, in the classic and in the UTF-8 form. What is both, and not the same in
/// both, is read in the classic form; what is neither fails with kInvalidInput and what the UTF-8
/// form expected where, columns in bytes. The first one takes no braces.
/// Source: Alertmanager's documentation, "Configuration", <matcher>; matcher/parse,
/// matcher/compat and pkg/labels/parse of Alertmanager 0.28 and later.
Result<LabelMatcher> ParseLabelMatcher(std::string_view text);
Result<LabelMatchers> ParseLabelMatchers(std::string_view text);

/// The three keys by which a map of a configuration says what has to match, of which all count.
struct MatcherKeys {
  std::string_view equal;     ///< A map from names to values: `match`, the older word.
  std::string_view regexp;    ///< The same with regular expressions: `match_re`.
  std::string_view matchers;  ///< A list of texts with one or more matchers each.
};
/// Sorted as ToString() prints them. Mistakes are reported.
LabelMatchers ReadLabelMatchers(YamlMap& options, const MatcherKeys& keys);

}  // namespace tocsin::notify

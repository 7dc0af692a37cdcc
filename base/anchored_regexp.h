// Regular expressions as Prometheus' labels meet them: RE2, matching a whole text.

#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace re2 {
class RE2;
}

namespace tocsin {

/// A regular expression that has to match the whole of a text; a dot matches newlines, too.
/// Immutable and shared: a copy is a counted pointer. Safe for concurrent use.
/// Source: Prometheus 3, model/relabel, and PromQL's label_replace.
class AnchoredRegexp {
 public:
  /// What a match captured: group 0 is the whole text. Views into the text that was matched.
  using Groups = std::vector<std::string_view>;

  /// A pattern that is wrong makes an object for which only ok() and problem() may be called.
  explicit AnchoredRegexp(std::string_view pattern);

  bool ok() const;
  /// Why it is not ok(), in RE2's words.
  std::string problem() const;

  bool Matches(std::string_view text) const;
  /// The same, and what was captured. `groups` is only changed by a match.
  bool Match(std::string_view text, Groups& groups) const;

  /// `pattern` with $1, $name, ${name} replaced by what a match of this captured, nothing for a
  /// group that does not exist, and $$ by $. Any other $ stands for itself.
  /// Source: Go's regexp documentation, Regexp.Expand.
  std::string Expand(std::string_view pattern, const Groups& groups) const;

 private:
  std::string_view Group(std::string_view name, const Groups& groups) const;

  std::shared_ptr<const re2::RE2> regexp_;
};

}  // namespace tocsin

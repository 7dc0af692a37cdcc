// Label matchers: `job="a"`, `job!="a"`, `job=~"a|b"`, `job!~"a.*"`.

#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/labels.h"
#include "base/result.h"

namespace tocsin {

enum class MatchType { kEqual, kNotEqual, kRegexp, kNotRegexp };
/// "=", "!=", "=~", "!~".
std::string_view Name(MatchType type);

/// One condition on one label. A label that is absent has the empty value. Regular expressions are
/// RE2's, anchored at both ends, and `.` matches a line break as in Prometheus 3.
///
/// Immutable, cheap to copy, safe for concurrent use.
/// Source: Prometheus' documentation, "Querying basics", "Instant vector selectors".
class Matcher {
 public:
  /// Fails with kInvalidInput if the expression does not compile or is too large.
  static Result<Matcher> Make(MatchType type, std::string_view name, std::string_view value);

  MatchType type() const { return type_; }
  const Symbol& name() const { return name_; }
  std::string_view value() const { return value_; }

  bool Matches(std::string_view label_value) const;
  /// Whether it matches a series that does not have the label.
  bool MatchesEmpty() const { return matches_empty_; }

  /// Of a regular expression that is a plain `a|b|c`, its alternatives, sorted; else empty. `=~`
  /// matches these and nothing else, `!~` everything else.
  const std::vector<std::string>& set() const;
  /// The literal text that all that a regular expression matches begins with; may be empty.
  std::string_view prefix() const;

  /// As PromQL: `job=~"a|b"`, `"a.b"="c"`.
  std::string ToString() const;
  friend bool operator==(const Matcher& a, const Matcher& b) {
    return a.type_ == b.type_ && a.name_ == b.name_ && a.value_ == b.value_;
  }

 private:
  struct Regexp;
  Matcher() = default;
  MatchType type_ = MatchType::kEqual;
  bool matches_empty_ = false;
  Symbol name_;
  std::string value_;
  std::shared_ptr<const Regexp> regexp_;  ///< Null for `=` and `!=`.
};

}  // namespace tocsin

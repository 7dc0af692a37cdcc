// What tocsin can do with rules beyond Prometheus, said in its own configuration so that rule files
// stay portable.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/yaml.h"
#include "rules/rule_file.h"
#include "rules/storage/matcher.h"

namespace tocsin {

/// One entry of `rule_policies`: for the alerting rules that match, what happens when a series goes
/// missing, when an alert resolves, and what the rule says otherwise than its file.
struct RulePolicy {
  /// What to do with an alert whose series has gone, as opposed to one whose condition is false.
  enum class OnMissing {
    kResolve,  ///< As Prometheus: it resolves at once.
    kKeep,     ///< It stays what it is.
    kFire,     ///< It fires, also if it did not before.
  };

  YamlPlace place;  ///< Of the entry.

  /// Over `alertname` and the rule's labels that are no templates; all must match. A label that is
  /// a template counts as missing. Without matchers: every alerting rule.
  std::vector<Matcher> matchers;

  OnMissing on_missing = OnMissing::kResolve;
  /// kKeep: for how many evaluations it is kept, then it resolves; 0 is without end. kFire: after
  /// how many evaluations it fires. While its source is known to be down, evaluations do not count.
  std::uint32_t evaluations = 0;
  std::optional<std::string> resolve_expr;  ///< Once firing, it resolves only when this holds.

  // Overrides of what the rule file says.
  std::optional<Duration> hold;
  std::optional<Duration> keep_firing_for;
  TextMap labels;       ///< Set one by one; an empty value removes.
  TextMap annotations;  ///< The same.
  std::optional<std::string> expr;
  bool enabled = true;

  /// Whether on_missing or enabled were said to be what they are by default, so that they win over
  /// what an earlier policy says.
  bool says_resolve = false;
  bool says_enabled = false;
};

/// Reads the entries of `rule_policies`; what is wrong with them, expressions and templates
/// included, is added to `diagnostics`. Entries with mistakes are not in the answer.
std::vector<RulePolicy> ReadRulePolicies(const std::vector<YamlNode>& entries,
                                         const RuleFileOptions& options, Diagnostics& diagnostics);

/// A rule as it is evaluated: what its file says, with the policies that match it applied in order,
/// so that a later one wins field by field. Policies match the rule as its file says it.
struct EffectiveRule {
  Rule rule;
  RulePolicy policy;  ///< on_missing, evaluations, resolve_expr, enabled.
};
EffectiveRule ApplyPolicies(const Rule& rule, const std::vector<RulePolicy>& policies);

/// Where the policies stand that match no rule at all: most likely a name is misspelled.
std::vector<YamlPlace> UnusedPolicies(const std::vector<RuleGroup>& groups,
                                      const std::vector<RulePolicy>& policies);

/// `groups` with all policies applied: disabled rules are not in it.
struct EffectiveGroup {
  RuleGroup group;                   ///< Its `rules` are those in force.
  std::vector<RulePolicy> policies;  ///< One for each of `group.rules`.
};
std::vector<EffectiveGroup> ApplyPolicies(const std::vector<RuleGroup>& groups,
                                          const std::vector<RulePolicy>& policies);

}  // namespace tocsin

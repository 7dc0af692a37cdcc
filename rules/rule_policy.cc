#include "rules/rule_policy.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/labels.h"
#include "rules/promql/parser.h"
#include "rules/rule_template.h"

namespace tocsin {
namespace {

constexpr std::string_view kAlertNameLabel = "alertname";

// --- Reading
// ---------------------------------------------------------------------------------------

/// Reads one entry.
class Reader {
 public:
  Reader(const YamlNode& node, const RuleFileOptions& options, Diagnostics& diagnostics)
      : map_(node, diagnostics), options_(options) {}

  RulePolicy Read() {
    RulePolicy policy;
    ReadMatchers(policy);
    ReadOnMissing(policy);
    policy.resolve_expr = ReadExpression("resolve_expr");
    policy.hold = ReadDuration("for");
    policy.keep_firing_for = ReadDuration("keep_firing_for");
    policy.labels = ReadTemplates("labels", /*labels=*/true);
    policy.annotations = ReadTemplates("annotations", /*labels=*/false);
    policy.expr = ReadExpression("expr");
    policy.says_enabled = map_.Has("enabled");
    policy.enabled = map_.BoolOr("enabled", true);
    return policy;
  }

 private:
  void ReadMatchers(RulePolicy& policy) {
    if (!map_.Has("alert") && !map_.Has("matchers")) {
      map_.diagnostics().Add(map_.place(), "expected \"alert\" or \"matchers\"");
    }
    if (const std::string alert = map_.StringOr("alert", ""); !alert.empty()) {
      policy.matchers.push_back(*Matcher::Make(MatchType::kEqual, kAlertNameLabel, alert));
    } else if (map_.Has("alert")) {
      map_.Refuse("alert", "expected the name of an alert");
    }
    for (const std::string& text : map_.StringsOr("matchers", {})) ReadMatcher(text, policy);
  }

  void ReadMatcher(const std::string& text, RulePolicy& policy) {
    const auto matchers = promql::ParseMetricSelector("{" + text + "}");
    const auto is_of_name = [](const Matcher& matcher) {
      return matcher.name().text() == kMetricNameLabel;
    };
    if (!matchers || matchers->size() != 1 || is_of_name(matchers->front())) {
      map_.Refuse("matchers",
                  fmt::format("expected a matcher such as severity=\"page\", got '{}'", text));
      return;
    }
    policy.matchers.push_back(matchers->front());
  }

  void ReadOnMissing(RulePolicy& policy) {
    using enum RulePolicy::OnMissing;
    static const std::map<std::string, RulePolicy::OnMissing, std::less<>> kWords = {
        {"resolve", kResolve}, {"keep", kKeep}, {"fire", kFire}};
    const auto word = kWords.find(map_.StringOr("on_missing", "resolve"));
    if (word == kWords.end()) {
      map_.Refuse("on_missing", "expected resolve, keep or fire");
    } else {
      policy.on_missing = word->second;
    }
    policy.says_resolve = map_.Has("on_missing") && policy.on_missing == kResolve;
    const int least = policy.on_missing == kFire ? 1 : 0;
    policy.evaluations = static_cast<std::uint32_t>(
        map_.IntegerOr("evaluations", least, least, std::numeric_limits<std::uint32_t>::max()));
    if (map_.Has("evaluations") && policy.on_missing == kResolve) {
      map_.Refuse("evaluations", "goes with on_missing: keep or on_missing: fire");
    }
  }

  std::optional<Duration> ReadDuration(std::string_view key) {
    const Duration duration = map_.DurationOr(key, Duration{0});
    return map_.Has(key) ? std::optional(duration) : std::nullopt;
  }

  std::optional<std::string> ReadExpression(std::string_view key) {
    std::string text = map_.StringOr(key, "");
    if (!map_.Has(key)) return std::nullopt;
    const auto parsed = promql::Parse(text, {.experimental = options_.experimental});
    if (!parsed) map_.Refuse(key, parsed.error.ToString(text));
    return text;
  }

  TextMap ReadTemplates(std::string_view key, bool labels) {
    TextMap texts = map_.StringMap(key);
    std::sort(texts.begin(), texts.end());
    for (const auto& [name, text] : texts) {
      const bool reserved = labels && (name == kMetricNameLabel || name == kAlertNameLabel);
      if (!IsUtf8Name(name) || reserved) {
        map_.Refuse(key, fmt::format("\"{}\" cannot be set", name));
      }
      const Status checked = CheckRuleTemplate(text);
      if (!checked) map_.Refuse(key, fmt::format("\"{}\": {}", name, checked.error().message));
    }
    return texts;
  }

  YamlMap map_;
  const RuleFileOptions& options_;
};

// --- Applying
// --------------------------------------------------------------------------------------

bool IsTemplate(std::string_view text) {
  return text.find("{{") != std::string_view::npos;
}

/// What matchers see of a label of a rule; the empty text is no label.
std::string_view LabelOf(const Rule& rule, std::string_view name) {
  if (name == kAlertNameLabel) return rule.name;
  for (const auto& [label, value] : rule.labels) {
    if (label == name) return IsTemplate(value) ? std::string_view() : std::string_view(value);
  }
  return {};
}

bool Matches(const RulePolicy& policy, const Rule& rule) {
  return rule.kind == Rule::Kind::kAlerting &&
         std::all_of(policy.matchers.begin(), policy.matchers.end(), [&](const Matcher& matcher) {
           return matcher.Matches(LabelOf(rule, matcher.name().text()));
         });
}

/// Sets the texts of `changes` in `texts`; empty ones remove.
void Change(TextMap& texts, const TextMap& changes) {
  if (changes.empty()) return;
  std::map<std::string, std::string> all(texts.begin(), texts.end());
  for (const auto& [name, text] : changes) {
    all.erase(name);
    if (!text.empty()) all.emplace(name, text);
  }
  texts.assign(all.begin(), all.end());
}

void Apply(const RulePolicy& policy, EffectiveRule& effective) {
  RulePolicy& in_force = effective.policy;
  if (policy.says_resolve || policy.on_missing != RulePolicy::OnMissing::kResolve) {
    in_force.on_missing = policy.on_missing;
    in_force.evaluations = policy.evaluations;
  }
  if (policy.resolve_expr) in_force.resolve_expr = policy.resolve_expr;
  if (policy.says_enabled || !policy.enabled) in_force.enabled = policy.enabled;
  Rule& rule = effective.rule;
  if (policy.hold) rule.hold = *policy.hold;
  if (policy.keep_firing_for) rule.keep_firing_for = *policy.keep_firing_for;
  if (policy.expr) rule.expr = *policy.expr;
  Change(rule.labels, policy.labels);
  Change(rule.annotations, policy.annotations);
}

}  // namespace

std::vector<RulePolicy> ReadRulePolicies(const std::vector<YamlNode>& entries,
                                         const RuleFileOptions& options, Diagnostics& diagnostics) {
  std::vector<RulePolicy> policies;
  for (const YamlNode& entry : entries) {
    const std::size_t mistakes = diagnostics.size();
    RulePolicy policy = Reader(entry, options, diagnostics).Read();
    policy.place = entry.place;
    if (diagnostics.size() == mistakes) policies.push_back(std::move(policy));
  }
  return policies;
}

EffectiveRule ApplyPolicies(const Rule& rule, const std::vector<RulePolicy>& policies) {
  EffectiveRule effective{rule, {}};
  for (const RulePolicy& policy : policies) {
    if (Matches(policy, rule)) Apply(policy, effective);
  }
  return effective;
}

std::vector<YamlPlace> UnusedPolicies(const std::vector<RuleGroup>& groups,
                                      const std::vector<RulePolicy>& policies) {
  std::vector<YamlPlace> unused;
  for (const RulePolicy& policy : policies) {
    const bool is_used = std::any_of(groups.begin(), groups.end(), [&](const RuleGroup& group) {
      return std::any_of(group.rules.begin(), group.rules.end(),
                         [&](const Rule& rule) { return Matches(policy, rule); });
    });
    if (!is_used) unused.push_back(policy.place);
  }
  return unused;
}

std::vector<EffectiveGroup> ApplyPolicies(const std::vector<RuleGroup>& groups,
                                          const std::vector<RulePolicy>& policies) {
  std::vector<EffectiveGroup> all;
  for (const RuleGroup& group : groups) {
    EffectiveGroup& effective = all.emplace_back(EffectiveGroup{group, {}});
    effective.group.rules.clear();
    for (const Rule& rule : group.rules) {
      EffectiveRule changed = ApplyPolicies(rule, policies);
      if (!changed.policy.enabled) continue;
      effective.group.rules.push_back(std::move(changed.rule));
      effective.policies.push_back(std::move(changed.policy));
    }
  }
  return all;
}

}  // namespace tocsin

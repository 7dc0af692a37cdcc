#include "exporter/rules_config.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "rules/promql/look_back.h"
#include "rules/promql/parser.h"
#include "rules/rule_file.h"

namespace tocsin {
namespace {

void ReadSettings(const YamlNode* node, Diagnostics& diagnostics, RulesConfig& rules) {
  if (node == nullptr) return;
  YamlMap options(*node, diagnostics);
  rules.resend_delay = options.PositiveDurationOr("resend_delay", rules.resend_delay);
  rules.for_outage_tolerance =
      options.DurationOr("for_outage_tolerance", rules.for_outage_tolerance);
  rules.for_grace_period = options.DurationOr("for_grace_period", rules.for_grace_period);
  rules.query_offset = options.DurationOr("query_offset", rules.query_offset);
  rules.expose = options.BoolOr("expose", rules.expose);
}

/// The patterns of `rule_files`, but for those that name one file that cannot be read.
std::vector<std::string> ReadPatterns(YamlMap& options, const std::filesystem::path& folder) {
  std::vector<std::string> patterns;
  for (const std::string& pattern : options.StringsOr("rule_files", {})) {
    const auto files = FindRuleFiles((folder / pattern).lexically_normal());
    const bool is_one = files && files->size() == 1;
    if (!is_one || access(files->front().c_str(), R_OK) == 0) {
      patterns.push_back(pattern);
      continue;
    }
    const std::string problem = std::generic_category().message(errno);
    const std::vector<YamlNode>& items = options.Node("rule_files")->items;
    const auto item = std::ranges::find(items, pattern, &YamlNode::text);
    options.diagnostics().Add(
        item->place, fmt::format("rule_files: cannot read {}: {}", files->front(), problem));
  }
  return patterns;
}

Millis LookBackOf(const std::string& expr, Duration lookback, Duration step, bool experimental) {
  const promql::ParseResult parsed = promql::Parse(expr, {.experimental = experimental});
  return parsed ? promql::LookBack(*parsed.query, lookback.count(), step.count()) : 0;
}

}  // namespace

RulesConfig ReadRules(YamlMap& options, const std::filesystem::path& folder, bool experimental,
                      std::string& rule_mistakes) {
  RulesConfig rules;
  ReadSettings(options.Node("rules"), options.diagnostics(), rules);
  RuleFileOptions file_options;
  file_options.experimental = experimental;
  rules.policies =
      ReadRulePolicies(options.List("rule_policies"), file_options, options.diagnostics());
  // Absolute: which group it is, over restarts and in replicas, is also a matter of its file, and
  // the configuration may be named in several ways.
  std::error_code ignored;  // Without a working directory paths stay relative.
  const std::filesystem::path absolute = std::filesystem::current_path(ignored) / folder;
  Result<LoadedRules> loaded =
      LoadRuleFiles(ReadPatterns(options, absolute), absolute, file_options);
  if (!loaded) {
    rule_mistakes = loaded.error().message;
    return rules;
  }
  rules.groups = ApplyPolicies(loaded->groups, rules.policies);
  rules.warnings = std::move(loaded->warnings);
  for (const YamlPlace& place : UnusedPolicies(loaded->groups, rules.policies)) {
    rules.warnings.push_back(fmt::format("{}:{}:{}: warning: this policy matches no rule",
                                         options.diagnostics().file(), place.line, place.column));
  }
  return rules;
}

Duration LongestLookBack(const RulesConfig& rules, Duration lookback, Duration evaluation_interval,
                         bool experimental) {
  Millis longest = 0;
  for (const EffectiveGroup& effective : rules.groups) {
    const RuleGroup& group = effective.group;
    const Millis offset = group.query_offset.value_or(rules.query_offset).count();
    for (const Rule& rule : group.rules) {
      longest = std::max(
          longest, offset + LookBackOf(rule.expr, lookback, evaluation_interval, experimental));
    }
    for (const RulePolicy& policy : effective.policies) {
      if (!policy.resolve_expr) continue;
      longest = std::max(longest, offset + LookBackOf(*policy.resolve_expr, lookback,
                                                      evaluation_interval, experimental));
    }
  }
  return Duration(longest);
}

}  // namespace tocsin

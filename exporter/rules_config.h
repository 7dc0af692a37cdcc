// The part of the configuration that is about rules: `rule_files`, `rules` and `rule_policies`.

#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/yaml.h"
#include "rules/rule_policy.h"

namespace tocsin {

/// Immutable once read.
struct RulesConfig {
  Duration resend_delay = std::chrono::minutes(1);
  Duration for_outage_tolerance = std::chrono::hours(1);
  Duration for_grace_period = std::chrono::minutes(10);
  Duration query_offset{0};
  bool expose = true;  ///< Whether /metrics shows what rules write.

  std::vector<RulePolicy> policies;    ///< As they were read, for rules from elsewhere.
  std::vector<EffectiveGroup> groups;  ///< Of all files, with the policies applied.
  std::vector<std::string> warnings;   ///< Of the files.
};

/// Reads the three keys, and the files that they name; relative patterns are relative to `folder`.
/// Mistakes in the configuration are added to the diagnostics of `options`; those in rule files, a
/// line each, to `rule_mistakes`.
RulesConfig ReadRules(YamlMap& options, const std::filesystem::path& folder, bool experimental,
                      std::string& rule_mistakes);

/// The longest time that a rule looks back, with the offset of its group.
Duration LongestLookBack(const RulesConfig& rules, Duration lookback, Duration evaluation_interval,
                         bool experimental);

}  // namespace tocsin

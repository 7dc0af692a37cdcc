// What experienced users would say about rules that load well and yet do not do what their author
// meant. docs/rules-lint.md explains each check.

#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/yaml.h"
#include "rules/lint/live_data.h"
#include "rules/rule_file.h"

namespace tocsin::lint {

enum class Severity {
  kInfo,     ///< Could be said more simply; it does what it says.
  kWarning,  ///< Very likely not what was meant.
  kError,    ///< Can never work.
};
/// "info", "warning", "error".
std::string_view Name(Severity severity);

/// What one check found in one place.
struct Finding {
  std::string file;
  YamlPlace place;
  std::string_view check;  ///< Its name, which lives as long as the program.
  Severity severity = Severity::kWarning;
  std::string message;  ///< With group and rule.

  /// "file:7:11: warning: group "g", rule 2, "Name": what is wrong (alerts/comparison)".
  std::string ToString() const;
};

/// A file that loads without mistakes.
struct File {
  std::string name;  ///< To show.
  std::string text;
  std::vector<RuleGroup> groups;  ///< As ParseRuleFile() reads `text`, all of them.
};

struct Options {
  std::vector<std::string> checks;  ///< By name; empty: all.
  RuleFileOptions file;             ///< What the files were read with.
  /// How often what the rules look at is collected. Unset: not known.
  std::optional<Duration> scrape_interval;
  Duration lookback = std::chrono::minutes(5);  ///< `promql.lookback_delta`.
  LiveData* live = nullptr;                     ///< Null: checks that need it do nothing.
};

struct CheckSummary {
  std::string_view name;
  std::string_view summary;  ///< One line.
};
/// All checks, by name.
std::vector<CheckSummary> Checks();

/// The findings, in the order of files and places.
std::vector<Finding> Lint(const std::vector<File>& files, const Options& options);

}  // namespace tocsin::lint

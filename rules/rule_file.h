// Prometheus' rule files: what they say, read strictly.

#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/yaml.h"

namespace tocsin {

/// Names and templates, sorted by name, each name once.
using TextMap = std::vector<std::pair<std::string, std::string>>;

/// One rule. Source: Prometheus' documentation, "Recording rules" and "Alerting rules".
struct Rule {
  enum class Kind { kAlerting, kRecording };

  Kind kind = Kind::kAlerting;
  std::string name;  ///< Of the alert, or of the metric that is recorded.
  std::string expr;
  Duration hold{0};  ///< `for`.
  Duration keep_firing_for{0};
  TextMap labels;  ///< Templates, in alerting rules. Those of the group are in it.
  TextMap annotations;
  YamlPlace place;       ///< Of the rule, in its file.
  YamlPlace expr_place;  ///< Of the expression.

  /// Whether the two say the same, wherever they stand.
  bool SaysTheSameAs(const Rule& other) const;
};

struct RuleGroup {
  std::string file;  ///< As it was given: part of what the group is.
  std::string name;
  std::optional<Duration> interval;      ///< Unset: global.evaluation_interval.
  std::optional<Duration> query_offset;  ///< Unset: rules.query_offset.
  std::size_t limit = 0;                 ///< Alerts or series of each rule; 0 is no limit.
  TextMap labels;                        ///< As written; already part of the rules' labels.
  std::vector<Rule> rules;
  YamlPlace place;

  /// Whether the two are evaluated in the same way.
  bool SaysTheSameAs(const RuleGroup& other) const;
};

struct RuleFileOptions {
  bool ignore_unknown_fields = false;
  bool experimental = false;  ///< `promql.experimental`: which expressions are known.
};

/// Reads and checks a file's text: every mistake is added to `diagnostics` with its place, group
/// and rule, and the groups that have none are in the answer. `file` is the name that the groups
/// carry. Checks what Prometheus checks when it loads a file: names, fields, expressions,
/// templates. Of a file with several documents the first counts, as in Prometheus; `warnings` says
/// so.
std::vector<RuleGroup> ParseRuleFile(std::string_view text, const std::string& file,
                                     const RuleFileOptions& options, Diagnostics& diagnostics,
                                     std::vector<std::string>& warnings);

/// The files that a pattern names, sorted: a glob (`*?[`), whose `*` matches names that begin with
/// a dot, too, as in Prometheus; or one file, which need not be there. Fails with kUnavailable if a
/// folder cannot be read.
Result<std::vector<std::string>> FindRuleFiles(const std::filesystem::path& pattern);

/// All groups of all files that match `patterns` (globs, relative to `folder`; each file once, in
/// the order of the patterns and then of names). A pattern without any `*?[` must name a file that
/// is there. Fails with every mistake of every file, one line each.
struct LoadedRules {
  std::vector<RuleGroup> groups;
  std::vector<std::string> files;
  std::vector<std::string> warnings;
};
Result<LoadedRules> LoadRuleFiles(const std::vector<std::string>& patterns,
                                  const std::filesystem::path& folder,
                                  const RuleFileOptions& options);

}  // namespace tocsin

// What a user wants different from the rules that tocsin ships.

#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/yaml.h"
#include "rules/storage/matcher.h"

namespace tocsin::generate {

/// Changes to rules. Nothing in it: no change.
struct RuleEdits {
  std::vector<Matcher> matchers;  ///< For every selector, of expressions and of queries in texts.
  std::vector<std::pair<std::string, std::string>> labels;  ///< For every alert; sorted, unique.
  /// Where the runbooks are. A `{name}` in it is the name of the page; without one, "/NAME.md" is
  /// added. Empty: as shipped, a path in tocsin's repository.
  std::string runbook_url;
  std::vector<std::pair<std::string, double>> thresholds;  ///< By alert.
  std::vector<std::pair<std::string, Duration>> holds;     ///< By alert: its `for`.

  bool empty() const {
    return matchers.empty() && labels.empty() && runbook_url.empty() && thresholds.empty() &&
           holds.empty();
  }
  /// Of `thresholds` and `holds`.
  std::vector<std::string> AlertNames() const;
};

/// Makes the changes in a tree that is a rule file. An alert whose number or duration changes says
/// so at the end of its description. Fails with kInvalidInput, naming the alert, if a threshold
/// cannot be replaced or what comes out is no rule.
Status EditRules(YamlNode& rule_file, const RuleEdits& edits);

}  // namespace tocsin::generate

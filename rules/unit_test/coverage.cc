#include "rules/unit_test/coverage.h"

namespace tocsin::unit_test {

void Coverage::AddRules(const RuleGroup& group) {
  for (const Rule& rule : group.rules) {
    Known known{group.file, group.name, rule.name, rule.kind};
    if (known_.insert(known).second) rules_.push_back(std::move(known));
  }
}

void Coverage::SawAlertTest(std::string_view alertname, bool expects_alerts) {
  (expects_alerts ? fires_ : silent_).emplace(alertname);
}

void Coverage::SawMetric(std::string_view name) {
  metrics_.emplace(name);
}

std::vector<Coverage::Gap> Coverage::Gaps() const {
  std::vector<Gap> gaps;
  const auto note = [&gaps](const Known& rule, std::string what) {
    gaps.push_back({rule.file, rule.group, rule.name, std::move(what)});
  };
  for (const Known& rule : rules_) {
    if (rule.kind == Rule::Kind::kRecording) {
      if (!metrics_.contains(rule.name)) note(rule, "no test");
      continue;
    }
    const bool fires = fires_.contains(rule.name);
    const bool silent = silent_.contains(rule.name);
    if (!fires && !silent) {
      note(rule, "no test");
    } else if (!fires) {
      note(rule, "no test expects an alert");
    } else if (!silent) {
      note(rule, "no test expects none");
    }
  }
  return gaps;
}

}  // namespace tocsin::unit_test

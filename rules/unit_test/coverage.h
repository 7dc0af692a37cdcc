// Which rules the tests look at.

#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "rules/rule_file.h"

namespace tocsin::unit_test {

/// Notes which rules are tested, and says which are not. An alerting rule is tested wholly when one
/// test expects an alert of it and another expects none; a recording rule when a `promql_expr_test`
/// asks for what it records. One thread at a time.
class Coverage {
 public:
  /// Rules that the tests had at hand.
  void AddRules(const RuleGroup& group);
  /// A test of an alert was made; whether it expects one.
  void SawAlertTest(std::string_view alertname, bool expects_alerts);
  /// An expression was tested that asks for this metric.
  void SawMetric(std::string_view name);

  struct Gap {
    std::string file;
    std::string group;
    std::string rule;
    std::string what;  ///< "no test", "no test expects an alert", "no test expects none".
  };
  /// In the order of files, groups and rules.
  std::vector<Gap> Gaps() const;
  std::size_t rules() const { return rules_.size(); }

 private:
  struct Known {
    std::string file;
    std::string group;
    std::string name;
    Rule::Kind kind;
    friend bool operator<(const Known& a, const Known& b) {
      return std::tie(a.file, a.group, a.name, a.kind) < std::tie(b.file, b.group, b.name, b.kind);
    }
  };
  std::vector<Known> rules_;  ///< Each once, in order.
  std::set<Known> known_;
  std::set<std::string, std::less<>> fires_;
  std::set<std::string, std::less<>> silent_;
  std::set<std::string, std::less<>> metrics_;
};

}  // namespace tocsin::unit_test

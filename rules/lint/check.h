// What checks are made of.

#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "rules/lint/lint.h"
#include "rules/promql/ast.h"

namespace tocsin::lint {

/// A rule with what its file says of it.
struct Subject {
  const File* file = nullptr;
  const RuleGroup* group = nullptr;
  const Rule* rule = nullptr;
  std::size_t number = 0;          ///< Within its group, from 1.
  const YamlNode* node = nullptr;  ///< Of the rule.
  promql::Query query;

  bool is_alert() const { return rule->kind == Rule::Kind::kAlerting; }
  const promql::Expr& expr() const { return *query.root; }
  /// A part of the expression as text, cut if it is long.
  std::string Shown(const promql::Expr& part) const;
};

/// Takes the findings of one check.
class Report {
 public:
  Report(std::string_view check, std::vector<Finding>& findings)
      : check_(check), findings_(findings) {}

  /// About a rule as a whole.
  void AtRule(const Subject& subject, Severity severity, std::string_view message);
  /// About a part of its expression.
  void AtExpr(const Subject& subject, const promql::Expr& part, Severity severity,
              std::string_view message);
  /// About byte `offset` of a label (`map` is "labels") or an annotation ("annotations").
  void AtText(const Subject& subject, std::string_view map, std::string_view name,
              std::size_t offset, Severity severity, std::string_view message);
  /// About a group.
  void AtGroup(const File& file, const RuleGroup& group, Severity severity,
               std::string_view message);

 private:
  void Add(const Subject& subject, YamlPlace place, Severity severity, std::string_view message);

  std::string_view check_;
  std::vector<Finding>& findings_;
};

/// All rules that are looked at.
struct Context {
  const std::vector<File>& files;
  const Options& options;
  std::vector<Subject> subjects;
  /// Recording rules by what they record.
  std::multimap<std::string, const Subject*, std::less<>> recorded;
};

/// One row of the table of checks; exactly one of the functions is set.
struct Check {
  std::string_view name;
  std::string_view summary;
  void (*rule)(const Subject& subject, const Context& context, Report& report) = nullptr;
  void (*all)(const Context& context, Report& report) = nullptr;
  bool live = false;  ///< Needs Options::live.
};

// One function for each check, in a file for each family.

// alert_checks.cc
void CheckComparison(const Subject& subject, const Context& context, Report& report);
void CheckFor(const Subject& subject, const Context& context, Report& report);
// template_checks.cc
void CheckTemplates(const Subject& subject, const Context& context, Report& report);
// value_checks.cc
void CheckSyntax(const Subject& subject, const Context& context, Report& report);
void CheckImpossible(const Subject& subject, const Context& context, Report& report);
void CheckNan(const Subject& subject, const Context& context, Report& report);
// label_checks.cc
void CheckVectorMatching(const Subject& subject, const Context& context, Report& report);
void CheckAggregate(const Subject& subject, const Context& context, Report& report);
void CheckFragile(const Subject& subject, const Context& context, Report& report);
// selector_checks.cc
void CheckRegexp(const Subject& subject, const Context& context, Report& report);
void CheckRate(const Subject& subject, const Context& context, Report& report);
// rule_checks.cc
void CheckDuplicateRules(const Context& context, Report& report);
void CheckDuplicates(const Context& context, Report& report);
void CheckName(const Subject& subject, const Context& context, Report& report);
void CheckLabel(const Subject& subject, const Context& context, Report& report);
void CheckInterval(const Context& context, Report& report);
// live_checks.cc; these stop when the server does not answer.
void CheckSeries(const Context& context, Report& report);
void CheckAlertCount(const Context& context, Report& report);

}  // namespace tocsin::lint

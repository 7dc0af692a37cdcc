#include "rules/lint/lint.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "rules/lint/check.h"
#include "rules/promql/parser.h"

namespace tocsin::lint {
namespace {

constexpr Check kChecks[] = {
    {.name = "alerts/comparison",
     .summary = "an alert without a condition fires for ever",
     .rule = &CheckComparison},
    {.name = "alerts/count",
     .summary = "how often an alert would have fired in the last day; needs a server",
     .all = &CheckAlertCount,
     .live = true},
    {.name = "alerts/for",
     .summary = "`for` is shorter than the group's interval",
     .rule = &CheckFor},
    {.name = "alerts/template",
     .summary = "a label or annotation uses a label that the expression removes, makes the value "
                "part of a label, or has a mistake in a query",
     .rule = &CheckTemplates},
    {.name = "duplicate-rules",
     .summary = "rules of one file have the same name and labels, as promtool says it",
     .all = &CheckDuplicateRules},
    {.name = "group/interval",
     .summary = "series are recorded more seldom than they can be seen",
     .all = &CheckInterval},
    {.name = "promql/aggregate",
     .summary = "`by` names a label that is removed within",
     .rule = &CheckAggregate},
    {.name = "promql/fragile",
     .summary = "an alert on topk() and the like, whose series come and go",
     .rule = &CheckFragile},
    {.name = "promql/impossible",
     .summary = "a condition or a selector that nothing can fulfil",
     .rule = &CheckImpossible},
    {.name = "promql/nan", .summary = "a comparison with NaN", .rule = &CheckNan},
    {.name = "promql/rate",
     .summary = "a window too short for two samples, or a rate of a sum of counters",
     .rule = &CheckRate},
    {.name = "promql/regexp",
     .summary = "a regular expression where plain text would do",
     .rule = &CheckRegexp},
    {.name = "promql/series",
     .summary = "a metric or a label that does not exist; needs a server",
     .all = &CheckSeries,
     .live = true},
    {.name = "promql/syntax",
     .summary = "an expression whose result no rule can use",
     .rule = &CheckSyntax},
    {.name = "promql/vector_matching",
     .summary = "two sides whose labels can never match",
     .rule = &CheckVectorMatching},
    {.name = "rule/duplicate", .summary = "the same rule in two files", .all = &CheckDuplicates},
    {.name = "rule/label",
     .summary = "a template in a label of a recording rule, where none is expanded",
     .rule = &CheckLabel},
    {.name = "rule/name",
     .summary = "a recorded name that reads like that of a collected metric",
     .rule = &CheckName},
};

/// A file's tree. Trees live as long as the subjects that point into them.
YamlNode TreeOf(const File& file) {
  Diagnostics ignored(file.name);
  std::optional<YamlPlace> second;
  return ParseFirstYaml(file.text, ignored, second).value_or(YamlNode());
}

/// The items of a list in a map; none if there is none.
const YamlNode* ItemOf(const YamlNode* map, std::string_view key, std::size_t index) {
  const YamlNode* const list = map == nullptr ? nullptr : map->Find(key);
  return list != nullptr && index < list->items.size() ? &list->items[index] : nullptr;
}

void AddSubjects(const File& file, const YamlNode& tree, const Options& options,
                 std::vector<Subject>& subjects) {
  for (std::size_t g = 0; g < file.groups.size(); ++g) {
    const RuleGroup& group = file.groups[g];
    const YamlNode* const group_node = ItemOf(&tree, "groups", g);
    for (std::size_t r = 0; r < group.rules.size(); ++r) {
      const Rule& rule = group.rules[r];
      auto parsed = promql::Parse(rule.expr, {.experimental = options.file.experimental});
      if (!parsed) continue;  // The file was not loaded with these options.
      subjects.push_back({.file = &file,
                          .group = &group,
                          .rule = &rule,
                          .number = r + 1,
                          .node = ItemOf(group_node, "rules", r),
                          .query = *std::move(parsed.query)});
    }
  }
}

bool IsWanted(const Check& check, const Options& options) {
  if (check.live && options.live == nullptr) return false;
  return options.checks.empty() || std::find(options.checks.begin(), options.checks.end(),
                                             check.name) != options.checks.end();
}

}  // namespace

std::string_view Name(Severity severity) {
  switch (severity) {
    case Severity::kInfo: return "info";
    case Severity::kWarning: return "warning";
    case Severity::kError: break;
  }
  return "error";
}

std::string Finding::ToString() const {
  return fmt::format("{}:{}:{}: {}: {} ({})", file, place.line, place.column, Name(severity),
                     message, check);
}

std::vector<CheckSummary> Checks() {
  std::vector<CheckSummary> names;
  for (const Check& check : kChecks) names.push_back({check.name, check.summary});
  return names;
}

std::vector<Finding> Lint(const std::vector<File>& files, const Options& options) {
  Context context{files, options, {}, {}};
  std::vector<YamlNode> trees;
  trees.reserve(files.size());
  for (const File& file : files) {
    AddSubjects(file, trees.emplace_back(TreeOf(file)), options, context.subjects);
  }
  for (const Subject& subject : context.subjects) {
    if (!subject.is_alert()) context.recorded.emplace(subject.rule->name, &subject);
  }
  std::vector<Finding> findings;
  for (const Check& check : kChecks) {
    if (!IsWanted(check, options)) continue;
    Report report(check.name, findings);
    if (check.all != nullptr) check.all(context, report);
    if (check.rule == nullptr) continue;
    for (const Subject& subject : context.subjects) check.rule(subject, context, report);
  }
  const auto order = [&](const Finding& finding) {
    const auto file = std::find_if(files.begin(), files.end(),
                                   [&](const File& each) { return each.name == finding.file; });
    return std::tuple(file, finding.place.line, finding.place.column);
  };
  std::stable_sort(findings.begin(), findings.end(),
                   [&](const Finding& a, const Finding& b) { return order(a) < order(b); });
  return findings;
}

}  // namespace tocsin::lint

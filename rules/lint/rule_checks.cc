// Rules and groups as such.

#include <map>
#include <string>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "base/duration.h"
#include "rules/lint/check.h"
#include "rules/promql/printer.h"

namespace tocsin::lint {
namespace {

std::string LabelsText(const TextMap& labels) {
  std::string text;
  for (const auto& [name, value] : labels) {
    text += fmt::format("{}{}=\"{}\"", text.empty() ? "" : ", ", name, value);
  }
  return "{" + text + "}";
}

std::string PlaceText(const Subject& subject) {
  return fmt::format("{}:{}:{}", subject.file->name, subject.rule->place.line,
                     subject.rule->place.column);
}

bool IsTemplate(std::string_view text) {
  return text.find("{{") != std::string_view::npos;
}

}  // namespace

void CheckDuplicateRules(const Context& context, Report& report) {
  using Key = std::tuple<const File*, std::string, TextMap>;
  std::map<Key, const Subject*> first;
  for (const Subject& subject : context.subjects) {
    const auto [found, is_new] =
        first.emplace(Key(subject.file, subject.rule->name, subject.rule->labels), &subject);
    if (is_new) continue;
    report.AtRule(
        subject, Severity::kWarning,
        fmt::format("the rule at {} has the same name and labels, {}{}", PlaceText(*found->second),
                    subject.rule->name, LabelsText(subject.rule->labels)));
  }
}

void CheckDuplicates(const Context& context, Report& report) {
  using Key = std::tuple<Rule::Kind, std::string, TextMap, std::string>;
  std::map<Key, const Subject*> first;
  for (const Subject& subject : context.subjects) {
    const Rule& rule = *subject.rule;
    const auto [found, is_new] = first.emplace(
        Key(rule.kind, rule.name, rule.labels, promql::Print(subject.expr())), &subject);
    if (is_new || found->second->file == subject.file) continue;
    report.AtRule(subject, Severity::kWarning,
                  fmt::format("the same rule is at {}", PlaceText(*found->second)));
  }
}

void CheckName(const Subject& subject, const Context& /*context*/, Report& report) {
  if (subject.is_alert() || subject.rule->name.find(':') != std::string::npos) return;
  report.AtRule(subject, Severity::kInfo,
                "without a colon the name reads like that of a collected metric; by custom it is "
                "level:metric:operations");
}

void CheckLabel(const Subject& subject, const Context& /*context*/, Report& report) {
  if (subject.is_alert()) return;
  for (const auto& [name, value] : subject.rule->labels) {
    if (!IsTemplate(value)) continue;
    report.AtText(subject, "labels", name, 0, Severity::kWarning,
                  fmt::format("label \"{}\": templates are not expanded in recording rules", name));
  }
}

void CheckInterval(const Context& context, Report& report) {
  const Duration lookback = context.options.lookback;
  for (const File& file : context.files) {
    for (const RuleGroup& group : file.groups) {
      if (group.rules.empty() || !group.interval || *group.interval <= lookback) continue;
      report.AtGroup(file, group, Severity::kWarning,
                     fmt::format("what is written every {} can be seen for {} only, so that there "
                                 "are gaps",
                                 FormatDuration(*group.interval), FormatDuration(lookback)));
    }
  }
}

}  // namespace tocsin::lint

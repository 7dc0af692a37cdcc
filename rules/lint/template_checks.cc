// The labels and annotations of alerts.

#include <algorithm>

#include <fmt/format.h>

#include "base/labels.h"
#include "rules/lint/check.h"
#include "rules/lint/template_references.h"
#include "rules/promql/analysis.h"
#include "rules/promql/parser.h"
#include "rules/rule_template.h"

namespace tocsin::lint {
namespace {

constexpr std::string_view kLabels = "labels";
constexpr std::string_view kAnnotations = "annotations";

/// Looks at the labels and annotations of one alert.
class Checker {
 public:
  Checker(const Subject& subject, const Context& context, Report& report)
      : subject_(subject),
        context_(context),
        report_(report),
        labels_(promql::LabelsOf(subject.expr())) {}

  void Check(std::string_view map, const TextMap& texts) {
    for (const auto& [name, text] : texts) {
      const std::string where =
          fmt::format("{} \"{}\"", map == kLabels ? "label" : "annotation", name);
      // Labels of the group are not looked at when the file is loaded.
      if (const Status checked = CheckRuleTemplate(text); !checked) {
        report_.AtRule(subject_, Severity::kError,
                       fmt::format("{}: {}", where, checked.error().message));
      }
      for (const TemplateReference& reference : TemplateReferences(text)) {
        const auto [severity, mistake] = MistakeIn(reference, map);
        if (mistake.empty()) continue;
        report_.AtText(subject_, map, name, reference.offset, severity,
                       fmt::format("{}: {}", where, mistake));
      }
    }
  }

 private:
  struct Mistake {
    Severity severity = Severity::kWarning;
    std::string text;  ///< Empty: none.
  };

  Mistake MistakeIn(const TemplateReference& reference, std::string_view map) const {
    switch (reference.kind) {
      case TemplateReference::Kind::kLabel: return {Severity::kWarning, MistakeInLabel(reference)};
      case TemplateReference::Kind::kQuery: return {Severity::kError, MistakeInQuery(reference)};
      case TemplateReference::Kind::kValue: break;
    }
    if (map != kLabels) return {};
    return {Severity::kWarning,
            "with the value in a label, every new value is a new alert, and the old one resolves"};
  }

  std::string MistakeInLabel(const TemplateReference& reference) const {
    if (reference.text == kMetricNameLabel || labels_.possible.Has(reference.text)) return {};
    const TextMap& own = subject_.rule->labels;
    const bool is_own = std::any_of(
        own.begin(), own.end(), [&](const auto& label) { return label.first == reference.text; });
    if (is_own) {
      return fmt::format("the label \"{}\" is the rule's own, which templates do not see",
                         reference.text);
    }
    return fmt::format("the expression gives no label \"{}\"", reference.text);
  }

  std::string MistakeInQuery(const TemplateReference& reference) const {
    const auto parsed =
        promql::Parse(reference.text, {.experimental = context_.options.file.experimental});
    return parsed ? "" : "query: " + parsed.error.ToString(reference.text);
  }

  const Subject& subject_;
  const Context& context_;
  Report& report_;
  promql::ResultLabels labels_;
};

}  // namespace

void CheckTemplates(const Subject& subject, const Context& context, Report& report) {
  if (!subject.is_alert()) return;
  Checker checker(subject, context, report);
  checker.Check(kLabels, subject.rule->labels);
  checker.Check(kAnnotations, subject.rule->annotations);
}

}  // namespace tocsin::lint

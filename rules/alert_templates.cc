#include "rules/alert_templates.h"

#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include "base/template/rule_functions.h"
#include "base/template/template.h"
#include "base/template/value.h"
#include "rules/rule_query.h"

namespace tocsin {
namespace {

using text_template::RuleContext;
using text_template::RuleFunctions;
using text_template::Template;
using text_template::Value;

bool IsTemplate(std::string_view text) {
  return text.find("{{") != std::string_view::npos;
}

bool Mentions(std::string_view text, std::string_view word) {
  return text.find(word) != std::string_view::npos;
}

bool IsNameStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/// Whether a template may look at the value: it names it, or takes all of its data at once, as `.`
/// or `$`. May say so of a template that does not.
bool MayUseValue(std::string_view text) {
  if (!IsTemplate(text)) return false;
  if (Mentions(text, "alue")) return true;
  for (std::size_t i = text.find("{{"); i < text.size(); ++i) {
    const bool is_root = text[i] == '.' || text[i] == '$';
    if (is_root && (i + 1 == text.size() || !IsNameStart(text[i + 1]))) return true;
  }
  return false;
}

/// Whether a template may give something else at another time. The same applies.
bool MayUseTime(std::string_view text) {
  return IsTemplate(text) && (Mentions(text, "query") || Mentions(text, "now"));
}

/// `query`: the samples of an expression at `at`.
Result<Value> Query(const RuleEnvironment& environment, const std::string& expression, Millis at) {
  RuleQuery query(environment, expression);
  const Result<promql::Block> block = query.Run(at);
  if (!block) return block.error();
  Value::List samples;
  const auto add = [&](std::size_t row) {
    if (!promql::IsPresent(block->values[row])) return;
    samples.push_back(text_template::Sample(block->shape->labels[row], block->values[row]));
  };
  if (!block->order.empty()) {
    for (const std::uint32_t row : block->order) add(row);
  } else {
    for (std::size_t row = 0; row < block->values.size(); ++row) add(row);
  }
  return Value::OfList(std::move(samples));
}

}  // namespace

struct AlertTemplates::Text {
  std::string name;
  std::string text;  ///< As it is, if it is no template.
  Symbol label = Symbol(name);
  Symbol value = {};  ///< The text of a label that is no template: the same for all alerts.
  std::optional<Template> parsed = {};
  std::string failure = {};  ///< Why it does not parse.

  bool is_template() const { return parsed.has_value() || !failure.empty(); }
};

AlertTemplates::AlertTemplates(const Rule& rule, const RuleEnvironment& environment)
    : rule_(rule), environment_(environment), name_{Symbol("alertname"), Symbol(rule.name)} {
  const auto functions = RuleFunctions(RuleContext());
  const auto parse = [&](const std::string& name, const std::string& text) {
    Text made{.name = name, .text = text};
    if (!IsTemplate(text)) {
      made.value = Symbol(text);
      return made;
    }
    Result<Template> parsed =
        Template::Parse("__alert_" + rule.name, text, functions,
                        {.prelude = text_template::kRulePrelude, .library = nullptr});
    if (parsed) {
      made.parsed = std::move(*parsed);
    } else {
      made.failure = parsed.error().message;
    }
    return made;
  };
  for (const auto& [name, text] : rule.labels) {
    labels_.push_back(parse(name, text));
    labels_use_value_ |= MayUseValue(text);
    labels_use_time_ |= MayUseTime(text);
  }
  for (const auto& [name, text] : rule.annotations) {
    annotations_.push_back(parse(name, text));
    annotations_use_time_ |= MayUseTime(text);
  }
}

AlertTemplates::~AlertTemplates() = default;

/// What the templates of one sample are executed on; made when the first one needs it.
class AlertTemplates::Execution {
 public:
  Execution(const RuleEnvironment& environment, const Sample& sample, const Labels& rule_labels)
      : functions_(
            RuleFunctions({.now = TimePoint(Duration(sample.at)),
                           .external_url = environment.external_url,
                           .query =
                               [&environment, at = sample.at](const std::string& expression) {
                                 return Query(environment, expression, at);
                               }})),
        data_(Value::OfRecord({{"Labels", Value::OfLabels(sample.labels)},
                               {"ExternalLabels", Value::OfLabels(environment.external_labels)},
                               {"ExternalURL", environment.external_url},
                               {"Value", sample.value},
                               {"RuleLabels", Value::OfLabels(rule_labels)}})) {}

  Result<std::string> Execute(const Template& parsed) const {
    return parsed.Execute(data_, functions_);
  }

 private:
  text_template::Functions functions_;
  Value data_;
};

Labels AlertTemplates::AlertLabels(const Sample& sample) const {
  static const Symbol kMetricName(kMetricNameLabel);
  LabelsBuilder builder(sample.labels);
  builder.Remove({&kMetricName, 1});
  std::optional<Execution> execution;
  for (const Text& text : labels_) {
    if (text.parsed && !execution) execution.emplace(environment_, sample, Labels());
    builder.Set(text.label, text.is_template() ? Symbol(Expand(text, execution)) : text.value);
  }
  builder.Set(name_.name, name_.value);
  return builder.Build();
}

Annotations AlertTemplates::ExpandAnnotations(const Sample& sample, const Labels& alert) const {
  Annotations annotations;
  annotations.reserve(annotations_.size());
  std::optional<Execution> execution;
  for (const Text& text : annotations_) {
    if (text.parsed && !execution) execution.emplace(environment_, sample, RuleLabels(alert));
    annotations.emplace_back(text.name, Expand(text, execution));
  }
  return annotations;
}

Labels AlertTemplates::RuleLabels(const Labels& alert) const {
  LabelsBuilder builder;
  for (const Text& text : labels_) builder.Set(text.name, alert.Get(text.name));
  return builder.Build();
}

std::string AlertTemplates::Expand(const Text& text,
                                   const std::optional<Execution>& execution) const {
  if (!text.is_template()) return text.text;
  TemplateCounts* const counts = environment_.template_counts;
  if (counts != nullptr) counts->expansions.fetch_add(1, std::memory_order_relaxed);
  const std::string name = "__alert_" + rule_.name;
  std::string failure = "error parsing template " + name + ": " + text.failure;
  if (text.parsed) {
    Result<std::string> expanded = execution->Execute(*text.parsed);
    if (expanded) return std::move(*expanded);
    failure = "error executing template " + name + ": " + expanded.error().message;
  }
  if (counts != nullptr) counts->failures.fetch_add(1, std::memory_order_relaxed);
  LogFailure(failure);
  return "<error expanding template: " + failure + ">";
}

void AlertTemplates::LogFailure(const std::string& failure) const {
  {
    const MutexLock lock(mutex_);
    if (logged_.size() >= kMostLogged || !logged_.insert(failure).second) return;
  }
  environment_.log->Warn("alert template fails", {{"alert", rule_.name}, {"error", failure}});
}

}  // namespace tocsin

#include "rules/alert_templates.h"

namespace tocsin {

struct AlertTemplates::Text {
  std::string name;
  std::string text;
};

AlertTemplates::AlertTemplates(const Rule& rule, const RuleEnvironment& environment)
    : rule_(rule), environment_(environment) {
  for (const auto& [name, text] : rule.labels) labels_.push_back({name, text});
  for (const auto& [name, text] : rule.annotations) annotations_.push_back({name, text});
}

AlertTemplates::~AlertTemplates() = default;

Labels AlertTemplates::AlertLabels(const Sample& sample) const {
  LabelsBuilder builder(sample.labels);
  builder.Remove(kMetricNameLabel);
  for (const Text& text : labels_) builder.Set(text.name, Expand(text, sample, Labels()));
  builder.Set("alertname", rule_.name);
  return builder.Build();
}

Annotations AlertTemplates::ExpandAnnotations(const Sample& sample, const Labels& alert) const {
  LabelsBuilder rule_labels;
  for (const Text& text : labels_) rule_labels.Set(text.name, alert.Get(text.name));
  const Labels built = rule_labels.Build();
  Annotations annotations;
  annotations.reserve(annotations_.size());
  for (const Text& text : annotations_) {
    annotations.emplace_back(text.name, Expand(text, sample, built));
  }
  return annotations;
}

std::string AlertTemplates::Expand(const Text& text, const Sample&, const Labels&) const {
  return text.text;
}

}  // namespace tocsin

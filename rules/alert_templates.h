// The texts of an alerting rule: its labels and annotations, expanded for one sample.

#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/alert.h"
#include "base/labels.h"
#include "base/mutex.h"
#include "rules/rule_environment.h"
#include "rules/rule_file.h"
#include "rules/storage/sample.h"

namespace tocsin {

/// The templates of one rule, parsed once. A template that fails gives the text
/// `<error expanding template: ...>`; each reason is logged once, and no more than ten.
///
/// Safe for concurrent use. The rule and the environment must outlive it.
class AlertTemplates {
 public:
  AlertTemplates(const Rule& rule, const RuleEnvironment& environment);
  ~AlertTemplates();

  /// What the templates see.
  struct Sample {
    Labels labels;  ///< As the expression gave them.
    double value = 0;
    Millis at = 0;  ///< Of the evaluation: for `query` and `now`.
  };

  /// The sample's labels without the metric name, the rule's labels over them, and `alertname` over
  /// all.
  Labels AlertLabels(const Sample& sample) const;
  /// `alert` is what AlertLabels() gave: `.RuleLabels` are taken from it.
  Annotations ExpandAnnotations(const Sample& sample, const Labels& alert) const;

  /// Whether AlertLabels() may differ for the same sample labels: with the value, or with every
  /// evaluation (`query`, `now`).
  bool labels_use_value() const { return labels_use_value_; }
  bool labels_use_time() const { return labels_use_time_; }
  /// Whether annotations may differ for the same labels and value.
  bool annotations_use_time() const { return annotations_use_time_; }

 private:
  struct Text;
  class Execution;

  /// Of the labels of an alert those that the rule has given it.
  Labels RuleLabels(const Labels& alert) const;
  /// `execution` may be empty for what is no template.
  std::string Expand(const Text& text, const std::optional<Execution>& execution) const;
  void LogFailure(const std::string& failure) const;

  const Rule& rule_;
  const RuleEnvironment& environment_;
  const Label name_;  ///< That every alert of the rule has: `alertname`.
  std::vector<Text> labels_;
  std::vector<Text> annotations_;
  bool labels_use_value_ = false;
  bool labels_use_time_ = false;
  bool annotations_use_time_ = false;

  mutable Mutex mutex_;
  static constexpr std::size_t kMostLogged = 10;
  mutable std::set<std::string> logged_ TOCSIN_GUARDED_BY(mutex_);
};

}  // namespace tocsin

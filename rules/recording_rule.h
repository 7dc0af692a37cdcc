// A rule that writes the result of an expression as new series.

#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/labels.h"
#include "base/result.h"
#include "rules/evaluated_rule.h"
#include "rules/rule_query.h"

namespace tocsin {

/// Source: Prometheus' documentation, "Defining recording rules".
class RecordingRule final : public EvaluatedRule {
 public:
  RecordingRule(std::shared_ptr<const Rule> rule, const RuleSettings& settings,
                std::shared_ptr<const RuleEnvironment> environment);

 private:
  /// What the rows of a result are recorded as. Made once for each shape.
  struct Layout {
    promql::ShapePtr shape;
    std::vector<Labels> labels;
    bool may_collide = false;  ///< Several rows are recorded as the same series.
  };

  RuleOutcome EvaluateAt(Millis at) override;
  RuleOutcome EndAt(Millis at) override;
  void TakeOverFrom(EvaluatedRule& old) override;

  Status CheckLimit(const promql::Block& block) const;
  Layout LayOut(const promql::ShapePtr& shape) const;
  void UpdateSeries(const promql::Block& block);

  RuleQuery query_;
  Layout layout_;
  std::vector<SeriesWriter::Handle> handles_;  ///< Of each row; kNone where it has no value.
  /// Of rows of an earlier layout: released once the rows of the new one are known.
  std::vector<SeriesWriter::Handle> outdated_;
};

}  // namespace tocsin

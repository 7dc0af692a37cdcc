// Why an alert's condition does not hold any more.

#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/labels.h"
#include "base/result.h"
#include "rules/active_alert.h"
#include "rules/alert_life.h"
#include "rules/result_lookup.h"
#include "rules/rule_environment.h"
#include "rules/rule_policy.h"
#include "rules/rule_query.h"

namespace tocsin {

/// An alert, pending or firing, that an evaluation has not found.
struct AbsentAlert {
  std::uint32_t slot = 0;                    ///< The caller's.
  std::uint32_t row = ResultLookup::kNoRow;  ///< In which it last was: a guess where to look.
  Labels sample_labels;
  AlertState state = AlertState::kFiring;
  bool ends = false;          ///< Nothing but a policy could keep it active.
  std::uint32_t missing = 0;  ///< Before, then after this evaluation, see ActiveAlert.

  // What was found out.
  Sighting sighting = Sighting::kFalse;
  std::optional<double> value;  ///< What its expression is without the comparison.
};

/// Tells a condition that is false from a series that is gone and from a source that is down, and
/// applies the rule's policy. Its queries are made only when an alert calls for them.
///
/// One thread at a time. The policy and what the environment points to must outlive it.
class Absence {
 public:
  /// `condition` is the rule's own expression.
  Absence(const RulePolicy& policy, const RuleQuery& condition, const RuleEnvironment& environment);

  /// Judges `alerts` by the samples at `at`. Fails if a query does.
  Status Judge(std::span<AbsentAlert> alerts, Millis at);

 private:
  bool NeedsValue(const AbsentAlert& alert) const;
  Status FindValues(std::span<AbsentAlert> alerts, Millis at);
  Status ApplyMissing(std::span<AbsentAlert> alerts, Millis at);
  Status ApplyResolveExpr(std::span<AbsentAlert> alerts, Millis at);
  bool IsSourceDown(const Labels& series, Millis at);
  void CountMissing(AbsentAlert& alert, bool is_source_down) const;

  const RulePolicy& policy_;
  const RuleEnvironment& environment_;
  std::optional<ResultLookup> values_;  ///< Nothing if the condition has no comparison.
  std::optional<ResultLookup> resolve_;
  std::optional<ResultLookup> down_;  ///< Of sources; nothing if nobody asks.
};

}  // namespace tocsin

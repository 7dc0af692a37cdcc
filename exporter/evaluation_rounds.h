// Notices when every rule group has been evaluated.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "rules/rule_view.h"

namespace tocsin {

/// What can be seen of the progress of rules. Safe for concurrent use.
struct RuleProgress {
  /// The groups in force; without their alerts.
  std::function<std::vector<GroupView>()> groups;
  /// Changes whenever an evaluation has ended. Costs nothing.
  std::function<std::uint64_t()> evaluations;
};

/// Counts rounds: in each of them, every group that is in force at its end has ended an evaluation.
/// A group that a reload has replaced begins anew. One thread at a time.
class EvaluationRounds {
 public:
  explicit EvaluationRounds(RuleProgress progress) : progress_(std::move(progress)) {}

  /// Whether a round has ended; the next one begins then. Never without groups.
  bool HasEnded();

 private:
  using Counts = std::map<std::pair<std::string, std::string>, std::uint64_t>;

  const RuleProgress progress_;
  std::uint64_t looked_at_ = 0;  ///< `evaluations` at the last look.
  Counts before_;                ///< Iterations, by file and name, when the round began.
};

}  // namespace tocsin

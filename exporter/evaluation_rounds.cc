#include "exporter/evaluation_rounds.h"

namespace tocsin {

bool EvaluationRounds::HasEnded() {
  const std::uint64_t evaluations = progress_.evaluations();
  if (evaluations == looked_at_) return false;
  looked_at_ = evaluations;
  Counts now;
  bool is_complete = true;
  for (const GroupView& group : progress_.groups()) {
    auto key = std::make_pair(group.file, group.name);
    const auto found = before_.find(key);
    // Fewer than before: a reload has made another group of the same name.
    const bool is_same = found != before_.end() && found->second <= group.iterations;
    is_complete &= group.iterations > (is_same ? found->second : 0);
    now.emplace(std::move(key), group.iterations);
  }
  if (now.empty() || !is_complete) return false;
  before_ = std::move(now);
  return true;
}

}  // namespace tocsin

// Which alerts rules would have raised over samples of the past.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/alert.h"
#include "base/clock.h"
#include "base/labels.h"
#include "rules/rule_policy.h"
#include "rules/storage/sample_store.h"

namespace tocsin {

/// One alert from its first moment to its last.
struct ReplayedAlert {
  std::string file;
  std::string group;
  std::string rule;
  Labels labels;
  Annotations annotations;  ///< As they were last.
  double value = 0;         ///< As it was last.
  Millis active_at = 0;
  std::optional<Millis> fired_at;  ///< Unset: it was pending only.
  std::optional<Millis> ended_at;  ///< Unset: it still was what it was at the end.
};

struct Replayed {
  std::vector<ReplayedAlert> alerts;  ///< By the time at which they became active, then labels.
  std::uint64_t evaluations = 0;      ///< Of rules.
  std::uint64_t failures = 0;         ///< Of rules.
  std::vector<std::string> errors;    ///< The first of each rule that failed, with its name.
};

struct ReplaySettings {
  Millis start = 0;
  Millis end = 0;  ///< Not before `start`.
  Duration default_interval = std::chrono::minutes(1);
  Duration query_offset{0};  ///< Of groups that say none.
  Duration lookback = std::chrono::minutes(5);
  bool experimental = false;
  Labels external_labels;
  std::string external_url;
};

/// Evaluates `groups` at all their slots in [start, end], on what `store` holds, into which what
/// they write is appended. Groups that are due at the same moment come in their order. Rules know
/// nothing of what was before `start`, so an alert with `for` fires no earlier than that after it.
Replayed Replay(const std::vector<EffectiveGroup>& groups, SampleStore& store,
                const ReplaySettings& settings);

}  // namespace tocsin

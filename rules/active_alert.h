// One alert in the life that its rule gives it.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/alert.h"
#include "base/labels.h"
#include "rules/storage/sample.h"

namespace tocsin {

enum class AlertState { kInactive, kPending, kFiring };
/// "inactive", "pending", "firing".
std::string_view Name(AlertState state);

/// What an alerting rule knows of one alert. "Keep firing" is kFiring with keep_firing_since set;
/// resolved is kInactive with resolved_at set.
///
/// All of it is kept over a restart. Times are in milliseconds since the Unix epoch, and may be
/// negative: rules are also tested around 1970.
struct ActiveAlert {
  Labels labels;         ///< What it is: with `alertname` and the rule's labels.
  Labels sample_labels;  ///< Of the sample that raised it: what its templates see.
  double value = 0;
  AlertState state = AlertState::kPending;
  Millis active_at = 0;
  std::optional<Millis> fired_at;
  std::optional<Millis> keep_firing_since;
  std::optional<Millis> resolved_at;
  std::optional<Millis> last_sent_at;
  Millis valid_until = 0;  ///< What was told as the end of a firing alert.
  SharedAnnotations annotations;
  AlertReason reason = AlertReason::kFiring;  ///< Of the state it is in.
  /// Evaluations in a row in which its series was missing, see RulePolicy::on_missing.
  std::uint32_t missing = 0;
};

}  // namespace tocsin

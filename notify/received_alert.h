// Alerts as the notifier knows them.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/alert.h"
#include "base/clock.h"
#include "base/labels.h"

namespace tocsin::notify {

/// An alert under the labels it is routed by: with the external labels, relabelled. Immutable; a
/// copy is cheap.
struct ReceivedAlert {
  Labels labels;
  std::shared_ptr<const Alert> alert;  ///< Its own labels do not count.
  TimePoint updated_at;                ///< When it was last told of.

  /// Resolved; or, if others have posted it, not told of again until the end it was given (the Unix
  /// epoch is no end). The end of an alert of our own rules is theirs to tell: one that cannot be
  /// evaluated for a while ends nothing.
  bool IsResolved(TimePoint now) const {
    if (alert->resolved || alert->rule != nullptr) return alert->resolved;
    return alert->ends_at != TimePoint() && alert->ends_at <= now;
  }
};
using ReceivedAlerts = std::vector<ReceivedAlert>;

/// What Alertmanager calls an alert by: FNV-1a of its labels.
/// Source: prometheus/common, model/fingerprinting, LabelSet.Fingerprint.
std::uint64_t Fingerprint(const Labels& labels);
/// In 16 hexadecimal digits, as addresses and the API have it.
std::string FingerprintText(std::uint64_t fingerprint);

}  // namespace tocsin::notify

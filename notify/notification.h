// What a receiver is told about a group of alerts.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/alert.h"
#include "base/clock.h"
#include "base/labels.h"
#include "base/result.h"

namespace tocsin::notify {

/// Why a notification is sent.
enum class NotifyReason {
  kFirst,         ///< Nothing was told of this group, or all that was told is resolved.
  kNewAlerts,     ///< An alert fires that was not told of.
  kSomeResolved,  ///< Some alerts are resolved, others fire.
  kAllResolved,
  kRepeat,  ///< Nothing has changed for `repeat_interval`.
  kTest,    ///< Somebody wants to see whether it arrives.
};
/// "first notification", "new alerts added", "some alerts resolved", "all alerts resolved", "repeat
/// interval elapsed", "test".
std::string_view Name(NotifyReason reason);

/// One alert in a notification.
struct NotifiedAlert {
  Labels labels;
  Annotations annotations;
  TimePoint starts_at;
  TimePoint ends_at;  ///< The Unix epoch while it fires.
  bool resolved = false;
  AlertReason reason = AlertReason::kFiring;
  bool is_new = false;          ///< The receiver was not told that it fires.
  std::optional<double> value;  ///< Of its rule's expression, if a rule raised it.
  std::string generator_url;
  std::string expression;         ///< Empty if no rule of ours raised it.
  std::string condition;          ///< See AlertRule.
  std::uint64_t fingerprint = 0;  ///< Of `labels`.
};

/// What one receiver is told at once. Complete in itself: it can be kept and sent later, or again.
struct Notification {
  std::string event_id;   ///< A random UUID: a repeated sending has the same.
  std::string receiver;   ///< Its name in the configuration.
  std::string group_key;  ///< See GroupKey().
  Labels group_labels;
  std::vector<NotifiedAlert> alerts;  ///< By job, instance, labels.
  NotifyReason reason = NotifyReason::kFirst;
  TimePoint decided_at;

  bool is_firing() const;  ///< Whether one of its alerts fires.
};

/// Labels and annotations with the same value in all alerts.
Labels CommonLabels(const Notification& notification);
Annotations CommonAnnotations(const Notification& notification);

/// A JSON text that has all of it, and back. What alerts have in common stands in it once. Its
/// version stands in it, too, and older ones are read; parsing fails with kCorrupt.
std::string ToJson(const Notification& notification);
Result<Notification> NotificationFromJson(std::string_view text);

/// A random UUID (version 4).
std::string RandomUuid();

}  // namespace tocsin::notify

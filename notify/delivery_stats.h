// What deliveries are counted by.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/latency_histogram.h"
#include "notify/outcome.h"

namespace tocsin::notify {

/// What one destination has been sent, since the process began to know it: in alerts for an
/// Alertmanager, in deliveries for an entry of a receiver. Counters never fall. These are for the
/// metrics, all with the labels `receiver` and `target`:
///
///     tocsin_notifications_sent_total                 sent
///     tocsin_notifications_failed_total{reason}       failed[reason], kFailureReasons
///     tocsin_notifications_retried_total              retried
///     tocsin_notifications_dropped_total{reason}      dropped_full    "queue_full"
///                                                     dropped_expired "expired"
///                                                     superseded      "superseded"
///                                                     given_up        "given_up"
///     tocsin_notifications_queue_length               queue_length
///     tocsin_notifications_queue_capacity             queue_capacity
///     tocsin_notification_latency_seconds (histogram) latency
struct DeliveryStats {
  std::string receiver = "alertmanager";  ///< Its name in the configuration.
  std::string target;                     ///< Its URL, or its entry: "slack[0]".
  std::uint64_t sent = 0;                 ///< Accepted.
  /// In requests that failed, by reason; those that are tried again count in `retried`, too.
  std::array<std::uint64_t, kFailureReasons.size()> failed{};
  std::uint64_t retried = 0;          ///< Put back into the queue by a request that failed.
  std::uint64_t dropped_full = 0;     ///< The oldest, when the queue was full.
  std::uint64_t dropped_expired = 0;  ///< What they said held no longer when their turn came.
  std::uint64_t superseded = 0;       ///< A newer one took their place before they were accepted.
  std::uint64_t given_up = 0;         ///< Kept as dead letters.
  std::size_t queue_length = 0;       ///< Waiting or being sent.
  std::size_t queue_capacity = 0;     ///< 0: there is no limit.
  /// Since when the oldest has waited; nothing if none does.
  std::optional<TimePoint> oldest = std::nullopt;
  LatencyHistogram latency;  ///< Of each request, whatever became of it.
  /// From the decision to tell until it was accepted; of receivers only.
  LatencyHistogram delay;
};

}  // namespace tocsin::notify

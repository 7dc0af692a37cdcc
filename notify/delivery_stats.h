// What deliveries are counted by.

#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/clock.h"
#include "notify/outcome.h"

namespace tocsin::notify {

/// How long requests took, counted by upper bounds in seconds. One thread at a time.
struct LatencyHistogram {
  static constexpr std::array kBounds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                         0.25,  0.5,    1.0,   2.5,  5.0,   10.0};

  /// For each bound the requests above the one before, and then those above all.
  std::array<std::uint64_t, kBounds.size() + 1> counts{};
  double sum_seconds = 0;

  void Add(Duration took) {
    const double seconds = Seconds(took);
    const auto bound = std::lower_bound(kBounds.begin(), kBounds.end(), seconds);
    ++counts[static_cast<std::size_t>(bound - kBounds.begin())];
    sum_seconds += seconds;
  }
};

/// What one destination has been sent, in alerts, since the process began to know it. Counters
/// never fall. These are for the metrics, all with the labels `receiver` ("alertmanager") and
/// `target`:
///
///     tocsin_notifications_sent_total                 sent
///     tocsin_notifications_failed_total{reason}       failed[reason], kFailureReasons
///     tocsin_notifications_retried_total              retried
///     tocsin_notifications_dropped_total{reason}      dropped_full    "queue_full"
///                                                     dropped_expired "expired"
///     tocsin_notifications_queue_length               queue_length
///     tocsin_notifications_queue_capacity             queue_capacity
///     tocsin_notification_latency_seconds (histogram) latency
struct DeliveryStats {
  std::string target;      ///< Its URL.
  std::uint64_t sent = 0;  ///< Accepted.
  /// In requests that failed, by reason; those that are tried again count in `retried`, too.
  std::array<std::uint64_t, kFailureReasons.size()> failed{};
  std::uint64_t retried = 0;          ///< Put back into the queue by a request that failed.
  std::uint64_t dropped_full = 0;     ///< The oldest, when the queue was full.
  std::uint64_t dropped_expired = 0;  ///< What they said held no longer when their turn came.
  std::size_t queue_length = 0;
  std::size_t queue_capacity = 0;
  LatencyHistogram latency;  ///< Of each request, whatever became of it.
};

}  // namespace tocsin::notify

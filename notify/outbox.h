// Deliveries that wait for one destination.

#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "notify/receiver.h"

namespace tocsin::notify {

/// A delivery that was decided and not yet accepted.
struct PendingDelivery {
  std::int64_t id = 0;  ///< Of its row in NotifyStore; newer ones are greater.
  Delivery delivery;
  TimePoint created_at;
  int attempts = 0;
};

/// What waits, oldest first; of each key one that is being sent at most, and one that waits: a
/// newer one takes its place (see Coalesce()). Unbounded: who fills it is bounded by the alerts
/// there are.
///
/// Pure: time is handed in. One thread at a time.
class Outbox {
 public:
  /// Returns the id of the delivery whose place this takes, which is not sent any more.
  std::optional<std::int64_t> Push(PendingDelivery delivery);

  /// The oldest whose key is not being sent and whose pause is over; it is being sent from now on.
  std::optional<PendingDelivery> Take(SteadyPoint now);
  /// What Take() gave is done with, one way or the other.
  void Finish(const PendingDelivery& taken);
  /// What Take() gave is to be tried again, from `when` on, unless a newer one waits: then its id
  /// is returned, and it is coalesced into the newer.
  std::optional<std::int64_t> Retry(PendingDelivery taken, SteadyPoint when);

  /// When Take() may give something that it does not give now; nothing if that is not a matter of
  /// time.
  std::optional<SteadyPoint> NextPauseEnd() const;
  /// Ends all pauses.
  void EndPauses();

  std::size_t size() const;  ///< Waiting or being sent.
  std::optional<TimePoint> oldest() const;
  std::vector<PendingDelivery> All() const;

 private:
  struct Waiting {
    PendingDelivery pending;
    SteadyPoint not_before;
  };
  std::list<Waiting> waiting_;
  std::unordered_map<std::string, std::list<Waiting>::iterator> by_key_;
  std::unordered_map<std::string, TimePoint> in_flight_;
};

/// What to say instead of both: `newer`, and of `older` the alerts that were resolved and that
/// `newer` does not have, so that nobody misses their end. Its event is `newer`'s.
Notification Coalesce(const Notification& older, Notification newer);

/// Lets through so many per second, and a burst. Pure. One thread at a time.
class TokenBucket {
 public:
  explicit TokenBucket(RateLimit limit) : limit_(limit), tokens_(limit.burst) {}
  /// Takes a token; or nothing, and says from when on there is one.
  std::optional<SteadyPoint> Take(SteadyPoint now);

 private:
  RateLimit limit_;
  double tokens_;
  std::optional<SteadyPoint> last_;
};

}  // namespace tocsin::notify

// Deliveries that wait for one destination.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "notify/receiver.h"

namespace tocsin::notify {

/// A delivery that was decided and not yet accepted.
struct PendingDelivery {
  std::int64_t id = 0;  ///< Of its row in NotifyStore; newer ones are greater.
  Delivery delivery;
  TimePoint created_at;  ///< Of the oldest it has taken the place of.
  int attempts = 0;
};

/// What waits, oldest first; of each key one that is being sent at most, and one that waits: a
/// newer one takes its place in the queue (see Coalesce()). Unbounded: who fills it is bounded by
/// the alerts there are. No call but All() and EndPauses() takes longer the more there is.
///
/// Pure: time is handed in. One thread at a time.
class Outbox {
 public:
  /// Returns the delivery whose place this takes, which is not sent any more. A pause of that one
  /// goes on.
  std::optional<PendingDelivery> Push(PendingDelivery delivery);
  /// What waits under a key and is not being sent; null if nothing does.
  const PendingDelivery* FindWaiting(const std::string& key) const;

  /// The oldest whose key is not being sent and whose pause is over; it is being sent from now on.
  std::optional<PendingDelivery> Take(SteadyPoint now);
  bool CanTake(SteadyPoint now) const;
  /// What Take() gave is done with, one way or the other.
  void Finish(const PendingDelivery& taken);
  /// What Take() gave is to be tried again, from `when` on, unless a newer one waits: then it is
  /// coalesced into the newer, which is returned as it is now and waits until `when`. Valid until
  /// the next call.
  const PendingDelivery* Retry(PendingDelivery taken, SteadyPoint when);

  /// When Take() may give something that it does not give now; nothing if that is not a matter of
  /// time.
  std::optional<SteadyPoint> NextPauseEnd() const;
  /// Ends all pauses.
  void EndPauses();

  std::size_t size() const { return created_.size(); }  ///< Waiting or being sent.
  std::size_t in_flight() const { return in_flight_; }
  std::optional<TimePoint> oldest() const;
  std::vector<PendingDelivery> All() const;  ///< That wait, in no order.

 private:
  /// Counts what came to the queue: what is less came earlier.
  using Place = std::uint64_t;
  struct Waiting {
    PendingDelivery pending;
    Place place = 0;
    SteadyPoint not_before = SteadyPoint::min();
  };
  struct Sent {
    Place place = 0;
    TimePoint created_at;
  };
  struct Key {
    std::optional<Waiting> waiting;
    std::optional<Sent> sent;
  };
  using Keys = std::unordered_map<std::string, Key>;

  static PendingDelivery Replace(Waiting& older, PendingDelivery newer);
  void Enqueue(Keys::value_type& key);
  void ForgetAge(TimePoint created_at);

  Keys keys_;
  /// Those that may be taken, and those that may be from a time on. Keys of which one is being
  /// sent are in neither. Elements of `keys_` stay where they are.
  std::map<Place, Keys::value_type*> ready_;
  std::map<std::pair<SteadyPoint, Place>, Keys::value_type*> paused_;
  std::multiset<TimePoint> created_;
  std::size_t in_flight_ = 0;
  Place last_place_ = 0;
};

/// What to say instead of both: `newer`, and of `older` the alerts that were resolved and that
/// `newer` does not have, so that nobody misses their end. What was new in `older` still is, and
/// the first notification still is the first. Its event is `newer`'s.
Notification Coalesce(const Notification& older, Notification newer);

/// Lets through so many per second, and a burst. Pure. One thread at a time.
class TokenBucket {
 public:
  explicit TokenBucket(RateLimit limit);
  /// Takes a token; or nothing, and says from when on there is one.
  std::optional<SteadyPoint> Take(SteadyPoint now);

 private:
  RateLimit limit_;
  double tokens_;
  std::optional<SteadyPoint> last_;
};

}  // namespace tocsin::notify

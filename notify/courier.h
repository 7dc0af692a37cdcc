// Takes what waits for one destination there.

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "notify/delivery_stats.h"
#include "notify/notify_store.h"
#include "notify/outbox.h"
#include "notify/receiver.h"

namespace tocsin::notify {

/// Sends the deliveries for one entry of a receiver: of each key one at a time and in order, of
/// several keys as many at once as the entry allows, on threads that begin when there is something
/// to send. What fails for a reason that may pass is tried again, with pauses that grow (see
/// Backoff) and not faster than the entry's rate allows; while one waits out a failure that
/// concerns the whole destination (a rate limit, no connection), the others wait, too. What is
/// given up is kept as a dead letter. What came of each attempt goes to the store and into the
/// stats.
///
/// A delivery none of whose alerts fires is given up a day after it was decided; others are tried
/// until they are superseded.
///
/// The log has a line when a destination begins to fail and one when it works again, and one for
/// what is given up, a few in a minute at most.
///
/// Safe for concurrent use.
class Courier {
 public:
  static constexpr Duration kResolvedPatience = std::chrono::hours(24);

  /// `store` and what `parts` points to outlive this.
  Courier(Destination destination, std::shared_ptr<const Integration> integration,
          SenderParts parts, NotifyStore& store);
  /// Stop()s.
  ~Courier();
  Courier(const Courier&) = delete;
  Courier& operator=(const Courier&) = delete;

  /// From now on that is how the destination is spoken to; pauses end.
  void Configure(std::shared_ptr<const Integration> integration, SenderParts parts);

  /// As they were kept. Before the first Push().
  void Restore(std::vector<PendingDelivery> waiting,
               std::unordered_map<std::string, std::string> memories);

  /// The deliveries that `waiting` will take the place of, so that one transaction can say both.
  /// What has to be said of those is put into `waiting` (see Coalesce()), before it is committed.
  /// Pushing happens after the commit; between the two nothing of the same key is pushed.
  std::vector<std::int64_t> WouldSupersede(std::vector<PendingDelivery>& waiting) const;
  void Push(std::vector<PendingDelivery> waiting);

  /// Ends all pauses: what waits is tried once more. Returns at once. `idle` is called once when
  /// the courier IsIdle(), by any thread; it must not call the courier.
  void Drain(std::function<void()> idle);
  /// Whether nothing is being sent, or could be before some pause is over.
  bool IsIdle() const;
  /// Ends requests and threads. What waits stays in the store.
  void Stop();

  const Destination& destination() const { return destination_; }
  DeliveryStats stats() const;
  /// Since when every attempt has failed; nothing if the last one did not.
  std::optional<TimePoint> failing_since() const;
  std::string last_error() const;

 private:
  class Impl;
  const Destination destination_;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace tocsin::notify

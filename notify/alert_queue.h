// Alerts that wait to be sent to one receiver.

#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/alert.h"
#include "base/clock.h"
#include "base/labels.h"

namespace tocsin::notify {

/// An alert on its way, under the labels that its receiver sees.
struct OutgoingAlert {
  Labels labels;
  std::shared_ptr<const Alert> alert;  ///< Shared by all receivers; its own labels do not count.
};
using OutgoingAlerts = std::vector<OutgoingAlert>;

/// Alerts in the order in which they came, each label set once: a newer state of an alert takes the
/// place of an older one that is not sent yet. At most `capacity`; then the oldest are dropped.
///
/// Pure: it knows no clock. One thread at a time.
class AlertQueue {
 public:
  /// A resolved alert is worth sending for this long: rules tell of it no longer, either.
  static constexpr Duration kResolvedPatience = std::chrono::minutes(15);

  explicit AlertQueue(std::size_t capacity) : capacity_(capacity) {}

  std::size_t size() const { return alerts_.size(); }
  std::size_t capacity() const { return capacity_; }
  bool empty() const { return alerts_.empty(); }

  /// Returns how many alerts were dropped for it: 0 or 1.
  std::size_t Push(OutgoingAlert alert);

  struct Batch {
    OutgoingAlerts alerts;
    std::size_t expired = 0;  ///< Dropped: what they say holds no longer.
  };
  /// Takes the oldest, at most `most`. A firing alert whose `ends_at` has passed is dropped, as its
  /// receiver would take it for resolved; so is one that was resolved kResolvedPatience ago.
  Batch Take(std::size_t most, TimePoint now);

  struct Returned {
    std::size_t kept = 0;
    std::size_t dropped = 0;  ///< There was no room.
  };
  /// Puts back, in front of all others, what Take() gave and could not be sent. Those of which a
  /// newer state has come in meanwhile are forgotten.
  Returned PutBack(OutgoingAlerts alerts);

  /// Forgets all. Returns how many there were.
  std::size_t Clear();

 private:
  using Order = std::list<OutgoingAlert>;

  const std::size_t capacity_;
  Order alerts_;  ///< Oldest first.
  std::unordered_map<Labels, Order::iterator> by_labels_;
};

}  // namespace tocsin::notify

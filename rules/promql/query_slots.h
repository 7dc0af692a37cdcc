// How many queries may run at once.

#pragma once

#include <cstddef>
#include <list>
#include <stop_token>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"

namespace tocsin::promql {

/// A number of places, handed out in the order of asking. Safe for concurrent use.
class QuerySlots {
 public:
  explicit QuerySlots(std::size_t count) : free_(count) {}
  QuerySlots(const QuerySlots&) = delete;
  QuerySlots& operator=(const QuerySlots&) = delete;

  /// Waits for a place, which Leave() gives back. Fails with kTimeout at `deadline`, with
  /// kUnavailable when stopped.
  Status Enter(SteadyPoint deadline, const Clock& clock, const std::stop_token& stop);
  void Leave();

 private:
  struct Waiter {
    std::stop_source wake;
    bool granted = false;
  };

  Mutex mutex_;
  std::size_t free_ TOCSIN_GUARDED_BY(mutex_);
  std::list<Waiter*> waiting_ TOCSIN_GUARDED_BY(mutex_);
};

}  // namespace tocsin::promql

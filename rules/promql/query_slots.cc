#include "rules/promql/query_slots.h"

namespace tocsin::promql {

Status QuerySlots::Enter(SteadyPoint deadline, const Clock& clock, const std::stop_token& stop) {
  Waiter waiter;
  {
    const MutexLock lock(mutex_);
    if (free_ > 0) {
      --free_;
      return {};
    }
    waiting_.push_back(&waiter);
  }
  {
    const std::stop_callback on_stop(stop, [&waiter] { waiter.wake.request_stop(); });
    clock.WaitUntil(deadline, waiter.wake.get_token());
  }
  const MutexLock lock(mutex_);
  if (waiter.granted) return {};
  waiting_.remove(&waiter);
  if (stop.stop_requested()) {
    return Error{ErrorCode::kUnavailable, "query was canceled in query queue"};
  }
  return Error{ErrorCode::kTimeout, "query timed out in query queue"};
}

void QuerySlots::Leave() {
  const MutexLock lock(mutex_);
  if (waiting_.empty()) {
    ++free_;
    return;
  }
  // The place goes straight to the first in the queue: nobody can slip in between. Woken under the
  // lock, since the waiter is gone once it sees that it was granted.
  Waiter* const next = waiting_.front();
  waiting_.pop_front();
  next->granted = true;
  next->wake.request_stop();
}

}  // namespace tocsin::promql

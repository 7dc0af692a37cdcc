#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace tocsin {

/// A few threads for the work that may wait, with a bounded queue before them. Safe for concurrent
/// use.
class WorkerPool {
 public:
  /// Is told whether to give up: it was still waiting for a thread when the pool was stopped.
  using Job = std::function<void(bool cancelled)>;

  WorkerPool(std::size_t threads, std::size_t most_queued);
  /// Stops as Stop() does.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// Queues `job`. Returns false, and forgets it, if the queue is full or the pool is stopping.
  bool Submit(Job job);

  /// Takes no more jobs, waits for those that run, and cancels those that wait.
  void Stop();

 private:
  void Run();

  const std::size_t most_queued_;
  Mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Job> queue_ TOCSIN_GUARDED_BY(mutex_);
  bool stopping_ TOCSIN_GUARDED_BY(mutex_) = false;
  std::vector<std::jthread> threads_;
};

}  // namespace tocsin

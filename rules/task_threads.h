// Threads, as many as there are tasks at one time.

#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <string>
#include <thread>

#include "base/mutex.h"

namespace tocsin {

/// Runs every task at once: on a thread that rests, else on a new one. So no task ever waits for
/// another, and there are as many threads as tasks ran at one time, not as there are tasks. A few
/// rest when there is nothing to do; others end.
///
/// If the system gives no more threads, tasks wait for those there are. Safe for concurrent use.
class TaskThreads {
 public:
  /// Threads are called `name`, at most 15 characters. `most_resting` is at least 1.
  explicit TaskThreads(std::string name, std::size_t most_resting = 4);
  /// Runs what was given, and waits for it.
  ~TaskThreads();
  TaskThreads(const TaskThreads&) = delete;
  TaskThreads& operator=(const TaskThreads&) = delete;

  void Run(std::function<void()> task);

  /// How many threads there are.
  std::size_t size() const;

 private:
  using Threads = std::list<std::thread>;
  void Start() TOCSIN_REQUIRES(mutex_);
  void Work(Threads::iterator self);
  bool Next(std::function<void()>& task, Threads::iterator self);
  void JoinEnded();

  const std::string name_;
  const std::size_t most_resting_;
  mutable Mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::function<void()>> tasks_ TOCSIN_GUARDED_BY(mutex_);
  std::size_t resting_ TOCSIN_GUARDED_BY(mutex_) = 0;
  bool stopping_ TOCSIN_GUARDED_BY(mutex_) = false;
  Threads threads_ TOCSIN_GUARDED_BY(mutex_);
  Threads ended_ TOCSIN_GUARDED_BY(mutex_);  ///< Through, or about to be; to be joined.
};

}  // namespace tocsin

#include "rules/task_threads.h"

#include <pthread.h>

#include <algorithm>
#include <mutex>
#include <system_error>
#include <utility>

namespace tocsin {

TaskThreads::TaskThreads(std::string name, std::size_t most_resting)
    : name_(std::move(name)), most_resting_(std::max<std::size_t>(most_resting, 1)) {
  // One that never ends while the others may, so that tasks get on whatever the system refuses.
  const MutexLock lock(mutex_);
  Start();
}

TaskThreads::~TaskThreads() {
  Threads threads;
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (;;) {
    {
      const MutexLock lock(mutex_);
      threads.splice(threads.end(), ended_);
      if (threads.empty() && threads_.empty()) return;
      if (threads.empty()) threads.splice(threads.end(), threads_, threads_.begin());
    }
    threads.front().join();
    threads.pop_front();
  }
}

void TaskThreads::Run(std::function<void()> task) {
  JoinEnded();
  {
    const MutexLock lock(mutex_);
    tasks_.push_back(std::move(task));
    // Those that rest may have been woken for earlier tasks and not have taken them yet.
    if (tasks_.size() > resting_) Start();
  }
  changed_.notify_one();
}

std::size_t TaskThreads::size() const {
  const MutexLock lock(mutex_);
  return threads_.size();
}

void TaskThreads::Start() {
  const auto self = threads_.emplace(threads_.end());
  try {
    *self = std::thread([this, self] { Work(self); });
  } catch (const std::system_error&) {
    threads_.erase(self);
    if (threads_.empty()) throw;
  }
}

void TaskThreads::Work(Threads::iterator self) {
  pthread_setname_np(pthread_self(), name_.substr(0, 15).c_str());
  std::function<void()> task;
  while (Next(task, self)) {
    task();
    task = nullptr;  // What it holds is let go before the rest.
  }
}

bool TaskThreads::Next(std::function<void()>& task, Threads::iterator self) {
  const MutexLock lock(mutex_);
  if (tasks_.empty() && !stopping_ && resting_ >= most_resting_) {
    ended_.splice(ended_.end(), threads_, self);
    return false;
  }
  ++resting_;
  changed_.wait(mutex_, [&]() TOCSIN_REQUIRES(mutex_) { return stopping_ || !tasks_.empty(); });
  --resting_;
  if (tasks_.empty()) return false;
  task = std::move(tasks_.front());
  tasks_.pop_front();
  return true;
}

void TaskThreads::JoinEnded() {
  Threads ended;
  {
    const MutexLock lock(mutex_);
    ended.swap(ended_);
  }
  for (std::thread& thread : ended) thread.join();
}

}  // namespace tocsin

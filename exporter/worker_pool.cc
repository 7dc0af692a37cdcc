#include "exporter/worker_pool.h"

#include <utility>

namespace tocsin {

WorkerPool::WorkerPool(std::size_t threads, std::size_t most_queued) : most_queued_(most_queued) {
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { Run(); });
}

WorkerPool::~WorkerPool() {
  Stop();
}

bool WorkerPool::Submit(Job job) {
  const MutexLock lock(mutex_);
  if (stopping_ || queue_.size() >= most_queued_) return false;
  queue_.push_back(std::move(job));
  changed_.notify_one();
  return true;
}

void WorkerPool::Stop() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  threads_.clear();  // Joins.
}

void WorkerPool::Run() {
  while (true) {
    Job job;
    bool cancelled = false;
    {
      const MutexLock lock(mutex_);
      while (queue_.empty()) {
        if (stopping_) return;
        changed_.wait(mutex_);
      }
      job = std::move(queue_.front());
      queue_.pop_front();
      cancelled = stopping_;
    }
    job(cancelled);
  }
}

}  // namespace tocsin

// A std::mutex that clang's -Wthread-safety understands. Elsewhere the macros are empty.

#pragma once

#include <mutex>

#if defined(__clang__)
#define TOCSIN_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define TOCSIN_THREAD_ATTRIBUTE(x)
#endif

#define TOCSIN_GUARDED_BY(mutex) TOCSIN_THREAD_ATTRIBUTE(guarded_by(mutex))
#define TOCSIN_REQUIRES(mutex) TOCSIN_THREAD_ATTRIBUTE(requires_capability(mutex))

namespace tocsin {

class TOCSIN_THREAD_ATTRIBUTE(capability("mutex")) Mutex {
 public:
  void lock() TOCSIN_THREAD_ATTRIBUTE(acquire_capability()) { mutex_.lock(); }
  void unlock() TOCSIN_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

class TOCSIN_THREAD_ATTRIBUTE(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) TOCSIN_THREAD_ATTRIBUTE(acquire_capability(mutex))
      : mutex_(mutex) {
    mutex_.lock();
  }
  ~MutexLock() TOCSIN_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

}  // namespace tocsin

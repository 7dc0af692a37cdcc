// A lock that who only looks need not take.

#pragma once

#include <atomic>
#include <cstdint>

namespace tocsin {

/// A spinning lock of four bytes, for sections of at most a few hundred instructions that never
/// wait. It counts: odd while it is held, and another even number after each holder. So who only
/// looks at a few SequencedValues reads the count, them, and the count again: if it is the same
/// even number, they are of one moment. To look writes nothing, and the cache line stays with all
/// who look at it; to take the lock claims it for one processor.
///
/// Source: H.-J. Boehm, "Can Seqlocks Get Along With Programming Language Memory Models?", 2012.
class SequenceLock {
 public:
  void lock() {
    std::uint32_t count = count_.load(std::memory_order_relaxed);
    if (IsHeld(count) || !TryLock(count)) Wait();
  }
  void unlock() {
    count_.store(count_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }

  /// Before looking.
  std::uint32_t count() const { return count_.load(std::memory_order_acquire); }
  /// After looking: whether nobody has held the lock since `count` was taken.
  bool IsUntouchedSince(std::uint32_t count) const {
    return !IsHeld(count) && count_.load(std::memory_order_relaxed) == count;
  }

 private:
  static bool IsHeld(std::uint32_t count) { return count % 2 != 0; }
  bool TryLock(std::uint32_t& count) {
    return count_.compare_exchange_strong(count, count + 1, std::memory_order_acquire,
                                          std::memory_order_relaxed);
  }
  void Wait();

  std::atomic<std::uint32_t> count_ = 0;
};

/// Written under a SequenceLock, read under it or between two readings of its count. The orders
/// keep each reading between those of the count, and each writing after the count has become odd.
template <class T>
class SequencedValue {
 public:
  SequencedValue() = default;
  explicit SequencedValue(T value) : value_(value) {}
  operator T() const { return value_.load(std::memory_order_acquire); }
  SequencedValue& operator=(T value) {
    value_.store(value, std::memory_order_release);
    return *this;
  }

 private:
  std::atomic<T> value_ = T();
};

}  // namespace tocsin

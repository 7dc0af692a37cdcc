// Memory in pages of 2 MiB.

#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory_resource>
#include <stop_token>

#include "base/mutex.h"

namespace tocsin {

/// What a pool takes its larger pieces from: one after the other out of regions that the kernel may
/// put into huge pages, so that who goes through all of it looks up one page where there would be
/// 512. Small pieces come from the heap: who has little should not hold a huge page for it.
///
/// Large pieces are never given back. Safe for concurrent use. Throws std::bad_alloc.
/// Source: the kernel's documentation, "Transparent Hugepage Support".
class HugePages final : public std::pmr::memory_resource {
 public:
  static constexpr std::size_t kPage = std::size_t{2} << 20;
  /// The least that comes from a region.
  static constexpr std::size_t kLarge = std::size_t{256} << 10;
  /// How far ahead ClearAhead() goes.
  static constexpr std::size_t kAhead = 2 * kPage;

  /// Until `stop` is requested, has the kernel clear the pages that will be taken next: for a
  /// thread beside one that takes much at once, and would wait for each page. What it has cleared
  /// too much, up to kAhead, is there for later.
  void ClearAhead(const std::stop_token& stop);

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void* memory, std::size_t bytes, std::size_t alignment) override;
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
    return this == &other;
  }

  /// The next page for ClearAhead(); null if there is none yet.
  std::byte* ToClear() const TOCSIN_REQUIRES(mutex_);

  Mutex mutex_;
  std::byte* free_ TOCSIN_GUARDED_BY(mutex_) = nullptr;  ///< What is left of the last region.
  std::size_t left_ TOCSIN_GUARDED_BY(mutex_) = 0;
  std::byte* cleared_ TOCSIN_GUARDED_BY(mutex_) = nullptr;  ///< In the last region, up to here.
  std::condition_variable_any taken_;  ///< For ClearAhead(): a piece of a region.
};

}  // namespace tocsin

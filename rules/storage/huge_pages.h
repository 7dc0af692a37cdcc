// Memory in pages of 2 MiB.

#pragma once

#include <cstddef>
#include <memory_resource>

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

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void* memory, std::size_t bytes, std::size_t alignment) override;
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
    return this == &other;
  }

  Mutex mutex_;
  void* free_ TOCSIN_GUARDED_BY(mutex_) = nullptr;  ///< What is left of the last region.
  std::size_t left_ TOCSIN_GUARDED_BY(mutex_) = 0;
};

}  // namespace tocsin

#include "rules/storage/huge_pages.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

namespace tocsin {
namespace {

/// Of address space: only what is used of it becomes memory.
constexpr std::size_t kRegion = 8 * HugePages::kPage;

/// The first multiple of `unit`, a power of two, that is not below `value`.
std::uintptr_t RoundUp(std::uintptr_t value, std::size_t unit) {
  return (value + unit - 1) & ~(std::uintptr_t{unit} - 1);
}

/// `bytes`, a multiple of a page, that begin with one.
std::byte* Map(std::size_t bytes) {
  const std::size_t mapped = bytes + HugePages::kPage;
  void* const memory =
      mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  auto* const begin = static_cast<std::byte*>(memory);
  const auto address = reinterpret_cast<std::uintptr_t>(begin);
  const std::size_t before = RoundUp(address, HugePages::kPage) - address;
  if (before != 0) munmap(begin, before);
  munmap(begin + before + bytes, HugePages::kPage - before);
  // A kernel without huge pages refuses: then it is memory as any other.
  madvise(begin + before, bytes, MADV_HUGEPAGE);
  return begin + before;
}

}  // namespace

void* HugePages::do_allocate(std::size_t bytes, std::size_t alignment) {
  if (bytes < kLarge) return std::pmr::new_delete_resource()->allocate(bytes, alignment);
  const MutexLock lock(mutex_);
  void* free = free_;
  if (std::align(alignment, bytes, free, left_) == nullptr) {
    const std::size_t region = std::max(kRegion, std::size_t{RoundUp(bytes, kPage)});
    free = cleared_ = Map(region);
    left_ = region;
  }
  free_ = static_cast<std::byte*>(free) + bytes;
  left_ -= bytes;
  taken_.notify_all();
  return free;
}

std::byte* HugePages::ToClear() const {
  return cleared_ < free_ + std::min(left_, kAhead) ? cleared_ : nullptr;
}

void HugePages::ClearAhead(const std::stop_token& stop) {
  const MutexLock lock(mutex_);
  while (!stop.stop_requested()) {
    std::byte* const page = ToClear();
    if (page == nullptr) {
      taken_.wait(mutex_, stop, [&]() TOCSIN_REQUIRES(mutex_) { return ToClear() != nullptr; });
      continue;
    }
    cleared_ += kPage;
    mutex_.unlock();
    // A kernel that does not know this refuses: then whoever takes the page waits for it.
    madvise(page, kPage, MADV_POPULATE_WRITE);
    mutex_.lock();
  }
}

void HugePages::do_deallocate(void* memory, std::size_t bytes, std::size_t alignment) {
  if (bytes < kLarge) std::pmr::new_delete_resource()->deallocate(memory, bytes, alignment);
}

}  // namespace tocsin

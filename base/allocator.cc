#include "base/allocator.h"

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <limits>
#include <memory>

namespace tocsin {
namespace {

constexpr int kMiB = 1 << 20;
/// Of what is free at the end of the heap.
constexpr int kMostKept = 16 * kMiB;
/// How many allocations may have a mapping of their own: glibc's default.
constexpr int kMappings = 65536;

}  // namespace

// NOLINTBEGIN(concurrency-mt-unsafe): there is one thread yet, or malloc's own lock is taken.
void SetUpAllocator() {
  // By default glibc gives every thread an arena of its own, which keeps what was freed in it. A
  // collection's samples and a page's text are made on one thread and freed on another, so tocsin
  // would hold many times what it uses. Its threads are few and seldom allocate at the same moment.
  mallopt(M_ARENA_MAX, 1);
  // By default it gives back what is free at the end of the heap beyond 128 KiB, and the kernel
  // zeroes the same pages for the next collection: a third of what a small one costs. What is
  // larger than 4 MiB, such as a page of 100,000 series, still goes back at once.
  mallopt(M_TRIM_THRESHOLD, kMostKept);
  mallopt(M_MMAP_THRESHOLD, 4 * kMiB);
  mallopt(M_TOP_PAD, kMiB);
}

HugeHeap::HugeHeap(std::size_t bytes) {
  // The heap grows by one piece that is freed at once, and does not shrink again.
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
  mallopt(M_MMAP_MAX, 0);
  void* const piece = std::malloc(bytes);
  mallopt(M_MMAP_MAX, kMappings);
  if (piece == nullptr) return;
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  void* begin = piece;
  std::size_t left = bytes;
  // Before anything in it is written to: a huge page does not take the place of small ones.
  if (std::align(page, page, begin, left) != nullptr) madvise(begin, left, MADV_HUGEPAGE);
  std::free(piece);
}

HugeHeap::~HugeHeap() {
  mallopt(M_TRIM_THRESHOLD, kMostKept);
}
// NOLINTEND(concurrency-mt-unsafe)

}  // namespace tocsin

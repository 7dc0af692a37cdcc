#include "base/allocator.h"

#include <malloc.h>

namespace tocsin {
namespace {

constexpr int kMiB = 1 << 20;

}  // namespace

// NOLINTBEGIN(concurrency-mt-unsafe): there is one thread yet.
void SetUpAllocator() {
  // By default glibc gives every thread an arena of its own, which keeps what was freed in it. A
  // collection's samples and a page's text are made on one thread and freed on another, so tocsin
  // would hold many times what it uses. Its threads are few and seldom allocate at the same moment.
  mallopt(M_ARENA_MAX, 1);
  // By default it gives back what is free at the end of the heap beyond 128 KiB, and the kernel
  // zeroes the same pages for the next collection: a third of what a small one costs. What is
  // larger than 4 MiB, such as a page of 100,000 series, still goes back at once.
  mallopt(M_TRIM_THRESHOLD, 16 * kMiB);
  mallopt(M_MMAP_THRESHOLD, 4 * kMiB);
  mallopt(M_TOP_PAD, kMiB);
}
// NOLINTEND(concurrency-mt-unsafe)

}  // namespace tocsin

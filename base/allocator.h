// How this process gets its memory from the kernel.

#pragma once

#include <cstddef>

namespace tocsin {

/// Sets malloc up for a process that runs for months and makes its largest things again and again.
/// To be called in main() while there is one thread. Holds up to 16 MiB of what was freed
/// for what comes next.
void SetUpAllocator();

/// For as long as it lives, room at the end of the heap that the kernel fills with huge pages: for
/// who is about to take much in small pieces, and would wait for each 4 KiB that the kernel clears,
/// and then look each of them up. What is not taken stays address space, and goes back to the
/// kernel when next something large is freed.
///
/// One at a time. With a kernel without huge pages, the room is as any other.
/// Source: the kernel's documentation, "Transparent Hugepage Support".
class HugeHeap {
 public:
  explicit HugeHeap(std::size_t bytes);
  ~HugeHeap();
  HugeHeap(const HugeHeap&) = delete;
  HugeHeap& operator=(const HugeHeap&) = delete;
};

}  // namespace tocsin

// How this process gets its memory from the kernel.

#pragma once

namespace tocsin {

/// Sets malloc up for a process that runs for months and makes its largest things again and again.
/// To be called in main() while there is one thread. Holds up to 16 MiB of what was freed
/// for what comes next.
void SetUpAllocator();

}  // namespace tocsin

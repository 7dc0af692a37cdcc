#include "rules/storage/series_memory.h"

#include <system_error>

#include "base/sanitized.h"
#include "rules/storage/huge_pages.h"

namespace tocsin {
namespace {

/// Never destroyed, as what is made of it.
HugePages& Pages() {
  static auto* const kPages = new HugePages();
  return *kPages;
}

}  // namespace

std::pmr::memory_resource& SeriesMemory() {
#ifdef TOCSIN_SANITIZED
  return *std::pmr::new_delete_resource();  // So that what is used after its end is seen.
#else
  // A pool takes more from the system each time, up to so many blocks.
  constexpr std::pmr::pool_options kOptions = {.max_blocks_per_chunk = 8192,
                                               .largest_required_pool_block = 256};
  // Never destroyed: series may outlive everything that is.
  static auto* const kPool = new std::pmr::synchronized_pool_resource(kOptions, &Pages());
  return *kPool;
#endif
}

std::jthread ClearSeriesMemoryAhead() {
  try {
    return std::jthread([](const std::stop_token& stop) { Pages().ClearAhead(stop); });
  } catch (const std::system_error&) {
    return {};  // No thread to be had: then who takes a page waits for it.
  }
}

}  // namespace tocsin

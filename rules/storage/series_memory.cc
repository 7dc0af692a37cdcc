#include "rules/storage/series_memory.h"

#include "base/sanitized.h"
#include "rules/storage/huge_pages.h"

namespace tocsin {

std::pmr::memory_resource& SeriesMemory() {
#ifdef TOCSIN_SANITIZED
  return *std::pmr::new_delete_resource();  // So that what is used after its end is seen.
#else
  // A pool takes more from the system each time, up to so many blocks.
  constexpr std::pmr::pool_options kOptions = {.max_blocks_per_chunk = 8192,
                                               .largest_required_pool_block = 256};
  // Never destroyed: series may outlive everything that is.
  static auto* const kPages = new HugePages();
  static auto* const kPool = new std::pmr::synchronized_pool_resource(kOptions, kPages);
  return *kPool;
#endif
}

}  // namespace tocsin

#include "base/snapshot.h"

namespace tocsin {

std::size_t Snapshot::SampleCount() const {
  std::size_t count = 0;
  for (const FamilyPoints& family : families) {
    // A histogram's +Inf bucket and its _count are one value and two samples.
    const std::size_t shown_twice =
        family.shape->has_histograms() ? family.shape->series_count() : 0;
    count += family.values.size() + shown_twice;
  }
  return count;
}

}  // namespace tocsin

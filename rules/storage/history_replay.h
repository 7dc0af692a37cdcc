// From the bytes of a segment back into the store.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "rules/storage/history_decoder.h"
#include "rules/storage/sample_store.h"

namespace tocsin {

/// What became of one segment, or of several added up.
struct ReplayCounts {
  std::uint64_t samples = 0;          ///< The store took.
  std::uint64_t refused_samples = 0;  ///< The store did not take: its limits have changed.
  std::uint64_t lost_samples = 0;     ///< Of series whose labels were damaged.
  std::uint64_t lost_records = 0;     ///< Damaged, or not to be told without one that was.
  std::uint64_t damaged_bytes = 0;
  std::uint64_t torn_bytes = 0;  ///< Behind the last intact record.

  bool IsDamaged() const { return lost_samples + lost_records + damaged_bytes > 0; }
  ReplayCounts& operator+=(const ReplayCounts& other);
};

/// One segment after its replay.
struct ReplayedSegment {
  ReplayCounts counts;
  std::size_t intact_bytes = 0;  ///< Up to the end of the last intact record.
  std::optional<Millis> begins;  ///< The newest time in the first record.
  std::optional<Millis> newest;
  SegmentState state;  ///< To go on with the segment, if it is not damaged.
};

/// Appends to `store` what can be read of `segment`, in order, and no sample that was not written.
ReplayedSegment ReplaySegment(std::string_view segment, SampleStore& store);

}  // namespace tocsin

// /proc/diskstats: what each block device has done since the start of the system.

#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tocsin::collectors {

/// The columns after the name, in the kernel's units: sectors of 512 bytes, milliseconds.
enum class DiskColumn {
  kReadsCompleted,
  kReadsMerged,
  kSectorsRead,
  kReadMilliseconds,
  kWritesCompleted,
  kWritesMerged,
  kSectorsWritten,
  kWriteMilliseconds,
  kInProgress,
  kBusyMilliseconds,
  kWeightedMilliseconds,
  kDiscardsCompleted,
  kDiscardsMerged,
  kSectorsDiscarded,
  kDiscardMilliseconds,
  kFlushes,
  kFlushMilliseconds,
};
inline constexpr std::size_t kDiskColumns = 17;

struct DiskLine {
  std::string_view device;  ///< A view into the text.
  std::array<double, kDiskColumns> columns{};
  std::size_t count = 0;  ///< How many columns this kernel has: 11, 15 since 4.18, 17 since 5.5.
};

/// Parses the text of /proc/diskstats. Lines of partitions with four columns, as Linux before
/// 2.6.25 had them, are passed over. Fails with kCorrupt if another line makes no sense; a system
/// without disks has an empty file. Source: the kernel's documentation, admin-guide/iostats.
Result<std::vector<DiskLine>> ParseDiskstats(std::string_view text);

}  // namespace tocsin::collectors

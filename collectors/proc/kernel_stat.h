// /proc/stat: what the processors did, and what the kernel counted since it started.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tocsin::collectors {

/// The columns of a processor's line, in its order.
enum class CpuMode {
  kUser,
  kNice,
  kSystem,
  kIdle,
  kIoWait,
  kIrq,
  kSoftIrq,
  kSteal,
  kGuest,
  kGuestNice
};
inline constexpr std::size_t kCpuModes = 10;

/// The time of one processor in each mode, in ticks of USER_HZ.
struct CpuTicks {
  std::string_view cpu;  ///< Its number: "0". A view into the text.
  std::array<std::uint64_t, kCpuModes> ticks{};
  std::size_t modes = 0;  ///< How many of them this kernel has; at least 4.
};

/// Counts are since the start of the system. What a kernel does not say is not set.
struct KernelStat {
  std::vector<CpuTicks> cpus = {};  ///< Those that are online.
  std::optional<std::uint64_t> interrupts = {};
  std::optional<std::uint64_t> context_switches = {};
  std::optional<std::uint64_t> boot_time = {};  ///< In Unix seconds.
  std::optional<std::uint64_t> forks = {};
  std::optional<std::uint64_t> running = {};  ///< Processes that run or could.
  std::optional<std::uint64_t> blocked = {};  ///< Processes that wait for a disk.
};

/// Parses the text of /proc/stat. Lines that it does not know are passed over. Fails with kCorrupt
/// if one that it knows makes no sense, or none is there. Source: proc(5).
Result<KernelStat> ParseKernelStat(std::string_view text);

}  // namespace tocsin::collectors

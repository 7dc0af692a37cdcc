// Any text as a file of /proc is parsed or refused, and what is parsed lies within it. The first
// byte says which file it is.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <string_view>

#include "collectors/proc/diskstats.h"
#include "collectors/proc/kernel_stat.h"
#include "collectors/proc/meminfo.h"
#include "collectors/proc/mountinfo.h"
#include "collectors/proc/net_dev.h"
#include "collectors/proc/pressure.h"
#include "collectors/proc/protocols.h"

namespace tocsin::collectors {
namespace {

void CheckWithin(std::string_view part, std::string_view text) {
  if (part.data() < text.data() || part.data() + part.size() > text.data() + text.size()) {
    std::abort();
  }
}

void ParseStat(std::string_view text) {
  const auto stat = ParseKernelStat(text);
  if (!stat) return;
  for (const CpuTicks& cpu : stat->cpus) CheckWithin(cpu.cpu, text);
}

void ParseMemory(std::string_view text) {
  const auto fields = ParseMeminfo(text);
  if (!fields) return;
  for (const MemoryField& field : *fields) CheckWithin(field.name, text);
}

void ParseDisks(std::string_view text) {
  const auto disks = ParseDiskstats(text);
  if (!disks) return;
  for (const DiskLine& disk : *disks) {
    CheckWithin(disk.device, text);
    if (disk.count > kDiskColumns) std::abort();
  }
}

void ParseMounts(std::string_view text) {
  const auto mounts = ParseMountinfo(text);
  if (mounts && mounts->size() > text.size()) std::abort();
}

void ParseDevices(std::string_view text) {
  const auto devices = ParseNetDev(text);
  if (!devices) return;
  for (const NetDevice& device : *devices) CheckWithin(device.name, text);
}

template <auto Parse>
void ParseCounts(std::string_view text) {
  const auto counts = Parse(text);
  if (!counts) return;
  for (const ProtocolCount& count : *counts) {
    CheckWithin(count.protocol, text);
    CheckWithin(count.name, text);
  }
}

void ParseStalls(std::string_view text) {
  const auto pressure = ParsePressure(text);
  if (pressure && !pressure->some && !pressure->full) std::abort();
}

constexpr void (*kParsers[])(std::string_view) = {ParseStat,
                                                  ParseMemory,
                                                  ParseDisks,
                                                  ParseMounts,
                                                  ParseDevices,
                                                  ParseStalls,
                                                  ParseCounts<ParseProtocolPairs>,
                                                  ParseCounts<ParseSnmp6>,
                                                  ParseCounts<ParseSockstat>};

}  // namespace
}  // namespace tocsin::collectors

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  tocsin::collectors::kParsers[data[0] % std::size(tocsin::collectors::kParsers)](text);
  return 0;
}

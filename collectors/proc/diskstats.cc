#include "collectors/proc/diskstats.h"

#include "collectors/proc/fields.h"

namespace tocsin::collectors {
namespace {

constexpr std::size_t kLeastColumns = 11;
constexpr std::size_t kPartitionColumns = 4;

Result<DiskLine> ParseLine(std::string_view line) {
  DiskLine parsed;
  std::string_view rest = line;
  const bool numbered = ParseCount(TakeWord(rest)) && ParseCount(TakeWord(rest));
  parsed.device = TakeWord(rest);
  if (!numbered || parsed.device.empty()) return Malformed("two numbers and a device", line);
  while (parsed.count < kDiskColumns) {
    const std::string_view word = TakeWord(rest);
    if (word.empty()) break;
    // Signed: a bug of older kernels made what is in progress fall below 0.
    const std::optional<double> number = ParseSigned(word);
    if (!number) return Malformed("a number", word).Within(parsed.device);
    parsed.columns[parsed.count++] = *number;
  }
  if (parsed.count < kLeastColumns && parsed.count != kPartitionColumns) {
    return Malformed("at least 11 columns", line);
  }
  return parsed;
}

}  // namespace

Result<std::vector<DiskLine>> ParseDiskstats(std::string_view text) {
  std::vector<DiskLine> disks;
  while (const auto line = TakeLine(text)) {
    if (Trimmed(*line).empty()) continue;
    const Result<DiskLine> disk = ParseLine(*line);
    if (!disk) return disk.error();
    if (disk->count >= kLeastColumns) disks.push_back(*disk);
  }
  return disks;
}

}  // namespace tocsin::collectors

#include "collectors/container/start_times.h"

#include <algorithm>

#include "collectors/proc/fields.h"
#include "collectors/proc/kernel_stat.h"

namespace tocsin::collectors::container {
namespace {

constexpr double kTicksPerSecond = 100;  // USER_HZ, wherever Linux runs.
/// The field of the start time, counted from the one after the program's name.
constexpr int kStartField = 20;
/// The first of them is the oldest, unless it is not: so many are looked at.
constexpr int kMostProcesses = 32;

}  // namespace

std::optional<double> ParseStartTicks(std::string_view text) {
  // The name is in parentheses, and may hold some, and blanks.
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string_view::npos) return std::nullopt;
  std::string_view rest = text.substr(name_end + 1);
  for (int i = 1; i < kStartField; ++i) TakeWord(rest);
  return ParseSigned(TakeWord(rest));
}

std::optional<double> StartTimes::OldestTicks(std::string_view processes) {
  const Result<FileDescriptor> folder = OpenFolder(procfs_);
  if (!folder) return std::nullopt;
  std::optional<double> oldest;
  for (int i = 0; i < kMostProcesses; ++i) {
    const std::optional<std::string_view> process = TakeLine(processes);
    if (!process) break;
    const std::optional<std::uint64_t> pid = ParseCount(*process);
    // 0 is one that this process namespace does not know.
    if (!pid || *pid == 0) continue;
    if (!ReadFileAt(*folder, std::to_string(*pid) + "/stat", text_)) continue;
    const std::optional<double> ticks = ParseStartTicks(text_);
    if (ticks) oldest = std::min(*ticks, oldest.value_or(*ticks));
  }
  return oldest;
}

std::optional<double> StartTimes::BootTime() {
  const Result<std::string_view> text = stat_.Read();
  if (!text) return std::nullopt;
  const Result<KernelStat> stat = ParseKernelStat(*text);
  if (!stat || !stat->boot_time) return std::nullopt;
  return static_cast<double>(*stat->boot_time);
}

std::optional<double> StartTimes::Of(const std::string& path, ino_t inode,
                                     std::string_view processes) {
  const auto known = known_.find(path);
  if (known != known_.end() && known->second.inode == inode) {
    known->second.asked = true;
    return known->second.time;
  }
  const std::optional<double> ticks = OldestTicks(processes);
  if (!ticks) return std::nullopt;
  const std::optional<double> boot_time = BootTime();
  if (!boot_time) return std::nullopt;
  const double time = *boot_time + *ticks / kTicksPerSecond;
  known_[path] = {.inode = inode, .time = time, .asked = true};
  return time;
}

void StartTimes::EndRound() {
  std::erase_if(known_, [](const auto& known) { return !known.second.asked; });
  for (auto& [path, known] : known_) known.asked = false;
}

}  // namespace tocsin::collectors::container

#include "collectors/proc/kernel_stat.h"

#include <string>

#include "collectors/proc/fields.h"

namespace tocsin::collectors {
namespace {

constexpr std::size_t kLeastModes = 4;  // Linux 2.4 had no more.

Result<CpuTicks> ParseCpu(std::string_view cpu, std::string_view line) {
  CpuTicks parsed{.cpu = cpu};
  std::string_view rest = line;
  while (parsed.modes < kCpuModes) {
    const std::string_view word = TakeWord(rest);
    if (word.empty()) break;
    const std::optional<std::uint64_t> ticks = ParseCount(word);
    if (!ticks) return Malformed("counts of ticks", line);
    parsed.ticks[parsed.modes++] = *ticks;
  }
  if (parsed.modes < kLeastModes) return Malformed("at least 4 counts of ticks", line);
  return parsed;
}

std::optional<std::uint64_t>* CountNamed(KernelStat& stat, std::string_view key) {
  if (key == "intr") return &stat.interrupts;  // The sum; one per interrupt follows.
  if (key == "ctxt") return &stat.context_switches;
  if (key == "btime") return &stat.boot_time;
  if (key == "processes") return &stat.forks;
  if (key == "procs_running") return &stat.running;
  if (key == "procs_blocked") return &stat.blocked;
  return nullptr;
}

}  // namespace

Result<KernelStat> ParseKernelStat(std::string_view text) {
  KernelStat stat;
  bool found = false;
  const std::string_view all = text;
  while (const auto line = TakeLine(text)) {
    std::string_view rest = *line;
    const std::string_view key = TakeWord(rest);
    if (key.starts_with("cpu") && key.size() > 3) {
      const Result<CpuTicks> cpu = ParseCpu(key.substr(3), rest);
      if (!cpu) return cpu.error().Within(key);
      stat.cpus.push_back(*cpu);
    } else if (std::optional<std::uint64_t>* const count = CountNamed(stat, key)) {
      const std::string_view word = TakeWord(rest);
      *count = ParseCount(word);
      if (!*count) return Malformed("a count", word).Within(key);
    } else {
      continue;
    }
    found = true;
  }
  if (!found) return Malformed("the lines of /proc/stat", all);
  return stat;
}

}  // namespace tocsin::collectors

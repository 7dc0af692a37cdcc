#include "collectors/container/group_reader.h"

#include <algorithm>
#include <optional>

#include "collectors/proc/fields.h"
#include "collectors/proc/kept_file.h"

namespace tocsin::collectors::container {
namespace {

constexpr std::string_view kNoLimit = "max";
/// Version 1's word for "no limit" is the largest whole number of pages in 63 bits.
constexpr double kLargestLimit = 4611686018427387904.0;  // 2^62

constexpr double kSecondsPerMicrosecond = 1e-6;
constexpr double kSecondsPerNanosecond = 1e-9;
constexpr double kSecondsPerTick = 1e-2;  // USER_HZ is 100 wherever Linux runs.

}  // namespace

Result<double> ParseMemoryLimit(std::string_view text) {
  const std::string_view word = Trimmed(text);
  if (word == kNoLimit) return 0.0;
  const std::optional<double> limit = ParseSigned(word);
  if (!limit) return Malformed("a number of bytes or max", word);
  return *limit < 0 || *limit >= kLargestLimit ? 0.0 : *limit;
}

Result<CpuLimit> ParseCpuMax(std::string_view text) {
  std::string_view rest = Trimmed(text);
  const std::string_view quota = TakeWord(rest);
  const std::optional<std::uint64_t> period = ParseCount(TakeWord(rest));
  const std::optional<std::uint64_t> number = ParseCount(quota);
  if (!period || (!number && quota != kNoLimit)) {
    return Malformed("a quota or max, and a period", Trimmed(text));
  }
  if (!number) return CpuLimit{};
  return CpuLimit{static_cast<double>(*number), static_cast<double>(*period)};
}

/// Nothing there is an empty text.
Result<std::string_view> GroupReader::Read(const Hierarchy& hierarchy, const std::string& path,
                                           std::string_view file) {
  file_.assign(path, 1).append(path.size() > 1 ? "/" : "").append(file);
  const Status read = ReadFileAt(*hierarchy.root, file_, text_);
  if (!read && read.error().code == ErrorCode::kNotFound) return std::string_view();
  if (!read) return read.error();
  return std::string_view(text_);
}

Status GroupReader::ReadNumber(const Hierarchy& hierarchy, const std::string& path,
                               std::string_view file, double factor, std::optional<double>& value) {
  const Result<std::string_view> text = Read(hierarchy, path, file);
  if (!text) return text.error();
  if (text->empty()) return {};
  const std::optional<std::uint64_t> number = ParseCount(Trimmed(*text));
  if (!number) return Malformed("a number", Trimmed(*text)).Within(file);
  value = static_cast<double>(*number) * factor;
  return {};
}

template <class Take>
Status GroupReader::ReadKeys(const Hierarchy& hierarchy, const std::string& path,
                             std::string_view file, Take take) {
  const Result<std::string_view> text = Read(hierarchy, path, file);
  if (!text) return text.error();
  if (Status read = ReadKeyValues(*text, take); !read) return read.error().Within(file);
  return {};
}

Status GroupReader::ReadMemory(const std::string& path, Usage& usage) {
  if (!hierarchies_.memory) return {};
  if (Status read = ReadMemoryUse(path, usage); !read) return read;
  if (Status read = ReadMemoryLimit(path, usage); !read) return read;
  return ReadOomEvents(path, usage);
}

/// Source: cAdvisor, container/libcontainer/handler.go, setMemoryStats.
Status GroupReader::ReadMemoryUse(const std::string& path, Usage& usage) {
  const Hierarchy& memory = hierarchies_.memory;
  const bool v1 = memory.version == CgroupVersion::kV1;
  Status read = ReadNumber(memory, path, v1 ? "memory.usage_in_bytes" : "memory.current", 1,
                           usage.memory_bytes);
  if (!read) return read;

  std::optional<double> inactive;
  // Version 1 has each of them twice: for the group alone, and in total with those below it.
  const std::string_view rss = v1 ? "total_rss" : "anon";
  const std::string_view cache = v1 ? "total_cache" : "file";
  const std::string_view inactive_file = v1 ? "total_inactive_file" : "inactive_file";
  read = ReadKeys(memory, path, "memory.stat", [&](std::string_view key, double value) {
    if (key == rss) usage.rss_bytes = value;
    if (key == cache) usage.cache_bytes = value;
    if (key == inactive_file) inactive = value;
  });
  if (!read) return read;
  if (usage.memory_bytes && inactive) {
    // The two were not read at the same moment.
    usage.working_set_bytes = std::max(0.0, *usage.memory_bytes - *inactive);
  }
  return {};
}

Status GroupReader::ReadMemoryLimit(const std::string& path, Usage& usage) {
  const bool v1 = hierarchies_.memory.version == CgroupVersion::kV1;
  const std::string_view file = v1 ? "memory.limit_in_bytes" : "memory.max";
  const Result<std::string_view> text = Read(hierarchies_.memory, path, file);
  if (!text) return text.error();
  if (text->empty()) return {};  // The root of version 2 has no limit, and no file for it.
  const Result<double> limit = ParseMemoryLimit(*text);
  if (!limit) return limit.error().Within(file);
  usage.memory_limit_bytes = *limit;
  return {};
}

/// Version 1 counts them since Linux 4.13.
Status GroupReader::ReadOomEvents(const std::string& path, Usage& usage) {
  const bool v1 = hierarchies_.memory.version == CgroupVersion::kV1;
  return ReadKeys(hierarchies_.memory, path, v1 ? "memory.oom_control" : "memory.events",
                  [&](std::string_view key, double value) {
                    if (key == "oom_kill") usage.oom_events = value;
                  });
}

Status GroupReader::ReadCpu(const std::string& path, Usage& usage) {
  if (hierarchies_.cpuacct) {
    const bool v1 = hierarchies_.cpuacct.version == CgroupVersion::kV1;
    Status read = v1 ? ReadCpuTimeV1(path, usage) : ReadCpuTimeV2(path, usage);
    if (!read) return read;
  }
  if (!hierarchies_.cpu) return {};
  if (Status read = ReadCpuLimit(path, usage); !read) return read;
  return ReadThrottling(path, usage);
}

Status GroupReader::ReadCpuTimeV1(const std::string& path, Usage& usage) {
  const Hierarchy& cpuacct = hierarchies_.cpuacct;
  Status read =
      ReadNumber(cpuacct, path, "cpuacct.usage", kSecondsPerNanosecond, usage.cpu_seconds);
  if (!read) return read;
  return ReadKeys(cpuacct, path, "cpuacct.stat", [&](std::string_view key, double value) {
    if (key == "user") usage.cpu_user_seconds = value * kSecondsPerTick;
    if (key == "system") usage.cpu_system_seconds = value * kSecondsPerTick;
  });
}

Status GroupReader::ReadCpuTimeV2(const std::string& path, Usage& usage) {
  return ReadKeys(hierarchies_.cpuacct, path, "cpu.stat", [&](std::string_view key, double value) {
    if (key == "usage_usec") usage.cpu_seconds = value * kSecondsPerMicrosecond;
    if (key == "user_usec") usage.cpu_user_seconds = value * kSecondsPerMicrosecond;
    if (key == "system_usec") usage.cpu_system_seconds = value * kSecondsPerMicrosecond;
  });
}

Status GroupReader::ReadCpuLimit(const std::string& path, Usage& usage) {
  const Hierarchy& cpu = hierarchies_.cpu;
  CpuLimit limit;
  if (cpu.version == CgroupVersion::kV2) {
    const Result<std::string_view> text = Read(cpu, path, "cpu.max");
    if (!text) return text.error();
    if (text->empty()) return {};
    const Result<CpuLimit> parsed = ParseCpuMax(*text);
    if (!parsed) return parsed.error().Within("cpu.max");
    limit = *parsed;
  } else {
    const Result<std::string_view> text = Read(cpu, path, "cpu.cfs_quota_us");
    if (!text) return text.error();
    if (text->empty()) return {};
    const std::optional<double> quota = ParseSigned(Trimmed(*text));  // -1 for none.
    if (!quota) return Malformed("a number", Trimmed(*text)).Within("cpu.cfs_quota_us");
    std::optional<double> period;
    if (Status read = ReadNumber(cpu, path, "cpu.cfs_period_us", 1, period); !read) return read;
    limit = {std::max(0.0, *quota), period.value_or(0)};
  }
  if (limit.quota > 0 && limit.period > 0) {
    usage.cpu_quota = limit.quota;
    usage.cpu_period = limit.period;
  }
  return {};
}

/// Without a limit nothing is throttled, and there is nothing to show, as in cAdvisor.
Status GroupReader::ReadThrottling(const std::string& path, Usage& usage) {
  if (!usage.cpu_quota) return {};
  return ReadKeys(hierarchies_.cpu, path, "cpu.stat", [&](std::string_view key, double value) {
    if (key == "nr_periods") usage.cfs_periods = value;
    if (key == "nr_throttled") usage.cfs_throttled_periods = value;
    if (key == "throttled_usec") usage.cfs_throttled_seconds = value * kSecondsPerMicrosecond;
    if (key == "throttled_time") usage.cfs_throttled_seconds = value * kSecondsPerNanosecond;
  });
}

Status GroupReader::ReadThreads(const std::string& path, Usage& usage) {
  if (!hierarchies_.pids) return {};
  return ReadNumber(hierarchies_.pids, path, "pids.current", 1, usage.threads);
}

Result<std::string_view> GroupReader::ReadProcesses(const std::string& path) {
  return Read(hierarchies_.listed(), path, "cgroup.procs");
}

}  // namespace tocsin::collectors::container

#include "exporter/process_metrics.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>

#include "base/number.h"

namespace tocsin {
namespace {

enum Index { kCpu, kResident, kVirtual, kStart, kOpenFds, kMaxFds, kThreads };

constexpr std::array kMetrics = {
    MetricDesc{"process_cpu_seconds_total", MetricType::kCounter,
               "User and system CPU time spent by tocsin, in seconds."},
    MetricDesc{"process_resident_memory_bytes", MetricType::kGauge,
               "Memory of tocsin that is in RAM, in bytes."},
    MetricDesc{"process_virtual_memory_bytes", MetricType::kGauge,
               "Address space of tocsin, in bytes."},
    MetricDesc{"process_start_time_seconds", MetricType::kGauge,
               "When tocsin started, in seconds since the Unix epoch."},
    MetricDesc{"process_open_fds", MetricType::kGauge, "File descriptors that tocsin has open."},
    MetricDesc{"process_max_fds", MetricType::kGauge,
               "File descriptors that tocsin may have open (the soft limit)."},
    MetricDesc{"process_threads", MetricType::kGauge, "Threads of tocsin."},
};

/// /proc/self/stat is one short line: it fits, and one read() gives all of it.
std::string ReadStat() {
  std::string text(1024, '\0');
  const int file = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  const ssize_t size = read(file, text.data(), text.size());
  close(file);
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return text;
}

std::optional<double> CpuSeconds() {
  timespec used{};
  if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) != 0) return std::nullopt;
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

std::optional<double> OpenFds() {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir("/proc/self/fd"), closedir);
  if (!folder) return std::nullopt;
  int entries = 0;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody else reads this DIR.
  while (readdir(folder.get()) != nullptr) ++entries;
  constexpr int kNotCounted = 3;  // ".", ".." and the descriptor of the folder itself.
  return entries - kNotCounted;
}

std::optional<double> MaxFds() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::nullopt;
  return static_cast<double>(limit.rlim_cur);
}

}  // namespace

std::span<const MetricDesc> ProcessMetrics::Descriptions() {
  return kMetrics;
}

std::optional<ProcessStat> ParseProcessStat(std::string_view text) {
  // Fields are counted from 1; the second is "(command)", in which spaces and ")" may occur.
  const std::size_t command_end = text.rfind(") ");
  if (command_end == std::string_view::npos) return std::nullopt;
  text.remove_prefix(command_end + 2);
  constexpr int kThreadsField = 20;
  constexpr int kVirtualField = 23;
  constexpr int kResidentField = 24;
  std::array<double, kResidentField + 1> fields{};
  for (int field = 3; field <= kResidentField; ++field) {
    const std::size_t end = std::min(text.find_first_of(" \n"), text.size());
    const std::optional<double> number = ParseNumber(text.substr(0, end));
    if (!number && field != 3) return std::nullopt;  // The third is a letter, the state.
    fields[static_cast<std::size_t>(field)] = number.value_or(0);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return ProcessStat{fields[kThreadsField], fields[kVirtualField], fields[kResidentField]};
}

void ProcessMetrics::AddTo(MetricSink& points) const {
  const auto add = [&](Index index, std::optional<double> value) {
    if (value) points.Add(kMetrics[index], {}, *value);
  };
  add(kCpu, CpuSeconds());
  if (const auto stat = ParseProcessStat(ReadStat())) {
    add(kResident, stat->resident_pages * static_cast<double>(sysconf(_SC_PAGESIZE)));
    add(kVirtual, stat->virtual_bytes);
    add(kThreads, stat->threads);
  }
  add(kStart, UnixSeconds(start_));
  add(kOpenFds, OpenFds());
  add(kMaxFds, MaxFds());
}

}  // namespace tocsin

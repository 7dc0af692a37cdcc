// What the history on disk costs: while samples are appended, on disk, and at a restart.
//
//     history_bench [SERIES [COLLECTIONS]]
//
// Each in a process of its own; of the restarts the cheapest one counts. Half of the series are
// counters and gauges that change with every collection, half do not change.

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/log.h"
#include "rules/storage/history.h"
#include "tests/support/temporary_folder.h"

namespace tocsin {
namespace {

constexpr Millis kStep = 15'000;
constexpr Millis kBegin = 1'700'000'000'000;
/// What row 21 of the yardsticks demands of 100,000 series with 16 samples each.
constexpr double kMustMs = 100;

class Stopwatch {
 public:
  double milliseconds() const {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin_)
        .count();
  }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

std::vector<Labels> MakeLabels(std::size_t series) {
  std::vector<Labels> labels;
  labels.reserve(series);
  for (std::size_t i = 0; i < series; ++i) {
    labels.push_back({{"__name__", "bench_metric_" + std::to_string(i % 10)},
                      {"asset", "asset_" + std::to_string(i / 10)},
                      {"host", "host-" + std::to_string(i % 50) + ":9100"},
                      {"instance", "localhost:10061"},
                      {"job", "tocsin"}});
  }
  return labels;
}

/// The values of one collection after another.
class Values {
 public:
  explicit Values(std::size_t series) : values_(series, 1) {}

  const std::vector<double>& Next() {
    for (std::size_t i = 0; i < values_.size(); i += 4) {
      values_[i] += static_cast<double>(random_() % 100);  // A counter.
      if (i + 1 < values_.size())
        values_[i + 1] = static_cast<double>(random_()) / 1e15;  // A gauge.
    }
    return values_;
  }

 private:
  std::mt19937_64 random_{1};
  std::vector<double> values_;
};

double AppendAll(SampleStore& store, const std::vector<Labels>& labels, int collections) {
  std::vector<SeriesRef> refs;
  Values values(labels.size());
  double milliseconds = 0;
  for (int i = 0; i < collections; ++i) {
    const std::vector<double>& next = values.Next();
    const Stopwatch watch;
    store.Append(labels, refs, kBegin + i * kStep, next);
    if (i > 0) milliseconds += watch.milliseconds();  // The first one makes the series.
  }
  return milliseconds;
}

/// Runs `measure` in a process of its own, so that nothing is there yet: no texts, no memory that
/// is free already. Ends the program if it fails.
template <class Measured, class Measure>
Measured InOwnProcess(const Measure& measure) {
  static_assert(std::is_trivially_copyable_v<Measured>);
  void* const shared =
      mmap(nullptr, sizeof(Measured), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) std::abort();
  const pid_t child = fork();
  if (child == 0) {
    const Measured measured = measure();
    std::memcpy(shared, &measured, sizeof measured);
    _exit(0);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child || status != 0) std::abort();
  Measured measured;
  std::memcpy(&measured, shared, sizeof measured);
  munmap(shared, sizeof measured);
  return measured;
}

/// Bytes of memory that the process has.
double Resident() {
  std::ifstream file("/proc/self/statm");
  double pages = 0;
  file >> pages >> pages;
  return pages * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double CpuMilliseconds() {
  timespec time = {};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

struct Kept {
  double append_ms = 0;
  std::size_t disk_bytes = 0;
};

Kept Fill(const std::filesystem::path& folder, std::size_t series, int collections) {
  const SystemClock clock;
  const Log log(LogLevel::kError, LogFormat::kLogfmt);
  SampleStore store({});
  auto history = History::Open(folder, {}, store, clock, log);
  if (!history) std::abort();
  Kept kept;
  kept.append_ms = AppendAll(store, MakeLabels(series), collections);
  while ((*history)->stats().writer.queued_bytes > 0) std::this_thread::yield();
  kept.disk_bytes = (*history)->stats().writer.disk_bytes;
  return kept;
}

struct Restarted {
  double ms = 0;
  double cpu_ms = 0;
  double bytes_per_series = 0;
};

Restarted Restart(const std::filesystem::path& folder, std::size_t series, int collections) {
  const SystemClock clock;
  const Log log(LogLevel::kError, LogFormat::kLogfmt);
  const double resident = Resident();
  const double cpu = CpuMilliseconds();
  const Stopwatch watch;
  SampleStore store({});
  const auto history = History::Open(folder, {}, store, clock, log);
  const Restarted restarted{watch.milliseconds(), CpuMilliseconds() - cpu,
                            (Resident() - resident) / static_cast<double>(series)};
  if (!history || store.stats().samples != series * static_cast<std::size_t>(collections)) {
    std::abort();
  }
  return restarted;
}

void Run(std::size_t series, int collections) {
  constexpr int kRestarts = 7;
  const TemporaryFolder folder;
  const double samples = static_cast<double>(series) * collections;
  const double later_samples = samples - static_cast<double>(series);
  const auto bare_ms = InOwnProcess<double>([&] {
    SampleStore bare({});
    return AppendAll(bare, MakeLabels(series), collections);
  });
  const auto kept = InOwnProcess<Kept>([&] { return Fill(folder.path(), series, collections); });
  Restarted best;
  for (int i = 0; i < kRestarts; ++i) {
    const auto restarted =
        InOwnProcess<Restarted>([&] { return Restart(folder.path(), series, collections); });
    if (i == 0 || restarted.cpu_ms < best.cpu_ms) best = restarted;
  }
  fmt::print("| {} | {} | {:.1f} | {:.1f} | {:.2f} | {:.1f} | {:.1f} |", series, collections,
             bare_ms * 1e6 / later_samples, kept.append_ms * 1e6 / later_samples,
             static_cast<double>(kept.disk_bytes) / samples, best.ms, best.cpu_ms);
  const bool has_must = series == 100'000 && collections == 16;
  fmt::print(" {} | {:.0f} |\n", has_must ? fmt::format("{} ms", kMustMs) : std::string(),
             best.bytes_per_series);
}

}  // namespace
}  // namespace tocsin

int main(int count, char** arguments) {
  fmt::print(
      "| series | collections | append ns/sample | with history | B/sample on disk | "
      "restart ms | CPU ms | must | RSS B/series |\n|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n");
  if (count == 3) {
    tocsin::Run(std::strtoul(arguments[1], nullptr, 10), std::atoi(arguments[2]));
    return 0;
  }
  tocsin::Run(10'000, 16);
  tocsin::Run(100'000, 16);
  tocsin::Run(100'000, 160);
  return 0;
}

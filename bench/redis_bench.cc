// What a collection of the Redis collector costs this process, and how long it takes: snapshots are
// made as the runner makes them. Run by bench/redis.py, which starts the server.
//
//     redis_bench PORT COLLECTIONS
//
// Prints the CPU time of a collection and the median of its time, both in ms, and its series.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <vector>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/log.h"
#include "collectors/redis/collector.h"

namespace {

using namespace tocsin;              // NOLINT(google-build-using-namespace)
using namespace tocsin::collectors;  // NOLINT(google-build-using-namespace)

double CpuMs() {
  timespec used = {};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) * 1e3 + static_cast<double>(used.tv_nsec) / 1e6;
}

std::size_t SeriesIn(const Snapshot& snapshot) {
  std::size_t series = 0;
  for (const FamilyPoints& family : snapshot.families) series += family.shape->series_count();
  return series;
}

int Run(std::uint16_t port, int collections) {
  const SystemClock clock;
  const Log log(LogLevel::kError, LogFormat::kLogfmt, /*fd=*/2);
  redis::Settings settings;
  settings.redis.port = port;
  redis::RedisCollector collector(settings, MakeRedisConnection(settings.redis),
                                  Environment{clock, log, {}});
  std::shared_ptr<const Snapshot> snapshot;
  std::vector<double> times;
  double cpu_before = 0;
  for (int i = 0; i <= collections; ++i) {
    if (i == 1) cpu_before = CpuMs();  // The first one connects.
    const auto began = std::chrono::steady_clock::now();
    MetricSink points({1000, {}}, snapshot);
    Collection collection{points};
    const Status status =
        collector.Collect({clock.SteadyNow() + std::chrono::seconds(10), {}}, collection);
    if (!status) {
      fmt::print(stderr, "{}\n", status.error().message);
      return EXIT_FAILURE;
    }
    snapshot = points.Finish(clock.Now());
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began;
    if (i > 0) times.push_back(took.count());
  }
  const double cpu = (CpuMs() - cpu_before) / collections;
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  fmt::print("{:.3f} {:.3f} {}\n", cpu, *middle, SeriesIn(*snapshot));
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  const int port = argc == 3 ? std::atoi(argv[1]) : 0;
  const int collections = argc == 3 ? std::atoi(argv[2]) : 0;
  if (port <= 0 || port > 65535 || collections <= 0) {
    fmt::print(stderr, "usage: redis_bench PORT COLLECTIONS\n");
    return EXIT_FAILURE;
  }
  return Run(static_cast<std::uint16_t>(port), collections);
}

// What a collection of the collector `postgres` costs its own process; bench/postgres.py runs it.
//
//     PGPASSWORD=... postgres_bench HOST PORT USER DATABASE COLLECTIONS
//
// Prints the median and the 99th percentile of the time and the mean CPU time of a collection, in
// milliseconds. The collector believes that 15 s pass between two collections, so topics that it
// reads seldom come up as often as they would.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/log.h"
#include "collectors/postgres/collector.h"
#include "collectors/sql/postgres_connection.h"
#include "tests/support/fake_clock.h"

namespace tocsin::collectors::postgres {
namespace {

double CpuMs() {
  timespec spent = {};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) * 1e3 + static_cast<double>(spent.tv_nsec) / 1e6;
}

int Run(std::span<char* const> arguments) {
  PostgresOptions options;
  options.host = arguments[1];
  options.port = static_cast<std::uint16_t>(std::atoi(arguments[2]));
  options.user = arguments[3];
  options.database = arguments[4];
  options.sslmode = "disable";
  if (const char* const password = std::getenv("PGPASSWORD"); password != nullptr) {
    options.password = SecretSource::Inline(Secret(password));
  }
  const int count = std::atoi(arguments[5]);

  FakeClock clock;
  const Log log(LogLevel::kError, LogFormat::kLogfmt);
  PostgresCollector collector(100, std::make_unique<PostgresConnection>(options), {clock, log, {}});
  std::vector<double> times;
  std::shared_ptr<const Snapshot> last;
  const double cpu = CpuMs();
  for (int i = 0; i < count; ++i) {
    clock.Advance(std::chrono::seconds(15));
    const auto began = std::chrono::steady_clock::now();
    MetricSink points({}, last);
    Collection collection{points};
    const auto deadline = std::chrono::time_point_cast<Duration>(began) + std::chrono::seconds(10);
    if (const Status done = collector.Collect({deadline, {}}, collection); !done) {
      std::fputs((done.error().message + "\n").c_str(), stderr);
      return EXIT_FAILURE;
    }
    last = points.Finish(clock.Now());
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began;
    times.push_back(took.count());
  }
  std::sort(times.begin(), times.end());
  const std::size_t size = times.size();
  std::fputs(fmt::format("{:.3f} {:.3f} {:.3f} {}\n", times[size / 2], times[size * 99 / 100],
                         (CpuMs() - cpu) / count, last->SampleCount())
                 .c_str(),
             stdout);
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace tocsin::collectors::postgres

int main(int argc, char** argv) {
  if (argc != 6 || std::atoi(argv[5]) < 1) {
    std::fputs("usage: postgres_bench HOST PORT USER DATABASE COLLECTIONS\n", stderr);
    return 2;
  }
  return tocsin::collectors::postgres::Run(std::span(argv, static_cast<std::size_t>(argc)));
}

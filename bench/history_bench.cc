// What the history on disk costs: while samples are appended, on disk, and at a restart.
//
//     history_bench [SERIES [COLLECTIONS]]
//
// Half of the series are counters and gauges that change with every collection, half do not change.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>
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

void Run(std::size_t series, int collections) {
  const TemporaryFolder folder;
  const SystemClock clock;
  const Log log(LogLevel::kError, LogFormat::kLogfmt);
  const std::vector<Labels> labels = MakeLabels(series);
  const double samples = static_cast<double>(series) * collections;
  const double later_samples = samples - static_cast<double>(series);

  SampleStore bare({});
  const double bare_ms = AppendAll(bare, labels, collections);
  double kept_ms = 0;
  std::size_t disk_bytes = 0;
  {
    SampleStore store({});
    auto history = History::Open(folder.path(), {}, store, clock, log);
    if (!history) std::abort();
    kept_ms = AppendAll(store, labels, collections);
    while ((*history)->stats().writer.queued_bytes > 0) std::this_thread::yield();
    disk_bytes = (*history)->stats().writer.disk_bytes;
  }
  SampleStore store({});
  const Stopwatch watch;
  const auto history = History::Open(folder.path(), {}, store, clock, log);
  const double restart_ms = watch.milliseconds();
  if (!history || store.stats().samples != bare.stats().samples) std::abort();

  fmt::print("| {} | {} | {:.1f} | {:.1f} | {:.2f} | {:.1f} |", series, collections,
             bare_ms * 1e6 / later_samples, kept_ms * 1e6 / later_samples,
             static_cast<double>(disk_bytes) / samples, restart_ms);
  const bool has_must = series == 100'000 && collections == 16;
  fmt::print(" {} |\n", has_must ? fmt::format("{} ms", kMustMs) : std::string());
}

}  // namespace
}  // namespace tocsin

int main(int count, char** arguments) {
  fmt::print(
      "| series | collections | append ns/sample | with history | B/sample on disk | "
      "restart ms | must |\n|--:|--:|--:|--:|--:|--:|--:|\n");
  if (count == 3) {
    tocsin::Run(std::strtoul(arguments[1], nullptr, 10), std::atoi(arguments[2]));
    return 0;
  }
  tocsin::Run(10'000, 16);
  tocsin::Run(100'000, 16);
  tocsin::Run(100'000, 160);
  return 0;
}

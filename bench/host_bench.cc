// What a collection of the machine and of its containers costs: processor time of all threads, on
// the /proc and the control groups of this machine.

#include <memory>
#include <string_view>

#include <benchmark/benchmark.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/yaml.h"
#include "collectors/registry.h"

namespace tocsin::collectors {
namespace {

void Collect(benchmark::State& state, std::string_view kind) {
  Diagnostics diagnostics("options");
  const YamlNode none;
  MakeCollector make;
  {
    YamlMap options(none, diagnostics);
    make = FindCollector(kind)->configure(options);
  }
  const SystemClock clock;
  const Log log(LogLevel::kError, LogFormat::kLogfmt);
  const std::unique_ptr<Collector> collector = make({.clock = clock, .log = log, .state_file = {}});
  std::shared_ptr<const Snapshot> previous;
  for (auto _ : state) {
    MetricSink points({.max_series = 10'000, .constant_labels = {}}, previous);
    Collection collection{.points = points};
    const Attempt attempt{clock.SteadyNow() + std::chrono::seconds(10), {}};
    if (const Status collected = collector->Collect(attempt, collection); !collected) {
      state.SkipWithError(collected.error().message.c_str());
    }
    previous = points.Finish(clock.Now());
  }
  if (previous) state.counters["samples"] = static_cast<double>(previous->SampleCount());
}

BENCHMARK_CAPTURE(Collect, host, "host")->MeasureProcessCPUTime()->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(Collect, container, "container")
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace tocsin::collectors

BENCHMARK_MAIN();

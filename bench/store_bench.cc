// Speed and size of the sample store: appending, decoding, newest values, memory per series.
//
//     store_bench [--benchmark_filter=REGEX]
//
// Counters: B/series and B/sample as the process grows, B/sample as the store counts.

#include <malloc.h>
#include <unistd.h>

#include <cmath>
#include <cstdint>
#include <fstream>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "rules/storage/chunk.h"
#include "rules/storage/sample_store.h"

namespace tocsin {
namespace {

constexpr Millis kStart = 1'700'000'000'000;
constexpr Millis kInterval = 5000;
constexpr Millis kBeforeAll = std::numeric_limits<Millis>::min();
constexpr Millis kEver = std::numeric_limits<Millis>::max();

/// What the process has allocated and not freed.
std::size_t Allocated() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

/// Bytes of memory that the process has.
double Resident() {
  std::ifstream file("/proc/self/statm");
  double pages = 0;
  file >> pages >> pages;
  return pages * static_cast<double>(sysconf(_SC_PAGESIZE));
}

/// Series as a monitored fleet has them: few names, jobs and instances, one label that tells them
/// apart.
std::vector<Labels> MakeLabels(std::size_t count) {
  std::vector<Labels> labels;
  labels.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    labels.push_back(Labels{{"__name__", "metric_" + std::to_string(i % 10)},
                            {"job", "job_" + std::to_string(i % 7)},
                            {"instance", "host-" + std::to_string(i / 1000)},
                            {"env", "live"},
                            {"asset", "asset_" + std::to_string(i)}});
  }
  return labels;
}

/// Half the series constant, a quarter stepping each minute, an eighth random with three decimals,
/// an eighth counters.
class Values {
 public:
  explicit Values(std::size_t count) : values_(count), random_(1) {}

  const std::vector<double>& Next(std::size_t step) {
    for (std::size_t i = 0; i < values_.size(); ++i) {
      switch (i % 8) {
        case 0:
        case 1:
        case 2:
        case 3: values_[i] = static_cast<double>(i % 100); break;
        case 4:
        case 5: values_[i] = static_cast<double>((step + i) / 12 % 60); break;
        case 6: values_[i] = static_cast<double>(random_() % 100'000) / 1000; break;
        default: values_[i] += static_cast<double>(random_() % 50); break;
      }
    }
    return values_;
  }

 private:
  std::vector<double> values_;
  std::mt19937_64 random_;
};

/// A store with `steps` samples of each of `count` series, one each kInterval.
struct Filled {
  SampleStore store{{}};
  std::vector<Labels> labels;
  std::vector<SeriesRef> refs;
  Values values;
  std::size_t step = 0;

  Filled(std::size_t count, std::size_t steps) : labels(MakeLabels(count)), values(count) {
    while (step < steps) Append();
  }
  Millis Now() const { return kStart + static_cast<Millis>(step) * kInterval; }
  void Append() {
    ++step;
    store.Append(labels, refs, Now(), values.Next(step));
  }
};

void AppendPrepared(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  Filled filled(count, 2);
  // Values that are made beforehand, so that only appending is timed.
  std::vector<std::vector<double>> rounds;
  for (std::size_t i = 0; i < 16; ++i) rounds.push_back(filled.values.Next(i * 3));
  for (auto _ : state) {
    ++filled.step;
    filled.store.Append(filled.labels, filled.refs, filled.Now(), rounds[filled.step % 16]);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["ns/sample"] = benchmark::Counter(
      static_cast<double>(count) * 1e-9,
      benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK(AppendPrepared)->Arg(1000)->Arg(100'000)->Iterations(400);

void NewestOfEach(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  const Filled filled(count, 40);
  const auto all = filled.store.Select({});
  for (auto _ : state) {
    double sum = 0;
    for (std::size_t i = 0; i < all->size(); ++i) sum += all->Newest(i, kBeforeAll, kEver)->v;
    benchmark::DoNotOptimize(sum);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(NewestOfEach)->Arg(1000)->Arg(100'000);

/// Of series with an hour, the last state.range(0) seconds.
void ReadLast(benchmark::State& state) {
  const Filled filled(10'000, 721);
  const auto all = filled.store.Select({});
  std::size_t samples = 0;
  Samples out;
  for (auto _ : state) {
    for (std::size_t i = 0; i < all->size(); ++i) {
      out.clear();
      all->Read(i, filled.Now() - state.range(0) * 1000, filled.Now(), out);
      samples += out.size();
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(samples));
  state.counters["us/series"] = benchmark::Counter(
      static_cast<double>(all->size()) * 1e-6,
      benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK(ReadLast)->Arg(60)->Arg(300)->Arg(3600);

void DecodeChunk(benchmark::State& state) {
  std::mt19937_64 random(1);
  ChunkWriter writer;
  double counter = 0;
  for (Millis t = kStart; !writer.full(); t += kInterval) {
    counter += static_cast<double>(random() % 50);
    Sample sample{t, 1};
    switch (state.range(0)) {
      case 0: break;
      case 1: sample.t += static_cast<Millis>(random() % 9); break;
      case 2: sample.v = counter; break;
      default: sample.v = static_cast<double>(random() % 100'000) / 1000; break;
    }
    writer.Append({&sample, 1});
  }
  const auto chunk = writer.Finish();
  std::vector<Millis> t(chunk->count());
  std::vector<double> v(chunk->count());
  for (auto _ : state) {
    chunk->Decode(t.data(), v.data());
    benchmark::DoNotOptimize(v.data());
  }
  state.SetLabel(std::vector<std::string>{"constant", "jittered", "counter",
                                          "decimals"}[static_cast<std::size_t>(state.range(0))]);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(chunk->count()));
  state.counters["B/sample"] =
      static_cast<double>(chunk->MemoryBytes()) / static_cast<double>(chunk->count());
}
BENCHMARK(DecodeChunk)->DenseRange(0, 3);

/// Once 100,000 series with few samples and once with an hour of them.
void Memory(benchmark::State& state) {
  constexpr std::size_t kSeries = 100'000;
  const auto steps = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    malloc_trim(0);
    const std::size_t before = Allocated();
    const double resident = Resident();
    const auto filled = std::make_unique<Filled>(kSeries, steps);
    // The prepared lists belong to the caller.
    const std::size_t own =
        kSeries * (sizeof(Labels) + sizeof(SeriesRef) + sizeof(double)) + before;
    const SampleStore::Stats stats = filled->store.stats();
    const auto bytes = static_cast<double>(Allocated() - own);
    state.counters["B/series"] = bytes / kSeries;
    state.counters["B/series counted"] = static_cast<double>(stats.bytes) / kSeries;
    state.counters["B/series RSS"] =
        (Resident() - resident - static_cast<double>(own - before)) / kSeries;
    malloc_trim(0);
    state.counters["B/series RSS trimmed"] =
        (Resident() - resident - static_cast<double>(own - before)) / kSeries;
    state.counters["B/sample"] = bytes / static_cast<double>(stats.samples);
  }
}
BENCHMARK(Memory)->Arg(4)->Arg(721)->Iterations(1)->Unit(benchmark::kMillisecond);

void SelectEqual(benchmark::State& state) {
  const Filled filled(100'000, 1);
  const std::vector<Matcher> matchers = {*Matcher::Make(MatchType::kEqual, "__name__", "metric_3"),
                                         *Matcher::Make(MatchType::kRegexp, "job", "job_[1-3]")};
  for (auto _ : state) benchmark::DoNotOptimize(filled.store.Select(matchers));
  state.counters["series"] = static_cast<double>(filled.store.Select(matchers)->size());
}
BENCHMARK(SelectEqual)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace tocsin

BENCHMARK_MAIN();

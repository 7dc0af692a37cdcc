// What it costs to read the page of a target that is scraped again and again.

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "base/metric_sink.h"
#include "base/number.h"
#include "collectors/prometheus/page.h"
#include "collectors/prometheus/target_pages.h"
#include "rules/storage/sample_store.h"
#include "rules/storage/snapshot_appender.h"

namespace tocsin::collectors {
namespace {

constexpr std::size_t kSeriesPerFamily = 1000;

/// Half of the values are whole numbers, of the others one half has three decimals and one half 53
/// random bits.
std::string RandomValue(std::minstd_rand& random) {
  const auto whole = static_cast<double>(random() % 10'000'000);
  if (random() % 2 == 0) return FormatNumber(whole);
  if (random() % 2 == 0) return FormatNumber(whole / 1000);
  return FormatNumber(std::uniform_real_distribution<double>()(random));
}

/// The line of one series of 86 bytes or so.
std::string SeriesText(std::size_t series) {
  const std::string family = "bench_requests_" + std::to_string(series / kSeriesPerFamily);
  return family + "_total{method=\"GET\",path=\"/api/v1/items/" +
         std::to_string(series % kSeriesPerFamily) + "\",status=\"200\"} ";
}

std::string MakePage(std::size_t series, unsigned seed) {
  std::minstd_rand random(seed);
  std::string page;
  for (std::size_t i = 0; i < series; ++i) {
    if (i % kSeriesPerFamily == 0) {
      const std::string family = "bench_requests_" + std::to_string(i / kSeriesPerFamily);
      page += "# HELP " + family + "_total Requests.\n# TYPE " + family + "_total counter\n";
    }
    page += SeriesText(i) + RandomValue(random) + '\n';
  }
  return page;
}

/// `page` without every line whose number, counted from `first`, `every` divides.
std::string WithoutEvery(const std::string& page, std::size_t every, std::size_t first) {
  std::string left;
  std::size_t number = first;
  for (std::size_t begin = 0; begin < page.size();) {
    const std::size_t end = page.find('\n', begin) + 1;
    if (++number % every != 0) left.append(page, begin, end - begin);
    begin = end;
  }
  return left;
}

ScrapeRules NoLimit() {
  ScrapeRules rules;
  rules.sample_limit = 0;
  return rules;
}

void ReadByTurns(benchmark::State& state, const std::string& one, const std::string& other) {
  const ScrapeRules rules = NoLimit();
  SeriesClaims claims;
  TargetPages pages({{"job", "bench"}, {"instance", "here:80"}}, rules, claims);
  static_cast<void>(pages.Read(one));
  static_cast<void>(pages.Read(other));
  bool turn = false;
  for (auto _ : state) {
    turn = !turn;
    benchmark::DoNotOptimize(pages.Read(turn ? one : other));
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(one.size()));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

/// The same series in the same order, with other values.
void SameSeries(benchmark::State& state) {
  const auto series = static_cast<std::size_t>(state.range(0));
  ReadByTurns(state, MakePage(series, 1), MakePage(series, 2));
}
BENCHMARK(SameSeries)->Arg(1000)->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMicrosecond);

/// One series in a thousand comes, and one goes.
void SomeComeAndGo(benchmark::State& state) {
  const std::string page = MakePage(static_cast<std::size_t>(state.range(0)), 1);
  ReadByTurns(state, WithoutEvery(page, 1000, 0), WithoutEvery(page, 1000, 500));
}
BENCHMARK(SomeComeAndGo)->Arg(100'000)->Unit(benchmark::kMicrosecond);

/// A target that is seen for the first time.
void FirstPage(benchmark::State& state) {
  const std::string page = MakePage(static_cast<std::size_t>(state.range(0)), 1);
  const ScrapeRules rules = NoLimit();
  for (auto _ : state) {
    SeriesClaims claims;
    TargetPages pages({{"job", "bench"}, {"instance", "here:80"}}, rules, claims);
    benchmark::DoNotOptimize(pages.Read(page));
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(page.size()));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(FirstPage)->Arg(100'000)->Unit(benchmark::kMicrosecond);

/// From the text to the store: a whole scrape but for the network.
void IntoTheStore(benchmark::State& state) {
  const auto series = static_cast<std::size_t>(state.range(0));
  const std::string pages_text[] = {MakePage(series, 1), MakePage(series, 2)};
  const ScrapeRules rules = NoLimit();
  SeriesClaims claims;
  TargetPages pages({{"job", "bench"}, {"instance", "here:80"}}, rules, claims);
  SampleStore store({.retention = 60'000});
  SnapshotAppender appender(store, {{"job", "tocsin"}, {"instance", "here"}});
  std::int64_t seconds = 0;
  const auto scrape = [&] {
    static_cast<void>(pages.Read(pages_text[seconds % 2]));
    MetricSink sink({}, nullptr);
    pages.Pass(sink);
    seconds += 15;
    appender.Append(*sink.Finish(TimePoint(std::chrono::seconds(seconds))));
    if (seconds % 600 == 0) store.Truncate();
  };
  scrape();  // What only the first two cost is not what a target costs that is scraped for days.
  scrape();
  for (auto _ : state) scrape();
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(IntoTheStore)->Arg(100'000)->Unit(benchmark::kMicrosecond);

/// The reader for small pages, which keeps nothing.
void ParseOnce(benchmark::State& state) {
  const std::string page = MakePage(static_cast<std::size_t>(state.range(0)), 1);
  for (auto _ : state) benchmark::DoNotOptimize(ParsePage(page));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(ParseOnce)->Arg(1000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace tocsin::collectors

BENCHMARK_MAIN();

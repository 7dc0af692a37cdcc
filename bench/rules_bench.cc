// What an evaluation of rules costs: groups over a store whose series get a new sample before each
// evaluation. Only the evaluation is measured, as processor time of its thread; `min_us` is that of
// the cheapest one, which other processes have disturbed least.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "rules/group.h"
#include "rules/promql/engine.h"
#include "rules/storage/sample_store.h"

namespace tocsin {
namespace {

constexpr Millis kStep = 5'000;

class NullSink final : public AlertSink {
 public:
  void Send(std::span<const Alert>) override {}
};

/// Processor time of this thread, in seconds.
double ThreadSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// A group over a store of its own.
class Fixture {
 public:
  /// The series, and their values at a step.
  using Values = void (*)(std::size_t step, std::span<double> values);
  Fixture(std::vector<Labels> labels, Values values)
      : labels_(std::move(labels)), values_of_(values), values_(labels_.size()) {
    environment_.engine = &engine_;
    environment_.store = &store_;
    environment_.sink = &sink_;
    environment_.clock = &clock_;
    environment_.log = &log_;
  }

  void Add(Rule rule) { definition_.group.rules.push_back(std::move(rule)); }
  void AddAlert(std::string expr) {
    Rule rule;
    rule.name = "A";
    rule.expr = std::move(expr);
    rule.annotations = {{"summary", "{{ $labels.i }} is {{ $value | humanize }}"}};
    Add(std::move(rule));
  }
  void AddRecording(std::string expr) {
    Rule rule;
    rule.kind = Rule::Kind::kRecording;
    rule.name = "r";
    rule.expr = std::move(expr);
    Add(std::move(rule));
  }
  /// Appends so many steps, and then evaluates some, so that selections are made and windows full.
  void Start(std::size_t steps = 0) {
    constexpr int kEvaluations = 20;
    definition_.policies.resize(definition_.group.rules.size());
    group_ = std::make_unique<Group>(definition_, Group::Settings{}, environment_);
    for (std::size_t i = 0; i < steps; ++i) Append();
    for (int i = 0; i < kEvaluations; ++i) {
      Append();
      group_->Evaluate(now_);
    }
  }

  void Append() {
    now_ += kStep;
    values_of_(++step_, values_);
    store_.Append(labels_, refs_, now_, values_);
  }
  void Evaluate() { group_->Evaluate(now_); }
  std::size_t Alerts() const { return group_->Alerts(0).size(); }

  /// `items`: what of it the time of an evaluation is shown for.
  void Measure(benchmark::State& state, std::size_t items = 1) {
    double least = std::numeric_limits<double>::infinity();
    for (auto _ : state) {
      Append();
      const double begin = ThreadSeconds();
      Evaluate();
      const double seconds = ThreadSeconds() - begin;
      least = std::min(least, seconds);
      state.SetIterationTime(seconds);
    }
    state.counters["min_us"] = least * 1e6 / static_cast<double>(items);
  }

 private:
  SystemClock clock_;
  Log log_{LogLevel::kError, LogFormat::kLogfmt};
  SampleStore store_{{}};
  promql::Engine engine_{promql::Engine::Settings(), store_, clock_};
  NullSink sink_;
  RuleEnvironment environment_;
  EffectiveGroup definition_;
  std::unique_ptr<Group> group_;
  std::vector<Labels> labels_;
  std::vector<SeriesRef> refs_;
  Values values_of_;
  std::vector<double> values_;
  Millis now_ = 0;
  std::size_t step_ = 0;
};

/// m{i="...", instance="...", job="..."}.
std::vector<Labels> Gauges(std::size_t count) {
  std::vector<Labels> labels;
  for (std::size_t i = 0; i < count; ++i) {
    labels.push_back({{"__name__", "m"},
                      {"i", std::to_string(i)},
                      {"instance", "host-" + std::to_string(i % 100)},
                      {"job", "job-" + std::to_string(i % 10)}});
  }
  return labels;
}

/// Up by one from series to series and from step to step.
void Rise(std::size_t step, std::span<double> values) {
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(step + i);
}
/// The same, but every thousandth series jumps between 0 and 1e9.
void Jump(std::size_t step, std::span<double> values) {
  constexpr std::size_t kEvery = 1'000;
  Rise(step, values);
  for (std::size_t i = 0; i < values.size(); i += kEvery) {
    values[i] = (step + i / kEvery) % 2 == 0 ? 1e9 : 0;
  }
}

/// What a data platform has: as many series in all, half of them gauges `m` of which half never
/// change, a quarter changes each minute and a quarter always; a quarter counters `c`; a quarter
/// buckets `b`, ten to a histogram. One metric after another, as they are exposed.
constexpr std::size_t kBuckets = 10;
std::vector<Labels> Mix(std::size_t count) {
  std::vector<Labels> labels;
  const auto add = [&](std::string_view name, std::size_t number, std::string_view le) {
    labels.push_back(LabelsBuilder()
                         .Set(kMetricNameLabel, name)
                         .Set("asset", "a" + std::to_string(number))
                         .Set("instance", "host-" + std::to_string(number % 50))
                         .Set("job", "job-" + std::to_string(number % 20))
                         .Set("le", le)
                         .Build());
  };
  for (std::size_t i = 0; i < count / 2; ++i) add("m", i, "");
  for (std::size_t i = 0; i < count / 4; ++i) add("c", i, "");
  for (std::size_t i = 0; i < count / 4; ++i) {
    add("b", i / kBuckets, std::to_string(1 << i % kBuckets));
  }
  return labels;
}
double MixedGauge(std::size_t i, std::size_t step) {
  constexpr std::size_t kStepsPerMinute = 12;
  if (i % 2 == 0) return static_cast<double>(i % 997) / 1000;
  const bool is_random = i % 4 == 1;
  const std::uint64_t seed = i * 7919 + (is_random ? step : step / kStepsPerMinute) * 104729;
  return static_cast<double>((seed * 0x9e3779b97f4a7c15 >> 40) % 1000) / 1000;
}
void MixedValues(std::size_t step, std::span<double> values) {
  const std::size_t quarter = values.size() / 4;
  for (std::size_t i = 0; i < quarter * 2; ++i) values[i] = MixedGauge(i, step);
  for (std::size_t i = 0; i < quarter; ++i) {
    values[quarter * 2 + i] = static_cast<double>(step * (1 + i % 13) + i);
    values[quarter * 3 + i] = static_cast<double>(step * (1 + i % kBuckets));
  }
}

/// `m > x`: as many alerts as the argument says fire, and none comes or goes.
void BM_WideAlert(benchmark::State& state) {
  constexpr std::size_t kSeries = 50'000;
  Fixture fixture(Gauges(kSeries), Rise);
  const auto alerts = static_cast<std::size_t>(state.range(0));
  // Values go up by one for each series and step: compared with the first, the order stays.
  fixture.AddAlert("m - scalar(m{i=\"0\"}) >= " + std::to_string(kSeries - alerts));
  fixture.Start();
  fixture.Measure(state);
  state.counters["alerts"] = static_cast<double>(fixture.Alerts());
}
BENCHMARK(BM_WideAlert)
    ->Arg(0)
    ->Arg(500)
    ->Arg(2500)
    ->Arg(50'000)
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond);

/// `m > x` where 50 of the series begin or cease to fire at each evaluation.
void BM_ChangingAlert(benchmark::State& state) {
  Fixture fixture(Gauges(50'000), Jump);
  fixture.AddAlert("m > 1e6");
  fixture.Start();
  fixture.Measure(state);
}
BENCHMARK(BM_ChangingAlert)->UseManualTime()->Unit(benchmark::kMicrosecond);

/// A recording rule that writes as many series as it reads.
void BM_WideRecording(benchmark::State& state) {
  Fixture fixture(Gauges(25'000), Rise);
  fixture.AddRecording("m * 2");
  fixture.Start();
  fixture.Measure(state);
}
BENCHMARK(BM_WideRecording)->UseManualTime()->Unit(benchmark::kMicrosecond);

// One rule over a mix of series, of which it reads a half or a quarter. Arguments: how many.

constexpr std::size_t kStepsPerHour = 720;
constexpr const char* kGaugeOver = "m > 0.9985";
constexpr const char* kSumByRate = "sum by (job) (rate(c[1m])) > 1e9";
constexpr const char* kQuantile = "histogram_quantile(0.9, sum by (le, job) (rate(b[5m]))) > 1e9";
constexpr const char* kIncrease = "increase(c[1h]) > 1e9";

void MeasureMixed(benchmark::State& state, std::span<const char* const> rules,
                  std::size_t steps_before) {
  Fixture fixture(Mix(static_cast<std::size_t>(state.range(0))), MixedValues);
  for (const char* const rule : rules) fixture.AddAlert(rule);
  fixture.Start(steps_before);
  fixture.Measure(state);
}

void BM_GaugeOver(benchmark::State& state) {
  MeasureMixed(state, {{kGaugeOver}}, 0);
}
void BM_SumByRate(benchmark::State& state) {
  MeasureMixed(state, {{kSumByRate}}, 60);
}
void BM_HistogramQuantile(benchmark::State& state) {
  MeasureMixed(state, {{kQuantile}}, 60);
}
void BM_IncreaseOfAnHour(benchmark::State& state) {
  MeasureMixed(state, {{kIncrease}}, kStepsPerHour);
}
/// All of them and another wide one in one group: twelve such evaluations make a minute.
void BM_FiveRules(benchmark::State& state) {
  MeasureMixed(state, {{kGaugeOver, "m > 0.9", kSumByRate, kQuantile, kIncrease}}, kStepsPerHour);
}
BENCHMARK(BM_GaugeOver)
    ->Arg(1'000)
    ->Arg(10'000)
    ->Arg(100'000)
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_SumByRate)
    ->Arg(1'000)
    ->Arg(10'000)
    ->Arg(100'000)
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_HistogramQuantile)
    ->Arg(1'000)
    ->Arg(10'000)
    ->Arg(100'000)
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_IncreaseOfAnHour)
    ->Arg(1'000)
    ->Arg(10'000)
    ->Arg(100'000)
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_FiveRules)
    ->Arg(1'000)
    ->Arg(10'000)
    ->Arg(100'000)
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond);

// Many rules in one group. Arguments: rules, series in all. `min_us` is that of one rule.

void BM_NarrowRules(benchmark::State& state) {
  const auto rules = static_cast<std::size_t>(state.range(0));
  Fixture fixture(Mix(static_cast<std::size_t>(state.range(1))), MixedValues);
  for (std::size_t i = 0; i < rules; ++i) {
    const std::string asset = "a" + std::to_string(i % 500);
    fixture.AddAlert("avg_over_time(m{asset=\"" + asset + "\"}[1m]) > " +
                     std::to_string(2 + i / 500));
  }
  fixture.Start();
  fixture.Measure(state, rules);
}
BENCHMARK(BM_NarrowRules)
    ->Args({100, 1'000})
    ->Args({1'000, 1'000})
    ->Args({1'000, 100'000})
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond);

void BM_WideRules(benchmark::State& state) {
  const auto rules = static_cast<std::size_t>(state.range(0));
  Fixture fixture(Mix(static_cast<std::size_t>(state.range(1))), MixedValues);
  for (std::size_t i = 0; i < rules; ++i) {
    fixture.AddAlert("sum by (job) (rate(c[1m])) > " + std::to_string(1'000'000 + i));
  }
  fixture.Start();
  fixture.Measure(state, rules);
}
BENCHMARK(BM_WideRules)
    ->Args({1, 1'000})
    ->Args({100, 1'000})
    ->Args({1'000, 1'000})
    ->Args({100, 10'000})
    ->Args({1'000, 10'000})
    ->Args({100, 100'000})
    ->Args({1'000, 100'000})
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace tocsin

BENCHMARK_MAIN();

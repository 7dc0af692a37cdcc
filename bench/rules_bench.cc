// What an evaluation of rules costs: groups over a store whose series get a new sample before each
// evaluation. Only the evaluation is measured.

#include <cstddef>
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

/// Series m{i="...", job="..."} that get values every step, and one group.
class Fixture {
 public:
  explicit Fixture(std::size_t series) : values_(series) {
    for (std::size_t i = 0; i < series; ++i) {
      labels_.push_back({{"__name__", "m"},
                         {"i", std::to_string(i)},
                         {"instance", "host-" + std::to_string(i % 100)},
                         {"job", "job-" + std::to_string(i % 10)}});
    }
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
  void Start() {
    definition_.policies.resize(definition_.group.rules.size());
    group_ = std::make_unique<Group>(definition_, Group::Settings{}, environment_);
    // Selections are made, windows are full.
    for (int i = 0; i < 20; ++i) {
      Append();
      group_->Evaluate(now_);
    }
  }

  /// Values go up by one each step; every `changing`-th series jumps between 0 and 1e9.
  void Append(std::size_t changing = 0) {
    now_ += kStep;
    ++steps_;
    for (std::size_t i = 0; i < values_.size(); ++i) {
      values_[i] = static_cast<double>(steps_ + i);
      const bool jumps = changing != 0 && i % changing == 0;
      if (jumps) values_[i] = (steps_ + i / changing) % 2 == 0 ? 1e9 : 0;
    }
    store_.Append(labels_, refs_, now_, values_);
  }
  void Evaluate() { group_->Evaluate(now_); }
  std::size_t Alerts() const { return group_->Alerts(0).size(); }

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
  std::vector<double> values_;
  Millis now_ = 0;
  std::size_t steps_ = 0;
};

void Measure(benchmark::State& state, Fixture& fixture, std::size_t changing = 0) {
  for (auto _ : state) {
    state.PauseTiming();
    fixture.Append(changing);
    state.ResumeTiming();
    fixture.Evaluate();
  }
}

/// `m > x`: as many alerts as the argument says fire, and none comes or goes.
void BM_WideAlert(benchmark::State& state) {
  constexpr std::size_t kSeries = 50'000;
  Fixture fixture(kSeries);
  const auto alerts = static_cast<std::size_t>(state.range(0));
  // Values go up by one for each series and step: compared with the first, the order stays.
  fixture.AddAlert("m - scalar(m{i=\"0\"}) >= " + std::to_string(kSeries - alerts));
  fixture.Start();
  Measure(state, fixture);
  state.counters["alerts"] = static_cast<double>(fixture.Alerts());
}
BENCHMARK(BM_WideAlert)->Arg(0)->Arg(500)->Arg(2500)->Arg(50'000)->Unit(benchmark::kMicrosecond);

void BM_PlainWideAlert(benchmark::State& state) {
  Fixture fixture(50'000);
  fixture.AddAlert("m > 1e6");
  fixture.Start();
  Measure(state, fixture);
}
BENCHMARK(BM_PlainWideAlert)->Unit(benchmark::kMicrosecond);

/// `m > x` where 50 of the series begin or cease to fire at each evaluation.
void BM_ChangingAlert(benchmark::State& state) {
  constexpr std::size_t kChanging = 1'000;
  Fixture fixture(50'000);
  fixture.AddAlert("m > 1e6");
  fixture.Start();
  Measure(state, fixture, kChanging);
}
BENCHMARK(BM_ChangingAlert)->Unit(benchmark::kMicrosecond);

/// A thousand rules about one series each, of 10 000. Time is that of all of them.
void BM_NarrowRules(benchmark::State& state) {
  constexpr int kRules = 1'000;
  Fixture fixture(10'000);
  for (int i = 0; i < kRules; ++i) fixture.AddAlert("m{i=\"" + std::to_string(i) + "\"} > 1e6");
  fixture.Start();
  Measure(state, fixture);
  state.SetItemsProcessed(state.iterations() * kRules);
}
BENCHMARK(BM_NarrowRules)->Unit(benchmark::kMicrosecond);

void BM_SumByRate(benchmark::State& state) {
  Fixture fixture(25'000);
  Rule rule;
  rule.kind = Rule::Kind::kRecording;
  rule.name = "r";
  rule.expr = "sum by (job) (rate(m[1m]))";
  fixture.Add(rule);
  fixture.Start();
  Measure(state, fixture);
}
BENCHMARK(BM_SumByRate)->Unit(benchmark::kMicrosecond);

/// A recording rule that writes as many series as it reads.
void BM_WideRecording(benchmark::State& state) {
  Fixture fixture(25'000);
  Rule rule;
  rule.kind = Rule::Kind::kRecording;
  rule.name = "r";
  rule.expr = "m * 2";
  fixture.Add(rule);
  fixture.Start();
  Measure(state, fixture);
}
BENCHMARK(BM_WideRecording)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace tocsin

BENCHMARK_MAIN();

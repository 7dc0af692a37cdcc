#include "rules/promql/kept_windows.h"

#include <bit>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/support/promql_fixture.h"

namespace tocsin::promql {
namespace {

constexpr Millis kRetention = 25 * kMinute;

/// All that can be seen of a result, values by their bits.
std::string Bits(const QueryOutcome& outcome) {
  if (!outcome) return outcome.error().message;
  std::string text;
  const auto add = [&](double v) { text += std::to_string(std::bit_cast<std::uint64_t>(v)) + " "; };
  if (const auto* const block = std::get_if<Block>(&outcome->value)) {
    for (std::size_t i = 0; i < block->values.size(); ++i) {
      if (IsAbsent(block->values[i])) continue;
      text += block->shape->labels[i].ToString() + " ";
      add(block->values[i]);
    }
  } else if (const auto* const ranges = std::get_if<RangeBlock>(&outcome->value)) {
    for (std::size_t i = 0; i < ranges->samples.size(); ++i) {
      text += ranges->shape->labels[i].ToString() + " ";
      for (const Millis t : ranges->samples[i].t) text += std::to_string(t) + " ";
      for (const double v : ranges->samples[i].v) add(v);
    }
  }
  return text;
}

/// Series that do whatever series may do, from one moment to the next.
class RandomSeries {
 public:
  RandomSeries(SampleStore& store, std::uint32_t seed) : store_(store), random_(seed) {}

  bool Happens(unsigned percent) { return random_() % 100 < percent; }
  Millis UpTo(Millis most) {
    return static_cast<Millis>(random_() % static_cast<std::uint64_t>(most + 1));
  }

  /// What comes until `now`, which lies ten seconds after the last time.
  void Append(Millis now) {
    if (Happens(3)) ++first_;  // One goes, another comes.
    for (std::uint32_t i = first_; i < first_ + kSeries; ++i) {
      if (i % 5 == 4 && now / kMinute % 7 < 3) continue;  // A gap.
      AppendTo(i, now);
    }
  }

 private:
  static constexpr std::uint32_t kSeries = 10;

  void AppendTo(std::uint32_t i, Millis now) {
    if (!Happens(90)) return;
    const Labels labels({{"__name__", "c"}, {"i", std::to_string(i)}});
    values_.resize(std::max<std::size_t>(values_.size(), i + 1));
    double& value = values_[i];
    value = Happens(5) ? 0 : value + static_cast<double>(UpTo(1000)) / 7;
    const Millis jitter = UpTo(4'000);
    std::vector<SampleStore::Entry> batch;
    if (Happens(20)) batch.push_back({labels, {now - jitter - 4'000, value / 2}});
    batch.push_back({labels, {now - jitter, Happens(4) ? kStaleNan : value}});
    store_.Append(batch);
  }

  SampleStore& store_;
  std::mt19937 random_;
  std::uint32_t first_ = 0;
  std::vector<double> values_;
};

struct KeptFixture {
  SampleStore store{{.retention = kRetention}};
  FakeClock clock;
};

BOOST_FIXTURE_TEST_SUITE(kept_windows_test, KeptFixture)

BOOST_AUTO_TEST_CASE(TheResultIsThatOfReadingEverything) {
  const std::vector<std::string> expressions = {
      "rate(c[1m])",
      "increase(c[5m])",
      "increase(c[20m])",
      "increase(c[40m])",  // Longer than the retention.
      "delta(c[15m] offset 90s)",
      "rate(c[3m] offset -20s)",
      "irate(c[1m])",
      "resets(c[10m])",
      "changes(c[2m])",
      "avg_over_time(c[30m])",
      "quantile_over_time(0.7, c[2m])",
      "deriv(c[10m])",
      "last_over_time(c[20s])",
      "absent_over_time(c{i=\"3\"}[30s])",
      "increase(c[5m] @ 1200)",
      "rate(c[1m] @ end())",
      "sum by (j) (rate(c{i=~\".*[0-4]\"}[1m])) > 1",
      "max_over_time(rate(c[1m])[5m:20s])",
      "rate(c[2m]) / ignoring(x) increase(c[2m])",
      "c[2m]",
  };
  constexpr std::size_t kEnough = std::size_t{1} << 30;
  Millis now = 0;
  for (const std::size_t most : {kEnough, std::size_t{300'000}, std::size_t{0}}) {
    Engine::Settings settings;
    settings.max_window_bytes = most;
    const Engine engine(settings, store, clock);
    std::vector<PreparedQuery> kept;
    std::vector<PreparedQuery> full;
    for (const std::string& text : expressions) {
      kept.push_back(std::get<PreparedQuery>(engine.Prepare(text)));
      full.push_back(std::get<PreparedQuery>(engine.Prepare(text)));
    }
    RandomSeries series(store, static_cast<std::uint32_t>(most));
    for (int step = 0; step < 500; ++step) {
      now += 10 * kSecond;
      series.Append(now);
      if (step % 40 == 39) store.Truncate();
      for (std::size_t i = 0; i < expressions.size(); ++i) {
        // Now and then a time is left out, or comes again, or lies in the past.
        if (series.Happens(10)) continue;
        const Millis at = series.Happens(4) ? now - series.UpTo(kMinute) : now;
        const std::string expected = Bits(engine.Instant(full[i], at, {}));
        const std::string found = Bits(engine.Instant(kept[i], at, {.keep_windows = true}));
        BOOST_REQUIRE_MESSAGE(found == expected, expressions[i] << " at " << at << ": " << found
                                                                << " instead of " << expected);
      }
      BOOST_REQUIRE_LE(engine.WindowBytes(), most);
    }
    BOOST_TEST((engine.WindowBytes() > 0) == (most > 0));
    kept.clear();
    BOOST_TEST(engine.WindowBytes() == 0);
  }
}

BOOST_AUTO_TEST_CASE(OneSelectorTakesAFourthOfTheAllowanceAtMost) {
  const auto allowance = std::make_shared<WindowAllowance>(40'000);
  RandomSeries series(store, 1);
  Millis now = 0;
  while (now < 20 * kMinute) series.Append(now += 10 * kSecond);
  const auto everything =
      store.Select(std::vector{*Matcher::Make(MatchType::kEqual, "__name__", "c")});
  KeptWindows windows(allowance);
  windows.Begin(everything, 0, now);
  for (std::size_t i = 0; i < everything->size(); ++i) {
    Samples samples;
    everything->Read(i, 0, now, samples);
    windows.Keep(i, samples);
  }
  BOOST_TEST(windows.bytes() > 5'000);
  BOOST_TEST(windows.bytes() <= 10'000);
  BOOST_TEST(allowance->taken() == windows.bytes());
  BOOST_TEST(windows.Advance(0, {}));
  BOOST_TEST(!windows.Advance(everything->size() - 1, {}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::promql

#include "rules/storage/sample_store.h"

#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <fstream>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "base/sanitized.h"
#include "tests/support/fake_clock.h"

namespace tocsin {
namespace {

constexpr Millis kEver = std::numeric_limits<Millis>::max();
constexpr Millis kBeforeAll = std::numeric_limits<Millis>::min();

Matcher Make(MatchType type, std::string_view name, std::string_view value) {
  Result<Matcher> matcher = Matcher::Make(type, name, value);
  BOOST_TEST_REQUIRE(static_cast<bool>(matcher));
  return *matcher;
}
Matcher Equal(std::string_view name, std::string_view value) {
  return Make(MatchType::kEqual, name, value);
}

using Matchers = std::vector<Matcher>;
using Entries = std::vector<SampleStore::Entry>;

std::vector<std::string> Texts(const Selection& selection) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < selection.size(); ++i) {
    texts.push_back(selection.labels(i).ToString());
  }
  return texts;
}

Samples ReadAll(const Selection& selection, std::size_t i, Millis after = kBeforeAll,
                Millis until = kEver) {
  Samples samples;
  selection.Read(i, after, until, samples);
  return samples;
}

void Append(SampleStore& store, const Labels& labels, Millis t, double v) {
  const SampleStore::Entry entry{labels, {t, v}};
  BOOST_TEST(store.Append({&entry, 1}).refused() == 0U);
}

std::uint64_t Bits(double v) {
  return std::bit_cast<std::uint64_t>(v);
}

/// The store as a test would write it: all samples in a map.
class Model {
 public:
  explicit Model(std::uint64_t seed) : random_(seed) {
    for (int i = 0; i < 40; ++i) {
      labels_.push_back({{"__name__", i % 3 == 0 ? "up" : "load"},
                         {"job", std::string(1, static_cast<char>('a' + i % 4))},
                         {"instance", std::to_string(i)}});
    }
  }

  void Run(SampleStore& store, int steps) {
    for (int step = 0; step < steps; ++step) {
      now_ += static_cast<Millis>(random_() % 30000);
      AppendBatch(store);
      if (step % 97 == 0) CheckAll(store);
    }
    CheckAll(store);
  }

 private:
  void AppendBatch(SampleStore& store) {
    Entries batch;
    AppendCounts expected;
    for (const Labels& labels : labels_) {
      if (random_() % 4 == 0) continue;
      const Sample sample{now_ - static_cast<Millis>(random_() % 40 == 0 ? 60000 : 0), Value()};
      batch.push_back({labels, sample});
      Expect(labels, sample, expected);
    }
    const AppendCounts counts = store.Append(batch);
    BOOST_TEST_REQUIRE(counts.appended == expected.appended);
    BOOST_TEST_REQUIRE(counts.out_of_order == expected.out_of_order);
    BOOST_TEST_REQUIRE(counts.duplicate == expected.duplicate);
  }

  void Expect(const Labels& labels, Sample sample, AppendCounts& counts) {
    std::vector<Sample>& samples = series_[labels.ToString()];
    if (samples.empty() || samples.back().t < sample.t) {
      samples.push_back(sample);
      ++counts.appended;
    } else if (samples.back().t > sample.t) {
      ++counts.out_of_order;
    } else if (Bits(samples.back().v) != Bits(sample.v)) {
      ++counts.duplicate;
    }
  }

  double Value() {
    switch (random_() % 6) {
      case 0: return kStaleNan;
      case 1: return std::bit_cast<double>(random_());
      case 2: return static_cast<double>(random_() % 1000) / 1000;
      default: return 3;
    }
  }

  void CheckAll(const SampleStore& store) {
    const auto selection = store.Select({});
    BOOST_TEST_REQUIRE(selection->size() == series_.size());
    for (std::size_t i = 0; i < selection->size(); ++i) {
      BOOST_TEST_CONTEXT(selection->labels(i).ToString()) {
        CheckSeries(*selection, i, series_[selection->labels(i).ToString()]);
      }
    }
  }

  void CheckSeries(const Selection& selection, std::size_t i, const std::vector<Sample>& samples) {
    const auto span = static_cast<std::uint64_t>(now_) + 60000;
    const Millis after = random_() % 4 == 0 ? kBeforeAll : static_cast<Millis>(random_() % span);
    const Millis until = random_() % 4 == 0 ? kEver : static_cast<Millis>(random_() % span);
    Samples expected;
    std::optional<Sample> newest;
    for (const Sample& sample : samples) {
      if (sample.t <= after || sample.t > until) continue;
      newest = sample;
      if (IsStaleNan(sample.v)) continue;
      expected.t.push_back(sample.t);
      expected.v.push_back(sample.v);
    }
    const Samples found = ReadAll(selection, i, after, until);
    BOOST_TEST_REQUIRE(found.t == expected.t, boost::test_tools::per_element());
    for (std::size_t k = 0; k < found.size(); ++k) {
      BOOST_TEST_REQUIRE(Bits(found.v[k]) == Bits(expected.v[k]));
    }
    BOOST_TEST_REQUIRE(selection.CountAtMost(i, after, until) >= found.size());
    const std::optional<Sample> found_newest = selection.Newest(i, after, until);
    BOOST_TEST_REQUIRE(found_newest.has_value() == newest.has_value());
    if (newest) {
      BOOST_TEST_REQUIRE(found_newest->t == newest->t);
      BOOST_TEST_REQUIRE(Bits(found_newest->v) == Bits(newest->v));
    }
  }

  std::mt19937_64 random_;
  Millis now_ = 1000;
  std::vector<Labels> labels_;
  std::map<std::string, std::vector<Sample>> series_;
};

/// A store with a few series to be selected.
struct Shop {
  SampleStore store{{}};

  Shop() {
    for (const Labels& labels : {
             Labels{{"__name__", "up"}, {"job", "api"}, {"env", "test"}},
             Labels{{"__name__", "up"}, {"job", "api"}, {"env", "live"}},
             Labels{{"__name__", "up"}, {"job", "db"}},
             Labels{{"__name__", "load"}, {"job", "db"}},
             Labels{{"job", "bare"}},
         }) {
      Append(store, labels, 1000, 1);
    }
  }
};

struct SelectCase {
  std::vector<std::tuple<MatchType, std::string_view, std::string_view>> matchers;
  std::vector<std::string> expected;
};

constexpr MatchType kEq = MatchType::kEqual;
constexpr MatchType kNe = MatchType::kNotEqual;
constexpr MatchType kRe = MatchType::kRegexp;
constexpr MatchType kNr = MatchType::kNotRegexp;

const std::string kLoad = R"(load{job="db"})";
const std::string kDb = R"(up{job="db"})";
const std::string kTest = R"(up{env="test", job="api"})";
const std::string kLive = R"(up{env="live", job="api"})";
const std::string kBare = R"({job="bare"})";

const SelectCase kSelectCases[] = {
    {{}, {kLoad, kLive, kTest, kDb, kBare}},
    {{{kEq, "__name__", "up"}}, {kLive, kTest, kDb}},
    {{{kEq, "__name__", "gone"}}, {}},
    {{{kEq, "other", "x"}}, {}},
    {{{kEq, "__name__", "up"}, {kEq, "env", "test"}}, {kTest}},
    {{{kEq, "__name__", "up"}, {kNe, "env", "test"}}, {kLive, kDb}},
    {{{kEq, "__name__", "up"}, {kEq, "env", ""}}, {kDb}},
    {{{kNe, "env", ""}}, {kLive, kTest}},
    {{{kEq, "env", ""}}, {kLoad, kDb, kBare}},
    {{{kEq, "other", ""}, {kEq, "job", "bare"}}, {kBare}},
    {{{kNe, "other", ""}}, {}},
    {{{kRe, "env", "test|live"}}, {kLive, kTest}},
    {{{kRe, "env", "test|"}}, {kLoad, kTest, kDb, kBare}},
    {{{kRe, "env", "t.*"}}, {kTest}},
    {{{kRe, "env", ".*"}}, {kLoad, kLive, kTest, kDb, kBare}},
    {{{kRe, "env", ".+"}}, {kLive, kTest}},
    {{{kNr, "env", ".+"}}, {kLoad, kDb, kBare}},
    {{{kNr, "env", "test|live"}}, {kLoad, kDb, kBare}},
    {{{kNr, "env", "test|"}}, {kLive}},
    {{{kNr, "env", "t.*"}}, {kLoad, kLive, kDb, kBare}},
    {{{kRe, "job", "a.*|d.*"}, {kNr, "__name__", "u."}}, {kLoad}},
    {{{kRe, "job", "a.*"}, {kEq, "__name__", "up"}, {kRe, "env", ".*i.*"}}, {kLive}},
};

Matchers MakeAll(const SelectCase& row) {
  Matchers matchers;
  for (const auto& [type, name, value] : row.matchers) {
    matchers.push_back(Make(type, name, value));
  }
  return matchers;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sample_store_test)

BOOST_AUTO_TEST_CASE(TheStoreDoesWhatAMapDoes) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      SampleStore store({});
      Model(seed).Run(store, 700);
    }
  }
}

BOOST_AUTO_TEST_CASE(MatchersSelectAndLabelsOrder) {
  const Shop shop;
  for (const SelectCase& row : kSelectCases) {
    const Matchers matchers = MakeAll(row);
    std::string text;
    for (const Matcher& matcher : matchers) text += matcher.ToString() + ' ';
    BOOST_TEST_CONTEXT(text) {
      BOOST_TEST(Texts(*shop.store.Select(matchers)) == row.expected,
                 boost::test_tools::per_element());
    }
  }
}

BOOST_AUTO_TEST_CASE(AnUnchangedAnswerIsTheSameObject) {
  Shop shop;
  const Matchers db = {Equal("job", "db")};
  const auto first = shop.store.Select(db);
  BOOST_TEST(shop.store.Select(db, first).get() == first.get());
  const std::uint64_t generation = shop.store.generation();
  Append(shop.store, {{"__name__", "other"}, {"job", "x"}}, 1000, 1);
  BOOST_TEST(shop.store.generation() != generation);
  BOOST_TEST(shop.store.Select(db, first).get() == first.get());
  Append(shop.store, {{"__name__", "more"}, {"job", "db"}}, 1000, 1);
  const auto second = shop.store.Select(db, first);
  BOOST_TEST(second.get() != first.get());
  BOOST_TEST(Texts(*second) == (std::vector<std::string>{kLoad, R"(more{job="db"})", kDb}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(AppendingToAKnownSeriesKeepsTheGeneration) {
  Shop shop;
  const std::uint64_t generation = shop.store.generation();
  Append(shop.store, {{"job", "bare"}}, 2000, 1);
  BOOST_TEST(shop.store.generation() == generation);
}

BOOST_AUTO_TEST_CASE(NamesAndValuesAreSortedAndOfWhatMatches) {
  const Shop shop;
  using Texts = std::vector<std::string>;
  BOOST_TEST(shop.store.LabelNames({}) == (Texts{"__name__", "env", "job"}));
  BOOST_TEST(shop.store.LabelNames(Matchers{Equal("job", "bare")}) == (Texts{"job"}));
  BOOST_TEST(shop.store.LabelValues("job", {}) == (Texts{"api", "bare", "db"}));
  BOOST_TEST(shop.store.LabelValues("job", Matchers{Equal("__name__", "up")}) ==
             (Texts{"api", "db"}));
  BOOST_TEST(shop.store.LabelValues("none", {}) == Texts{});
}

BOOST_AUTO_TEST_CASE(TheLargestCountsComeFirst) {
  const Shop shop;
  const Cardinality top = shop.store.TopCardinality(1);
  BOOST_TEST(top.series_by_metric[0].name == "up");
  BOOST_TEST(top.series_by_metric[0].value == 3U);
  BOOST_TEST(top.values_by_label[0].name == "job");
  BOOST_TEST(top.values_by_label[0].value == 3U);
  BOOST_TEST(top.series_by_pair[0].name == "__name__=up");
  BOOST_TEST(top.bytes_by_label[0].name == "job");
  BOOST_TEST(top.bytes_by_label[0].value == 14U);
}

BOOST_AUTO_TEST_CASE(OrderAndDuplicatesAreRefusedAndCounted) {
  SampleStore store({});
  const Labels up = {{"__name__", "up"}};
  const AppendCounts counts = store.Append(Entries{{up, {1000, 1}},
                                                   {up, {1000, 1}},
                                                   {up, {1000, 2}},
                                                   {up, {999, 1}},
                                                   {up, {1001, kStaleNan}},
                                                   {up, {1001, kStaleNan}}});
  BOOST_TEST(counts.appended == 2U);
  BOOST_TEST(counts.duplicate == 1U);
  BOOST_TEST(counts.out_of_order == 1U);
  BOOST_TEST(counts.refused() == 2U);
  BOOST_TEST(store.stats().samples == 2U);
}

BOOST_AUTO_TEST_CASE(TooManySeriesAreRefusedAndTheOthersGoOn) {
  SampleStore store({.max_series = 2});
  Entries entries;
  for (int i = 0; i < 5; ++i) entries.push_back({{{"i", std::to_string(i)}}, {1000, 1}});
  AppendCounts counts = store.Append(entries);
  BOOST_TEST(counts.appended == 2U);
  BOOST_TEST(counts.series_limit == 3U);
  for (SampleStore::Entry& entry : entries) entry.sample.t = 2000;
  counts = store.Append(entries);
  BOOST_TEST(counts.appended == 2U);
  BOOST_TEST(counts.series_limit == 3U);
  BOOST_TEST(store.stats().series == 2U);
  BOOST_TEST(store.stats().appends.series_limit == 6U);
}

BOOST_AUTO_TEST_CASE(AtTheLimitOfBytesTheOldestGoAndNewSeriesAreRefused) {
  constexpr std::size_t kMostBytes = 200'000;
  SampleStore store({.max_bytes = kMostBytes});
  std::mt19937_64 random(1);
  std::vector<Labels> labels;
  for (int i = 0; i < 20; ++i) labels.push_back({{"i", std::to_string(i)}});
  std::vector<SeriesRef> refs;
  for (Millis t = 0; t < 5'000'000; t += 1000) {
    std::vector<double> values;
    for (int i = 0; i < 20; ++i) values.push_back(static_cast<double>(random()));
    BOOST_TEST_REQUIRE(store.Append(labels, refs, t, values).appended == 20U);
    BOOST_TEST_REQUIRE(store.stats().bytes < kMostBytes + kMostBytes / 8);
  }
  BOOST_TEST(*store.stats().oldest > 3'500'000);
  BOOST_TEST(store.stats().bytes > kMostBytes / 2);

  SampleStore small({.max_bytes = 20'000});
  AppendCounts counts;
  for (int i = 0; i < 500; ++i) {
    const SampleStore::Entry entry{{{"i", std::to_string(i)}}, {1000, 1}};
    counts += small.Append({&entry, 1});
  }
  BOOST_TEST(counts.appended > 10U);
  BOOST_TEST(counts.appended + counts.bytes_limit == 500U);
  BOOST_TEST(small.stats().bytes < 21'000U);
  Append(small, {{"i", "0"}}, 2000, 1);
}

BOOST_AUTO_TEST_CASE(WhatIsTooFarAheadIsRefused) {
  const FakeClock clock{TimePoint(Duration(1000))};
  SampleStore store({.clock = &clock});
  const Millis latest = 1000 + SampleStore::kMostAhead.count();
  const Labels up = {{"__name__", "up"}};
  const AppendCounts counts = store.Append(Entries{{up, {latest, 1}}, {up, {latest + 1, 1}}});
  BOOST_TEST(counts.appended == 1U);
  BOOST_TEST(counts.too_far_ahead == 1U);
}

BOOST_AUTO_TEST_CASE(AClockThatStepsBackLeavesNothingAheadOfIt) {
  constexpr Millis kYear = 365LL * 24 * 3600 * 1000;
  FakeClock clock{TimePoint(Duration(kYear))};
  SampleStore store({.retention = 1'000'000, .clock = &clock});
  const Labels up = {{"__name__", "up"}};
  const Labels other = {{"__name__", "other"}};
  Append(store, up, kYear, 1);
  clock.SetWall(TimePoint(Duration(5'000)));
  BOOST_TEST(store.Append(Entries{{up, {5000, 2}}}).out_of_order == 1U);
  Append(store, other, 5000, 1);
  store.Truncate();
  BOOST_TEST(store.stats().series == 1U);
  BOOST_TEST((store.stats().newest == 5000));
  Append(store, up, 6000, 2);
  store.Truncate();
  BOOST_TEST(store.stats().series == 2U);
}

BOOST_AUTO_TEST_CASE(PreparedAppendsFindTheirSeriesAgain) {
  SampleStore store({.retention = 10000});
  const std::vector<Labels> labels = {{{"i", "0"}}, {{"i", "1"}}};
  std::vector<SeriesRef> refs;
  const std::vector<double> values = {1, 2};
  for (Millis t = 1000; t < 60000; t += 1000) {
    BOOST_TEST_REQUIRE(store.Append(labels, refs, t, values).appended == 2U);
  }
  Append(store, {{"other", "x"}}, 100000, 1);
  store.Truncate();
  BOOST_TEST(store.stats().series == 1U);
  BOOST_TEST(store.Append(labels, refs, 100000, values).appended == 2U);
  BOOST_TEST(store.stats().series == 3U);
  BOOST_TEST(ReadAll(*store.Select(Matchers{Equal("i", "1")}), 0).size() == 1U);
}

BOOST_AUTO_TEST_CASE(RetentionDropsWholeChunksAndEndedSeries) {
  SampleStore store({.retention = 1'000'000});
  const Labels old = {{"__name__", "old"}};
  const Labels live = {{"__name__", "live"}};
  for (Millis t = 0; t < 5'000'000; t += 1000) {
    if (t < 2'000'000) Append(store, old, t, 1);
    Append(store, live, t, 1);
  }
  const auto before = store.Select({});
  const SampleStore::Stats full = store.stats();
  store.Truncate();
  const SampleStore::Stats stats = store.stats();
  BOOST_TEST(stats.series == 1U);
  BOOST_TEST(stats.bytes < full.bytes);
  BOOST_TEST(*stats.newest == 4'999'000);
  BOOST_TEST(*stats.oldest <= 3'999'000);
  BOOST_TEST(*stats.oldest > 3'999'000 - 241'000);
  const auto after = store.Select({}, before);
  BOOST_TEST_REQUIRE(after->size() == 1U);
  BOOST_TEST(after->labels(0).metric_name() == "live");
  BOOST_TEST(ReadAll(*after, 0).size() == stats.samples);
  BOOST_TEST(ReadAll(*before, 1).size() == 2000U);  // What is dropped stays for who has it.
  store.Truncate();
  BOOST_TEST(store.stats().samples == stats.samples);
}

BOOST_AUTO_TEST_CASE(TheAccountOfBytesBalances) {
  SampleStore store({.retention = 100'000});
  std::mt19937_64 random(1);
  for (Millis t = 0; t < 3'000'000; t += 1000) {
    Append(store, {{"a", std::to_string(t / 200'000)}}, t, static_cast<double>(random()));
    if (t % 500'000 == 0) store.Truncate();
  }
  Append(store, {{"b", "x"}}, 10'000'000, 1);
  store.Truncate();
  SampleStore fresh({});
  Append(fresh, {{"b", "x"}}, 10'000'000, 1);
  BOOST_TEST(store.stats().samples == 1U);
  BOOST_TEST(store.stats().chunks == 0U);
  BOOST_TEST(store.stats().bytes <= fresh.stats().bytes + 4096);
}

BOOST_AUTO_TEST_CASE(ASampleBeforeTheNewestOneIsFoundEverywhere) {
  SampleStore store({});
  const Labels up = {{"__name__", "up"}};
  for (Millis t = 1; t <= 1000; ++t) Append(store, up, t * 10, static_cast<double>(t));
  const auto all = store.Select({});
  for (Millis t = 1; t <= 1000; ++t) {
    const std::optional<Sample> found = all->Newest(0, kBeforeAll, t * 10 + 5);
    BOOST_TEST_REQUIRE((found && found->t == t * 10 && found->v == static_cast<double>(t)));
  }
  BOOST_TEST(!all->Newest(0, 10000, kEver));
  BOOST_TEST(!all->Newest(0, kBeforeAll, 9));
  BOOST_TEST(!all->Newest(0, 5001, 5009));
}

BOOST_AUTO_TEST_CASE(TheNewestOfManyAreThoseOfEach) {
  constexpr int kSeries = 300;
  constexpr std::size_t kBegin = 40;
  SampleStore store({});
  for (int i = 0; i < kSeries; ++i) {
    const Labels labels = {{"i", std::to_string(i)}};
    // Some have ended, some are too old, some have a newer one than is asked for, or nothing else.
    for (const Millis t : {500 + i, 5000 + i}) {
      Append(store, labels, t, i % 3 == 0 ? kStaleNan : static_cast<double>(t));
    }
  }
  const auto all = store.Select({});
  std::vector<Sample> found(all->size() - kBegin);
  all->Newest(kBegin, 600, 5200, found);
  std::size_t nothing = 0;
  for (std::size_t k = 0; k < found.size(); ++k) {
    const Sample one = all->Newest(kBegin + k, 600, 5200).value_or(kNoSample);
    BOOST_TEST(found[k].t == one.t);
    BOOST_TEST(std::bit_cast<std::uint64_t>(found[k].v) == std::bit_cast<std::uint64_t>(one.v));
    if (one.t == kNoSample.t) ++nothing;
  }
  BOOST_TEST(nothing == 0U);
  all->Newest(kBegin, 600, 4999, found);
  for (const Sample& sample : found) nothing += sample.t == kNoSample.t ? 1U : 0U;
  BOOST_TEST(nothing > 0U);
  BOOST_TEST(nothing < found.size());
}

BOOST_AUTO_TEST_CASE(ABatchIsHiddenFromAnEarlierReadPoint) {
  SampleStore store({});
  const Labels up = {{"__name__", "up"}};
  Append(store, {{"other", "x"}}, 1000, 1);
  const ReadPoint before_up = store.read_point();
  Append(store, up, 1000, 1);
  const ReadPoint first = store.read_point();
  store.Append(Entries{{up, {2000, 2}}, {up, {3000, 3}}});
  const auto all = store.Select(Matchers{Equal("__name__", "up")});
  BOOST_TEST(all->Newest(0, kBeforeAll, kEver, first)->t == 1000);
  BOOST_TEST(all->Newest(0, kBeforeAll, kEver)->t == 3000);
  Samples samples;
  all->Read(0, kBeforeAll, kEver, samples, first);
  BOOST_TEST(samples.size() == 1U);

  const Labels late = {{"__name__", "late"}};
  Append(store, late, 1000, 1);
  const auto found = store.Select(Matchers{Equal("__name__", "late")});
  BOOST_TEST(!found->Newest(0, kBeforeAll, kEver, before_up));
  BOOST_TEST(found->Newest(0, kBeforeAll, kEver)->t == 1000);
}

BOOST_AUTO_TEST_CASE(TheObserverIsToldWhatWasAppended) {
  struct Recorder : AppendObserver {
    std::vector<std::string> told;
    void OnAppend(std::span<const Appended> batch) override {
      for (const Appended& appended : batch) {
        told.push_back(std::to_string(appended.series_id) + ' ' + appended.labels->ToString() +
                       ' ' + std::to_string(appended.sample.t));
      }
    }
  };
  Recorder recorder;
  SampleStore store({});
  store.SetObserver(&recorder);
  const Labels a = {{"a", "1"}};
  const Labels b = {{"b", "1"}};
  store.Append(Entries{{b, {1, 1}}, {a, {1, 1}}, {a, {1, 2}}});
  store.Append(Entries{{a, {2, 1}}});
  BOOST_TEST(recorder.told ==
                 (std::vector<std::string>{R"(1 {b="1"} 1)", R"(2 {a="1"} 1)", R"(2 {a="1"} 2)"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(RowsTogetherAreRowsOneByOne) {
  std::mt19937_64 random(7);
  const std::vector<Labels> labels = {
      {{"a", "1"}}, {{"a", "2"}}, {{"a", "3"}}, {{"a", "4"}}, {{"a", "5"}}};
  FakeClock clock;
  const Millis now = clock.Now().time_since_epoch().count();
  const SampleStore::Settings settings = {.max_series = 4, .clock = &clock};
  SampleStore together(settings);
  SampleStore singly(settings);
  std::vector<SeriesRef> refs_together;
  std::vector<SeriesRef> refs_singly;
  Millis t = now - 100'000'000;
  AppendCounts counts_together;
  AppendCounts counts_singly;
  for (int round = 0; round < 60; ++round) {
    std::vector<SampleStore::Row> rows(random() % 40);
    for (SampleStore::Row& row : rows) {
      // Mostly forward, now and then back, the same again, or into the future.
      t += static_cast<Millis>(random() % 3000);
      const auto kind = random() % 64;
      row.t = kind == 0 ? t - 5000 : kind == 1 ? now + 3'600'000 : t;
      for (std::size_t i = 0; i < labels.size(); ++i) {
        row.values.push_back(static_cast<double>(random() % 4));
      }
      counts_singly += singly.Append(labels, refs_singly, row.t, row.values);
    }
    counts_together += together.Append(labels, refs_together, rows);
  }
  BOOST_TEST(counts_together.appended == counts_singly.appended);
  BOOST_TEST(counts_together.out_of_order == counts_singly.out_of_order);
  BOOST_TEST(counts_together.duplicate == counts_singly.duplicate);
  BOOST_TEST(counts_together.too_far_ahead == counts_singly.too_far_ahead);
  BOOST_TEST(counts_together.series_limit == counts_singly.series_limit);
  BOOST_TEST(counts_together.series_limit > 0U);
  BOOST_TEST(counts_together.out_of_order > 0U);
  BOOST_TEST(together.stats().bytes == singly.stats().bytes);
  BOOST_TEST((together.stats().oldest == singly.stats().oldest));
  BOOST_TEST((together.stats().newest == singly.stats().newest));
  const auto a = together.Select({});
  const auto b = singly.Select({});
  BOOST_TEST_REQUIRE(a->size() == 4U);
  for (std::size_t i = 0; i < a->size(); ++i) {
    BOOST_TEST(ReadAll(*a, i).t == ReadAll(*b, i).t, boost::test_tools::per_element());
    BOOST_TEST(ReadAll(*a, i).v == ReadAll(*b, i).v, boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(AFewSeriesAreInOrderWhateverWasAskedBefore) {
  SampleStore store({});
  const auto add = [&](int from, int to) {
    for (int i = from; i < to; ++i) {
      // Neither of the texts ascends with the number.
      Append(store, {{"__name__", "up"}, {"i", std::to_string(i)}, {"ten", std::to_string(i % 10)}},
             0, 1);
    }
  };
  const auto numbers = [&](const std::string& matched) {
    std::vector<std::string> found;
    const auto selected = store.Select(Matchers{Make(MatchType::kRegexp, "i", matched)});
    for (std::size_t i = 0; i < selected->size(); ++i) {
      found.emplace_back(selected->labels(i).Get("i"));
    }
    return found;
  };
  const std::vector<std::string> few = {"11", "9", "990"};
  add(0, 1000);
  BOOST_TEST(numbers("990|9|11") == few, boost::test_tools::per_element());
  const std::vector<std::string> all = numbers(".*");
  BOOST_TEST(all.size() == 1000U);
  BOOST_TEST(std::ranges::is_sorted(all));
  BOOST_TEST(numbers("990|9|11") == few, boost::test_tools::per_element());
  add(1000, 2000);
  const std::vector<std::string> some = {"11", "1900", "9"};
  BOOST_TEST(numbers("9|1900|11") == some, boost::test_tools::per_element());
  BOOST_TEST(std::ranges::is_sorted(numbers(".*")));
}

BOOST_AUTO_TEST_CASE(ReadingOnGivesEachSampleOnceAndInOrder) {
  std::mt19937_64 random(3);
  SampleStore store({});
  const std::vector<Labels> series = {{{"__name__", "up"}}};
  std::vector<SeriesRef> refs;
  Append(store, series[0], 0, 0);
  const auto all = store.Select({});
  ReadPosition position;
  Samples read;
  Millis t = 0;
  for (int round = 0; round < 500; ++round) {
    std::vector<SampleStore::Row> batch;  // One sample or several.
    for (auto count = random() % 12; count > 0; --count) {
      t += 1 + static_cast<Millis>(random() % 2000);
      batch.push_back({t, {random() % 9 == 0 ? kStaleNan : static_cast<double>(t)}});
      if (random() % 3 == 0) continue;
      store.Append(series, refs, batch);
      batch.clear();
    }
    store.Append(series, refs, batch);
    // What lies behind `until` comes next time.
    const Millis behind = random() % 2 == 0 ? 0 : static_cast<Millis>(random() % 4000);
    BOOST_TEST(all->ReadOn(0, t - behind, position, read));
  }
  BOOST_TEST(all->ReadOn(0, kEver, position, read));
  Samples expected;
  all->Read(0, kBeforeAll, kEver, expected, {}, StaleMarkers::kKeep);
  BOOST_TEST(read.t == expected.t, boost::test_tools::per_element());
  BOOST_TEST(std::equal(read.v.begin(), read.v.end(), expected.v.begin(), expected.v.end(),
                        [](double a, double b) { return Bits(a) == Bits(b); }));
  BOOST_TEST(read.t.back() == t);
}

BOOST_AUTO_TEST_CASE(ReadingOnSaysThatItsPlaceIsLost) {
  SampleStore store({.retention = 1'000'000});
  const Labels labels = {{"__name__", "up"}};
  const auto fill = [&](Millis from, Millis to) {
    for (Millis t = from; t < to; t += 1000) Append(store, labels, t, 1);
  };
  fill(0, 100'000);
  const auto all = store.Select({});
  ReadPosition early;
  ReadPosition late;
  Samples samples;
  BOOST_TEST(all->ReadOn(0, 50'000, early, samples));
  BOOST_TEST(early.t == 50'000);
  fill(100'000, 5'000'000);
  BOOST_TEST(all->ReadOn(0, kEver, late, samples));
  store.Truncate();
  const Millis oldest = *store.stats().oldest;
  BOOST_TEST_REQUIRE(oldest > 51'000);

  samples.clear();
  BOOST_TEST(!all->ReadOn(0, kEver, early, samples));
  BOOST_TEST(samples.size() == 0U);
  BOOST_TEST(all->ReadOn(0, kEver, early, samples));  // From the beginning.
  BOOST_TEST_REQUIRE(samples.size() == store.stats().samples);
  BOOST_TEST(samples.t.front() == oldest);

  // Who had read what was dropped has lost nothing; nor has who starts behind it.
  samples.clear();
  Append(store, labels, 5'000'000, 2);
  BOOST_TEST(all->ReadOn(0, kEver, late, samples));
  BOOST_TEST(samples.size() == 1U);
  samples.clear();
  ReadPosition recent{.t = 4'999'000};
  BOOST_TEST(all->ReadOn(0, kEver, recent, samples));
  BOOST_TEST(samples.size() == 1U);

  // All the rest is gone.
  Append(store, {{"__name__", "down"}}, 50'000'000, 1);
  store.Truncate();
  Append(store, labels, 50'000'000, 1);
  const auto again = store.Select(Matchers{Equal("__name__", "up")});
  BOOST_TEST(!again->ReadOn(0, kEver, late, samples));
  samples.clear();
  BOOST_TEST(again->ReadOn(0, kEver, late, samples));
  BOOST_TEST(samples.size() == 1U);
}

// Sanitizers keep freed memory back.
#if !defined(TOCSIN_SANITIZED)
/// Bytes of memory that the process has.
std::size_t Resident() {
  std::ifstream file("/proc/self/statm");
  std::size_t pages = 0;
  file >> pages >> pages;
  return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

BOOST_AUTO_TEST_CASE(AMillionSeriesTakeWhatTheLimitAllows) {
  constexpr std::size_t kLimit = 100'000;
  constexpr std::size_t kOffered = 1'000'000;
  constexpr std::size_t kBatch = 10'000;
  SampleStore store({.max_series = kLimit});
  const auto offer = [&](std::size_t first, Millis t) {
    Entries entries;
    for (std::size_t i = first; i < first + kBatch; ++i) {
      entries.push_back({{{"__name__", "up"}, {"instance", "host-" + std::to_string(i)}}, {t, 1}});
    }
    return store.Append(entries);
  };
  for (std::size_t first = 0; first < kLimit; first += kBatch) {
    BOOST_TEST_REQUIRE(offer(first, 1000).appended == kBatch);
  }
  const std::size_t full = Resident();
  for (std::size_t first = kLimit; first < kOffered; first += kBatch) {
    BOOST_TEST_REQUIRE(offer(first, 2000).series_limit == kBatch);
  }
  for (std::size_t first = 0; first < kLimit; first += kBatch) {
    BOOST_TEST_REQUIRE(offer(first, 3000).appended == kBatch);
  }
  BOOST_TEST(store.stats().series == kLimit);
  BOOST_TEST(store.stats().samples == 2 * kLimit);
  BOOST_TEST(Resident() < full + (std::size_t{64} << 20));
}
#endif

BOOST_AUTO_TEST_CASE(StatsDoNotWaitForAnAppend) {
  struct Asker : AppendObserver {
    explicit Asker(const SampleStore& store_in) : store(store_in) {}
    // Called under the lock of the append, which would never end if stats() waited for it.
    void OnAppend(std::span<const Appended> /*batch*/) override { seen = store.stats(); }
    const SampleStore& store;
    SampleStore::Stats seen;
  };
  SampleStore store({});
  Asker asker(store);
  store.SetObserver(&asker);
  Append(store, {{"__name__", "up"}}, 1000, 1);
  BOOST_TEST(asker.seen.samples == 0U);
  BOOST_TEST(store.stats().samples == 1U);
  Append(store, {{"__name__", "up"}}, 2000, 1);
  BOOST_TEST(asker.seen.samples == 1U);
  BOOST_TEST(asker.seen.appends.appended == 1U);
  BOOST_TEST(store.stats().samples == 2U);
  store.SetObserver(nullptr);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin

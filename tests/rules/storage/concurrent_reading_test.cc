#include <algorithm>
#include <atomic>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "rules/storage/sample_store.h"

namespace tocsin {
namespace {

constexpr Millis kEver = std::numeric_limits<Millis>::max();
constexpr Millis kBeforeAll = std::numeric_limits<Millis>::min();

/// Whether the series in `all` have different newest values at one read point. Each batch gives all
/// of them the same. Nothing is said if more than one batch came meanwhile; see ReadPoint.
bool SeesHalfABatch(const SampleStore& store, const Selection& all) {
  const ReadPoint at = store.read_point();
  std::vector<double> newest;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all.labels(i).Has("i")) newest.push_back(all.Newest(i, kBeforeAll, kEver, at)->v);
  }
  return store.read_point().batch == at.batch &&
         std::adjacent_find(newest.begin(), newest.end(), std::not_equal_to<>()) != newest.end();
}

BOOST_AUTO_TEST_SUITE(concurrent_reading_test)

BOOST_AUTO_TEST_CASE(ReadersSeeWholeBatchesWhileAppendsGoOn) {
  constexpr int kSeries = 20;
  constexpr int kBatches = 4000;
  SampleStore store({.retention = 600'000});
  std::vector<Labels> labels;
  for (int i = 0; i < kSeries; ++i) labels.push_back({{"i", std::to_string(i)}});
  std::vector<SeriesRef> refs;
  store.Append(labels, refs, 0, std::vector<double>(kSeries, 0));
  std::atomic<bool> done = false;
  std::atomic<int> torn = 0;
  std::atomic<int> reads = 0;
  const auto read = [&] {
    std::shared_ptr<const Selection> all;
    while (!done || reads < 10) {
      all = store.Select({}, all);
      if (SeesHalfABatch(store, *all)) ++torn;
      for (std::size_t i = 0; i < all->size(); ++i) {
        if (!all->labels(i).Has("i")) continue;
        Samples samples;
        all->Read(i, kBeforeAll, kEver, samples);
        const std::optional<Sample> newest = all->Newest(i, kBeforeAll, kEver);
        if (!newest || samples.size() == 0 || newest->t < samples.t.back()) ++torn;
        for (std::size_t k = 1; k < samples.size(); ++k) {
          if (samples.t[k] != samples.t[k - 1] + 1000) ++torn;
          if (samples.v[k] != samples.v[k - 1] + 1) ++torn;
        }
      }
      ++reads;
    }
  };
  {
    const std::jthread first(read);
    const std::jthread second(read);
    for (int n = 1; n < kBatches; ++n) {
      store.Append(labels, refs, n * 1000, std::vector<double>(kSeries, n));
      if (n % 50 == 0) {
        store.Append(
            std::vector<SampleStore::Entry>{{{{"churn", std::to_string(n)}}, {n * 1000, 1}}});
      }
      if (n % 100 == 0) store.Truncate();
    }
    done = true;
  }
  BOOST_TEST(torn == 0);
}

// Each sample's value is its time, so that half of one and half of another is found out.
BOOST_AUTO_TEST_CASE(ASampleIsReadWhole) {
  constexpr int kSamples = 200'000;
  SampleStore store({});
  const std::vector<Labels> labels = {{{"i", "0"}}};
  std::vector<SeriesRef> refs;
  store.Append(labels, refs, 1, std::vector<double>{1});
  const auto all = store.Select({});
  std::atomic<bool> done = false;
  std::atomic<int> torn = 0;
  std::atomic<int> missed = 0;
  const auto look = [&] {
    Millis last = 0;
    std::vector<Sample> found(1);
    while (!done) {
      all->Newest(0, kBeforeAll, kEver, found);
      if (found[0].v != static_cast<double>(found[0].t)) ++torn;
      if (found[0].t < last) ++missed;
      last = found[0].t;
    }
  };
  const auto follow = [&] {
    Samples samples;
    ReadPosition position;
    position.t = 0;
    for (Millis last = 0; last < kSamples;) {
      samples.clear();
      if (!all->ReadOn(0, kEver, position, samples)) ++missed;
      for (std::size_t k = 0; k < samples.size(); ++k) {
        if (samples.v[k] != static_cast<double>(samples.t[k])) ++torn;
        if (samples.t[k] != ++last) ++missed;
      }
    }
  };
  {
    const std::jthread looking(look);
    const std::jthread following(follow);
    for (Millis t = 2; t <= kSamples; ++t) {
      store.Append(labels, refs, t, std::vector<double>{static_cast<double>(t)});
    }
    done = true;
  }
  BOOST_TEST(torn == 0);
  BOOST_TEST(missed == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin

#include "rules/storage/snapshot_appender.h"

#include <chrono>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "base/metric_sink.h"
#include "base/number.h"

namespace tocsin {
namespace {

constexpr MetricDesc kUp = {.name = "up_x", .help = "Up.", .labels = {"node"}};
constexpr MetricDesc kOther = {.name = "other", .help = "Other.", .labels = {"job"}};
constexpr double kBounds[] = {1, 2.5};
constexpr MetricDesc kWait = {.name = "wait_seconds",
                              .type = MetricType::kHistogram,
                              .help = "Wait.",
                              .labels = {"node"},
                              .bounds = kBounds};

TimePoint At(int seconds) {
  return TimePoint(std::chrono::seconds(seconds));
}

/// The newest samples of a store, as text and in the order of labels.
std::vector<std::string> Newest(const SampleStore& store) {
  std::vector<std::string> lines;
  const auto all = store.Select({});
  for (std::size_t i = 0; i < all->size(); ++i) {
    const std::optional<Sample> sample =
        all->Newest(i, std::numeric_limits<Millis>::min(), std::numeric_limits<Millis>::max());
    const std::string value = IsStaleNan(sample->v) ? "stale" : FormatNumber(sample->v);
    lines.push_back(all->labels(i).ToString() + ' ' + value + " @" +
                    std::to_string(sample->t / 1000));
  }
  return lines;
}

using Lines = std::vector<std::string>;

/// Collections one after another, each from the points that a function adds.
struct Fixture {
  SampleStore store{{}};
  SnapshotAppender appender{store, {{"job", "tocsin"}, {"instance", "here"}}};
  std::shared_ptr<const Snapshot> previous;

  template <class Fill>
  AppendCounts Collect(int seconds, Fill fill, ConstantLabels constant = {}) {
    MetricSink sink({.constant_labels = std::move(constant)}, previous);
    fill(sink);
    previous = sink.Finish(At(seconds));
    return appender.Append(*previous);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(snapshot_appender_test, Fixture)

BOOST_AUTO_TEST_CASE(SamplesGetTheLabelsOfTheTarget) {
  const AppendCounts counts = Collect(10, [](MetricSink& sink) { sink.Add(kUp, {"a"}, 1.5); });
  BOOST_TEST(counts.appended == 1U);
  BOOST_TEST(Newest(store) == Lines{R"(up_x{instance="here", job="tocsin", node="a"} 1.5 @10)"},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(AnOwnLabelOfSuchANameIsRenamed) {
  Collect(10,
          [](MetricSink& sink) {
            sink.Add(kOther, {"a"}, 1);
            sink.Add(kOther, {""}, 2);
          },
          {{"exported_job", "b"}, {"env", "live"}});
  BOOST_TEST(
      Newest(store) ==
          (Lines{
              R"(other{env="live", exported_exported_job="a", exported_job="b", instance="here", job="tocsin"} 1 @10)",
              R"(other{env="live", exported_job="b", instance="here", job="tocsin"} 2 @10)"}),
      boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(AHistogramIsItsBucketsSumAndCount) {
  Collect(10, [](MetricSink& sink) {
    const std::uint64_t counts[] = {1, 2, 3};
    sink.AddHistogram(kWait, {"a"}, {.counts = counts, .sum = 20.5});
  });
  BOOST_TEST(
      Newest(store) ==
          (Lines{R"(wait_seconds_bucket{instance="here", job="tocsin", le="+Inf", node="a"} 6 @10)",
                 R"(wait_seconds_bucket{instance="here", job="tocsin", le="1.0", node="a"} 1 @10)",
                 R"(wait_seconds_bucket{instance="here", job="tocsin", le="2.5", node="a"} 3 @10)",
                 R"(wait_seconds_count{instance="here", job="tocsin", node="a"} 6 @10)",
                 R"(wait_seconds_sum{instance="here", job="tocsin", node="a"} 20.5 @10)"}),
      boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(WhatHasGoneIsMarkedStale) {
  Collect(10, [](MetricSink& sink) {
    sink.Add(kUp, {"a"}, 1);
    sink.Add(kUp, {"b"}, 2);
    sink.Add(kOther, {"x"}, 3);
  });
  Collect(20, [](MetricSink& sink) { sink.Add(kUp, {"b"}, 4); });
  const Lines expected = {R"(other{exported_job="x", instance="here", job="tocsin"} stale @20)",
                          R"(up_x{instance="here", job="tocsin", node="a"} stale @20)",
                          R"(up_x{instance="here", job="tocsin", node="b"} 4 @20)"};
  BOOST_TEST(Newest(store) == expected, boost::test_tools::per_element());
  // Once is enough.
  BOOST_TEST(Collect(30, [](MetricSink& sink) { sink.Add(kUp, {"b"}, 4); }).appended == 1U);
}

BOOST_AUTO_TEST_CASE(SeriesThatComeBackGoOn) {
  const auto both = [](MetricSink& sink) {
    sink.Add(kUp, {"a"}, 1);
    sink.Add(kOther, {"x"}, 3);
  };
  Collect(10, both);
  Collect(20, [](MetricSink& sink) { sink.Add(kUp, {"a"}, 2); });
  Collect(30, both);
  const Lines expected = {R"(other{exported_job="x", instance="here", job="tocsin"} 3 @30)",
                          R"(up_x{instance="here", job="tocsin", node="a"} 1 @30)"};
  BOOST_TEST(Newest(store) == expected, boost::test_tools::per_element());
  BOOST_TEST(store.stats().series == 2U);
  BOOST_TEST(store.stats().samples == 6U);
}

BOOST_AUTO_TEST_CASE(ASilentSourceIsEndedOnce) {
  const auto one = [](MetricSink& sink) { sink.Add(kUp, {"a"}, 1); };
  const auto other = [](MetricSink& sink) { sink.Add(kUp, {"b"}, 1); };
  Collect(10, one);
  BOOST_TEST(appender.MarkStale(At(20)).appended == 1U);
  BOOST_TEST(appender.MarkStale(At(30)).appended == 0U);
  BOOST_TEST(Newest(store)[0] == R"(up_x{instance="here", job="tocsin", node="a"} stale @20)");
  BOOST_TEST(Collect(40, one).appended == 1U);
  BOOST_TEST(appender.MarkStale(At(50)).appended == 1U);
  // What has ended already does not end again.
  BOOST_TEST(Collect(60, other).appended == 1U);
  BOOST_TEST(Newest(store)[0] == R"(up_x{instance="here", job="tocsin", node="a"} stale @50)");
}

BOOST_AUTO_TEST_CASE(SeriesThatTheStoreHasDroppedAreMadeAnew) {
  const auto one = [](MetricSink& sink) { sink.Add(kUp, {"a"}, 1); };
  Collect(10, one);
  store.SetRetention(1000);
  const SampleStore::Entry later{{{"x", "y"}}, {100'000, 1}};
  store.Append({&later, 1});
  store.Truncate();
  BOOST_TEST(store.stats().series == 1U);
  BOOST_TEST(Collect(100, one).appended == 1U);
  BOOST_TEST(store.stats().series == 2U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin

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

/// A family as it was read from another program's page: sample, label, value, one after another.
FamilyPoints Flat(const std::vector<std::vector<std::string>>& series, std::vector<double> values,
                  TargetLabels target_labels) {
  FamilyShape shape;
  shape.name = "scraped";
  shape.form = SeriesForm::kFlat;
  shape.target_labels = target_labels;
  for (const std::vector<std::string>& parts : series) {
    for (const std::string& part : parts) shape.label_values += part + FamilyShape::kDelimiter;
    shape.series_ends.push_back(static_cast<std::uint32_t>(shape.label_values.size()));
  }
  return {std::make_shared<const FamilyShape>(std::move(shape)), std::move(values)};
}

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

BOOST_AUTO_TEST_CASE(FlatSeriesHaveNamesAndLabelsOfTheirOwn) {
  Collect(10, [](MetricSink& sink) {
    sink.Pass(Flat({{"scraped_bucket", "le", "1.0", "job", "x"}, {"scraped_sum"}}, {1, 2},
                   TargetLabels::kTocsin));
    sink.Pass(Flat({{"other", "job", "y"}}, {3}, TargetLabels::kIncluded));
  });
  BOOST_TEST(
      Newest(store) ==
          (Lines{
              R"(other{job="y"} 3 @10)",
              R"(scraped_bucket{exported_job="x", instance="here", job="tocsin", le="1.0"} 1 @10)",
              R"(scraped_sum{instance="here", job="tocsin"} 2 @10)"}),
      boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(AFlatFamilyMayChangeInAnyWay) {
  const auto series = [](const std::vector<std::string>& values) {
    return [values](MetricSink& sink) {
      std::vector<std::vector<std::string>> rows;
      for (const std::string& value : values) rows.push_back({"a", "b", value});
      std::vector<double> numbers(values.size(), 1);
      sink.Pass(Flat(rows, std::move(numbers), TargetLabels::kIncluded));
    };
  };
  Collect(10, series({"1", "2", "3", "4"}));
  Collect(20, series({"4", "0", "2", "3"}));  // One is new, one has gone, one has moved.
  const Lines expected = {R"(a{b="0"} 1 @20)", R"(a{b="1"} stale @20)", R"(a{b="2"} 1 @20)",
                          R"(a{b="3"} 1 @20)", R"(a{b="4"} 1 @20)"};
  BOOST_TEST(Newest(store) == expected, boost::test_tools::per_element());
  BOOST_TEST(Collect(30, series({"4", "2", "3"})).appended == 4U);
  BOOST_TEST(Newest(store)[0] == R"(a{b="0"} stale @30)");
}

BOOST_AUTO_TEST_CASE(FamiliesOfOneNameAreToldApart) {
  const auto target = [](MetricSink& sink, const std::string& instance, double value) {
    sink.Pass(Flat({{"a", "i", instance}}, {value}, TargetLabels::kIncluded));
  };
  Collect(10, [&](MetricSink& sink) {
    target(sink, "1", 1);
    target(sink, "2", 2);
  });
  Collect(20, [&](MetricSink& sink) { target(sink, "2", 4); });
  BOOST_TEST(Newest(store) == (Lines{R"(a{i="1"} stale @20)", R"(a{i="2"} 4 @20)"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(SamplesMayHaveTimesOfTheirOwn) {
  const auto timed = [](TimePoint at) {
    return [at](MetricSink& sink) {
      FamilyPoints family = Flat({{"a"}, {"b"}}, {1, 2}, TargetLabels::kIncluded);
      family.times = {at, FamilyPoints::kNoTime};
      sink.Pass(std::move(family));
      sink.Add(kUp, {"x"}, 3);
    };
  };
  BOOST_TEST(Collect(10, timed(At(7))).appended == 3U);
  Collect(20, timed(At(7)));  // The same sample again.
  const Lines expected = {"a 1 @7", "b 2 @20",
                          R"(up_x{instance="here", job="tocsin", node="x"} 3 @20)"};
  BOOST_TEST(Newest(store) == expected, boost::test_tools::per_element());
  // They just end, without a marker.
  Collect(30, [](MetricSink& sink) { sink.Add(kUp, {"x"}, 3); });
  BOOST_TEST(Newest(store)[1] == "b 2 @20");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin

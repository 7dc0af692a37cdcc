#include "base/metric_sink.h"

#include <algorithm>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "base/snapshot.h"

namespace tocsin {
namespace {

constexpr MetricDesc kPlain{"plain", MetricType::kGauge, "No labels."};
constexpr MetricDesc kOne{"one", MetricType::kGauge, "One label.", {"a"}};
constexpr MetricDesc kTwo{"two", MetricType::kCounter, "Two labels.", {"a", "b"}};
constexpr double kBounds[] = {1, 10};
constexpr MetricDesc kHistogram{"h", MetricType::kHistogram, "Sizes.", {"a"}, kBounds};

constexpr TimePoint kNow{std::chrono::seconds(1'700'000'000)};

using Names = std::vector<std::string>;

MetricSink MakeSink(std::shared_ptr<const Snapshot> previous = nullptr,
                    std::size_t max_series = 1000) {
  return MetricSink({max_series, {}}, std::move(previous));
}

/// A collection of kOne with these labels; the values count up from `first_value`.
std::shared_ptr<const Snapshot> Collect(const Names& labels, double first_value = 0,
                                        const std::shared_ptr<const Snapshot>& previous = nullptr,
                                        std::size_t max_series = 1000) {
  MetricSink sink = MakeSink(previous, max_series);
  for (const std::string& label : labels) sink.Add(kOne, {label}, first_value++);
  return sink.Finish(kNow);
}

Names LabelsOf(const FamilyPoints& family) {
  Names labels;
  for (std::size_t i = 0; i < family.shape->series_count(); ++i) {
    std::string label(family.shape->series(i));
    std::replace(label.begin(), label.end(), FamilyShape::kDelimiter, '|');
    labels.push_back(label);
  }
  return labels;
}

std::uint64_t Dropped(const MetricSink& sink, DropReason reason) {
  return sink.dropped()[static_cast<std::size_t>(reason)];
}

template <class T>
void CheckEqual(const std::vector<T>& actual, const std::vector<T>& expected) {
  BOOST_TEST(actual == expected, boost::test_tools::per_element());
}

/// A finished family of one sample.
FamilyPoints Passed(std::string name, TargetLabels target_labels) {
  FamilyShape shape;
  shape.name = name;
  shape.form = SeriesForm::kFlat;
  shape.target_labels = target_labels;
  shape.label_values = name + FamilyShape::kDelimiter;
  shape.series_ends = {static_cast<std::uint32_t>(shape.label_values.size())};
  return {std::make_shared<const FamilyShape>(std::move(shape)), {1}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(metric_sink_test)

BOOST_AUTO_TEST_CASE(InterleavedFamiliesAreKeptApart) {
  MetricSink sink = MakeSink();
  sink.Add(kOne, {"x"}, 1);
  sink.Add(kTwo, {"x", "y"}, 2);
  sink.Add(kPlain, {}, 3);
  sink.Add(kOne, {"y"}, 4);
  sink.Add(kTwo, {"", "z"}, 5);
  const auto snapshot = sink.Finish(kNow);
  BOOST_TEST((snapshot->collected_at == kNow));
  BOOST_REQUIRE(snapshot->families.size() == 3U);
  BOOST_TEST(snapshot->families[0].shape->name == "one");
  CheckEqual(LabelsOf(snapshot->families[0]), {"x|", "y|"});
  CheckEqual(snapshot->families[0].values, {1, 4});
  CheckEqual(LabelsOf(snapshot->families[1]), {"x|y|", "|z|"});
  CheckEqual(snapshot->families[1].values, {2, 5});
  CheckEqual(LabelsOf(snapshot->families[2]), {""});
  BOOST_TEST(snapshot->SampleCount() == 5U);
}

BOOST_AUTO_TEST_CASE(FollowsThePreviousSnapshot) {
  const struct {
    const char* name;
    Names before;
    Names now;
    bool shares_shape;
  } rows[] = {
      {"the same", {"a", "b", "c"}, {"a", "b", "c"}, true},
      {"one more", {"a", "b"}, {"a", "b", "c"}, false},
      {"one less at the end", {"a", "b", "c"}, {"a", "b"}, false},
      {"one less at the start", {"a", "b", "c"}, {"b", "c"}, false},
      {"another order", {"a", "b", "c"}, {"a", "c", "b"}, false},
      {"all new", {"a", "b"}, {"c", "d"}, false},
      {"a longer label", {"a"}, {"aa"}, false},
      {"a shorter label", {"aa"}, {"a"}, false},
      {"an empty label", {"", "a"}, {"", "a"}, true},
  };
  for (const auto& row : rows) {
    BOOST_TEST_CONTEXT(row.name) {
      const auto before = Collect(row.before);
      const auto now = Collect(row.now, 100, before);
      Names expected;
      for (const std::string& label : row.now) expected.push_back(label + '|');
      BOOST_REQUIRE(now->families.size() == 1U);
      CheckEqual(LabelsOf(now->families[0]), expected);
      BOOST_TEST(now->families[0].values.size() == row.now.size());
      BOOST_TEST(now->families[0].values.back() == 99 + static_cast<double>(row.now.size()));
      BOOST_TEST((now->families[0].shape == before->families[0].shape) == row.shares_shape);
      // Whatever has changed, the next collection of the same shares again.
      BOOST_TEST((Collect(row.now, 0, now)->families[0].shape == now->families[0].shape));
    }
  }
}

BOOST_AUTO_TEST_CASE(SharesShapesThoughFamiliesComeInAnotherOrder) {
  MetricSink first = MakeSink();
  first.Add(kOne, {"x"}, 1);
  first.Add(kTwo, {"x", "y"}, 2);
  const auto before = first.Finish(kNow);
  MetricSink second = MakeSink(before);
  second.Add(kTwo, {"x", "y"}, 3);
  second.Add(kPlain, {}, 4);
  second.Add(kOne, {"x"}, 5);
  const auto now = second.Finish(kNow);
  BOOST_REQUIRE(now->families.size() == 3U);
  BOOST_TEST((now->families[0].shape == before->families[1].shape));
  BOOST_TEST((now->families[2].shape == before->families[0].shape));
}

BOOST_AUTO_TEST_CASE(AnythingElseAboutAFamilyMakesANewShape) {
  const auto before = Collect({"a"});
  constexpr MetricDesc kOtherHelp{"one", MetricType::kGauge, "Other words.", {"a"}};
  constexpr MetricDesc kOtherType{"one", MetricType::kCounter, "One label.", {"a"}};
  constexpr MetricDesc kOtherLabel{"one", MetricType::kGauge, "One label.", {"b"}};
  for (const MetricDesc& metric : {kOtherHelp, kOtherType, kOtherLabel}) {
    MetricSink sink = MakeSink(before);
    sink.Add(metric, {"a"}, 1);
    const auto now = sink.Finish(kNow);
    BOOST_TEST((now->families[0].shape != before->families[0].shape));
    BOOST_TEST(now->families[0].shape->help == metric.help);
  }
  MetricSink labelled({1000, {{"site", "x"}}}, before);
  labelled.Add(kOne, {"a"}, 1);
  BOOST_TEST((labelled.Finish(kNow)->families[0].shape != before->families[0].shape));
}

BOOST_AUTO_TEST_CASE(TheFirstOfDuplicatesStays) {
  const auto before = Collect({"a", "b", "c"});
  for (const auto& previous : {std::shared_ptr<const Snapshot>(), before}) {
    for (const Names& labels : {Names{"a", "b", "a", "c"}, Names{"a", "b", "c", "c"}}) {
      MetricSink sink = MakeSink(previous);
      double value = 0;
      for (const std::string& label : labels) sink.Add(kOne, {label}, value++);
      BOOST_TEST(Dropped(sink, DropReason::kDuplicate) == 1U);
      const auto now = sink.Finish(kNow);
      CheckEqual(LabelsOf(now->families[0]), {"a|", "b|", "c|"});
      BOOST_TEST(now->families[0].values[0] == 0);
      if (previous) BOOST_TEST((now->families[0].shape == before->families[0].shape));
    }
  }
}

BOOST_AUTO_TEST_CASE(AFamilyHasItsMostSeriesAndCountsTheRest) {
  Names labels;
  for (int i = 0; i < 5000; ++i) labels.push_back(std::to_string(i));
  const auto unlimited = Collect(labels, 0, nullptr, 5000);
  BOOST_TEST(unlimited->SampleCount() == 5000U);
  for (const auto& previous : {std::shared_ptr<const Snapshot>(), unlimited}) {
    MetricSink sink = MakeSink(previous, 1000);
    for (const std::string& label : labels) sink.Add(kOne, {label}, 0);
    sink.Add(kOne, {"999"}, 0);
    sink.Add(kTwo, {"x", "y"}, 0);
    BOOST_TEST(Dropped(sink, DropReason::kOverflow) == 4000U);
    BOOST_TEST(Dropped(sink, DropReason::kDuplicate) == 1U);
    const auto now = sink.Finish(kNow);
    BOOST_TEST(now->families[0].shape->series_count() == 1000U);
    BOOST_TEST(now->families[0].values.size() == 1000U);
    BOOST_TEST(now->SampleCount() == 1001U);
  }
}

BOOST_AUTO_TEST_CASE(BadUtf8IsDropped) {
  for (const char* const bad : {"\xff", "a\xff", "\xc0\x80", "\xed\xa0\x80", "a\xff\x62"}) {
    MetricSink sink = MakeSink(Collect({"a", "b"}));
    sink.Add(kOne, {bad}, 1);
    sink.Add(kOne, {"a"}, 2);
    BOOST_TEST(Dropped(sink, DropReason::kUtf8) == 1U);
    CheckEqual(LabelsOf(sink.Finish(kNow)->families[0]), {"a|"});
  }
}

BOOST_AUTO_TEST_CASE(ALabelCannotPassForTwo) {
  MetricSink first = MakeSink();
  first.Add(kTwo, {"a", "b"}, 1);
  MetricSink sink = MakeSink(first.Finish(kNow));
  sink.Add(kTwo,
           {"a\xff"
            "b",
            ""},
           2);
  BOOST_TEST(Dropped(sink, DropReason::kUtf8) == 1U);
}

BOOST_AUTO_TEST_CASE(LabelsWithoutTextAreEmpty) {
  const auto before = Collect({""});
  MetricSink sink = MakeSink(before);
  sink.Add(kOne, {std::string_view()}, 1);
  BOOST_TEST((sink.Finish(kNow)->families[0].shape == before->families[0].shape));
}

BOOST_AUTO_TEST_CASE(NamesThatDoNotFitAreDropped) {
  constexpr MetricDesc kBad[] = {
      {"1st", MetricType::kGauge, "Starts with a digit.", {"a"}},
      {"dash-ed", MetricType::kGauge, "A dash.", {"a"}},
      {"reserved", MetricType::kGauge, "A reserved label.", {"__a"}},
      {"colon", MetricType::kGauge, "A colon in a label.", {"a:b"}},
      {"site", MetricType::kGauge, "A label that the configuration adds.", {"site"}},
      {"one", MetricType::kCounter, "The name of a gauge.", {"a"}},
      {"one", MetricType::kGauge, "The name of a family with another label.", {"b"}},
  };
  MetricSink sink({1000, {{"site", "x"}}}, nullptr);
  sink.Add(kOne, {"x"}, 1);
  for (const MetricDesc& metric : kBad) sink.Add(metric, {"x"}, 2);
  sink.Add(kOne, {"x", "y"}, 3);
  sink.Add(kOne, {}, 3);
  BOOST_TEST(Dropped(sink, DropReason::kName) == std::size(kBad) + 2);
  const auto snapshot = sink.Finish(kNow);
  BOOST_TEST(snapshot->SampleCount() == 1U);
  BOOST_TEST(snapshot->families[0].shape->constant_labels.at(0).second == "x");
}

BOOST_AUTO_TEST_CASE(TwoDescriptionsOfOneFamilyJoin) {
  constexpr MetricDesc kSame{"one", MetricType::kGauge, "Said elsewhere.", {"a"}};
  MetricSink sink = MakeSink();
  sink.Add(kOne, {"x"}, 1);
  sink.Add(kSame, {"y"}, 2);
  sink.Add(kSame, {"x"}, 3);
  BOOST_TEST(Dropped(sink, DropReason::kDuplicate) == 1U);
  const auto snapshot = sink.Finish(kNow);
  BOOST_REQUIRE(snapshot->families.size() == 1U);
  CheckEqual(snapshot->families[0].values, {1, 2});
}

BOOST_AUTO_TEST_CASE(HistogramsAreCumulative) {
  MetricSink sink = MakeSink();
  const std::uint64_t counts[] = {3, 2, 1};
  sink.AddHistogram(kHistogram, {"x"}, {counts, 42.5});
  const auto snapshot = sink.Finish(kNow);
  CheckEqual(snapshot->families[0].values, {3, 5, 6, 42.5});
  // Buckets 1, 10 and +Inf, the count and the sum.
  BOOST_TEST(snapshot->SampleCount() == 5U);
}

BOOST_AUTO_TEST_CASE(BucketsOfAnotherDescriptionDoNotFit) {
  static constexpr double kOther[] = {1};
  constexpr MetricDesc kFewer{"h", MetricType::kHistogram, "Sizes.", {"a"}, kOther};
  MetricSink sink = MakeSink();
  const std::uint64_t counts[] = {3, 2, 1};
  sink.AddHistogram(kHistogram, {"x"}, {counts, 1});
  sink.AddHistogram(kFewer, {"y"}, {std::span(counts).first(2), 1});
  BOOST_TEST(Dropped(sink, DropReason::kName) == 1U);
  BOOST_TEST(sink.Finish(kNow)->families[0].values.size() == 4U);
}

BOOST_AUTO_TEST_CASE(AFamilyOfWhichNothingWasKeptIsNotThere) {
  MetricSink sink = MakeSink();
  sink.Add(kOne, {"\xff"}, 1);
  BOOST_TEST(sink.Finish(kNow)->families.empty());
}

BOOST_AUTO_TEST_CASE(FinishedFamiliesComeLast) {
  MetricSink sink({}, nullptr);
  sink.Pass(Passed("passed", TargetLabels::kTocsin));
  sink.Add(kOne, {"x"}, 1);
  sink.CountDropped(DropReason::kOverflow, 3);
  const auto snapshot = sink.Finish(TimePoint());
  BOOST_REQUIRE_EQUAL(snapshot->families.size(), 2U);
  BOOST_TEST(snapshot->families[0].shape->name == "one");
  BOOST_TEST(snapshot->families[1].shape->name == "passed");
  BOOST_TEST(snapshot->SampleCount() == 2U);
  BOOST_TEST(sink.dropped()[static_cast<std::size_t>(DropReason::kOverflow)] == 3U);
  BOOST_TEST(sink.Finish(TimePoint())->families.empty());
}

BOOST_AUTO_TEST_CASE(AFinishedFamilyMustNotHaveTheNameOfAnother) {
  MetricSink sink({}, nullptr);
  sink.Add(kOne, {"x"}, 1);
  sink.Pass(Passed("one", TargetLabels::kTocsin));
  sink.Pass(Passed("one", TargetLabels::kIncluded));
  const auto snapshot = sink.Finish(TimePoint());
  BOOST_TEST(snapshot->families.size() == 2U);
  BOOST_TEST(sink.dropped()[static_cast<std::size_t>(DropReason::kName)] == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin

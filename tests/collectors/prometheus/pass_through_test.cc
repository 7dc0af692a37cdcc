#include "collectors/prometheus/pass_through.h"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/collectors/prometheus/snapshot_text.h"

namespace tocsin::collectors {
namespace {

constexpr double kBounds[] = {1};
constexpr MetricDesc kDeclared[] = {
    {.name = "own", .help = "Own."},
    {.name = "own_wait", .type = MetricType::kHistogram, .help = "Own.", .bounds = kBounds}};

struct Fixture {
  PassThrough passed{kDeclared};
  std::shared_ptr<const Snapshot> previous;
  DropCounts dropped{};

  /// How many samples were dropped.
  std::size_t Add(const std::string& text, const PassAs& as = {}) {
    const Result<Page> page = ParsePage(text);
    BOOST_REQUIRE(page);
    std::size_t dropped_now = 0;
    for (const PageFamily& family : page->families) dropped_now += passed.Add(family, as);
    return dropped_now;
  }
  std::string Finish(MetricSink::Settings settings = {}) {
    MetricSink sink(std::move(settings), previous);
    passed.Finish(sink);
    previous = sink.Finish(TimePoint());
    dropped = sink.dropped();
    return TextOf(*previous);
  }
  std::uint64_t Dropped(DropReason reason) const {
    return dropped[static_cast<std::size_t>(reason)];
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(pass_through_test, Fixture)

BOOST_AUTO_TEST_CASE(FamiliesGetOtherNamesAndLabels) {
  Add("# TYPE langserve_requests_total counter\nlangserve_requests_total{endpoint=\"/x\",a=\"b\"} "
      "3\n",
      {.name = "dashflow_requests_total",
       .labels = {{"pod", "p1"}},
       .rename_labels = {{"endpoint", "path"}, {"a", ""}}});
  BOOST_TEST(Finish() ==
             "dashflow_requests_total counter: "
             "dashflow_requests_total{path=/x}{pod=p1}=3\n");
  BOOST_TEST((previous->families[0].shape->target_labels == TargetLabels::kTocsin));
}

BOOST_AUTO_TEST_CASE(ALabelThatIsInTheWayIsKeptUnderAnotherName) {
  Add("a{pod=\"x\",exported_pod=\"y\"} 1\n", {.labels = {{"pod", "p1"}}});
  BOOST_TEST(Finish() == "a unknown: a{exported_exported_pod=x}{exported_pod=y}{pod=p1}=1\n");
}

BOOST_AUTO_TEST_CASE(ConstantLabelsMakeNoDuplicates) {
  const MetricSink::Settings settings = {.max_series = 1000, .constant_labels = {{"env", "prod"}}};
  Add("r{env=\"a\"} 1\nr{env=\"b\"} 2\nr{exported_env=\"b\"} 3\nr 4\n");
  BOOST_TEST(Finish(settings) == "r unknown: r{exported_env=a}=1 r{exported_env=b}=2 r=4\n");
  BOOST_TEST(Dropped(DropReason::kDuplicate) == 1U);
  Add("# TYPE h histogram\nh_bucket{env=\"a\",le=\"1\"} 1\nh_count{env=\"a\"} 1\nh_sum 2\n");
  BOOST_TEST(Finish(settings) ==
             "h histogram: h_bucket{exported_env=a}{le=1.0}=1 h_count{exported_env=a}=1 h_sum=2\n");
}

BOOST_AUTO_TEST_CASE(PagesOfSeveralPodsBecomeOneFamily) {
  const std::string page =
      "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\n";
  Add(page, {.name = "wait", .labels = {{"pod", "a"}}});
  Add(page, {.name = "wait", .labels = {{"pod", "b"}}});
  BOOST_TEST(Finish() ==
             "wait histogram: wait_bucket{le=1.0}{pod=a}=1 wait_bucket{le=+Inf}{pod=a}=2 "
             "wait_sum{pod=a}=3 wait_count{pod=a}=2 wait_bucket{le=1.0}{pod=b}=1 "
             "wait_bucket{le=+Inf}{pod=b}=2 wait_sum{pod=b}=3 wait_count{pod=b}=2\n");
  BOOST_TEST(previous->SampleCount() == 8U);
}

BOOST_AUTO_TEST_CASE(WhatContradictsIsDroppedAndCounted) {
  BOOST_TEST(Add("# TYPE a counter\na 1\n") == 0U);
  BOOST_TEST(Add("# TYPE a gauge\na{pod=\"b\"} 1\na{pod=\"c\"} 1\n") == 2U);
  BOOST_TEST(Add("own 1\n") == 1U);
  BOOST_TEST(Add("own_wait_count 1\n") == 1U);
  BOOST_TEST(Add("a_b{__x=\"y\"} 1\na_b 2\n") == 1U);
  BOOST_TEST(Finish() == "a counter: a=1\na_b unknown: a_b=2\n");
  BOOST_TEST(Dropped(DropReason::kName) == 5U);
}

BOOST_AUTO_TEST_CASE(OfDuplicatesTheFirstStays) {
  Add("a 1\n");
  BOOST_TEST(Add("a 2\n") == 1U);
  BOOST_TEST(Finish() == "a unknown: a=1\n");
  BOOST_TEST(Dropped(DropReason::kDuplicate) == 1U);
}

BOOST_AUTO_TEST_CASE(FamiliesHaveALimit) {
  Add("a{b=\"1\"} 1\na{b=\"2\"} 1\na{b=\"3\"} 1\n"
      "# TYPE s summary\ns{quantile=\"0.5\"} 1\ns{quantile=\"0.9\"} 2\ns_sum 3\ns_count 4\n"
      "s_sum{c=\"d\"} 5\ns_sum{c=\"e\"} 6\n");
  BOOST_TEST(Finish({.max_series = 2, .constant_labels = {}}) ==
             "a unknown: a{b=1}=1 a{b=2}=1\n"
             "s summary: s{quantile=0.5}=1 s{quantile=0.9}=2 s_sum=3 s_count=4 s_sum{c=d}=5\n");
  BOOST_TEST(Dropped(DropReason::kOverflow) == 2U);
}

BOOST_AUTO_TEST_CASE(TheSameSeriesKeepTheirShape) {
  const ConstantLabels constant = {{"env", "live"}};
  Add("a 1\nb 2\n");
  Finish({.max_series = 1000, .constant_labels = constant});
  const auto first = previous;
  BOOST_TEST((first->families[0].shape->constant_labels == constant));
  Add("a 3\nb{x=\"y\"} 4\n");
  Finish({.max_series = 1000, .constant_labels = constant});
  BOOST_TEST((previous->families[0].shape == first->families[0].shape));
  BOOST_TEST((previous->families[1].shape != first->families[1].shape));
  BOOST_TEST(Finish().empty());
}

BOOST_AUTO_TEST_CASE(ATypeCanBeGiven) {
  Add("a 1\n", {.type = MetricType::kCounter, .help = "Said here."});
  BOOST_TEST(Finish() == "a counter: a=1\n");
  BOOST_TEST(previous->families[0].shape->help == "Said here.");
}

BOOST_AUTO_TEST_CASE(ClearForgetsWhatWasAdded) {
  Add("a 1\n");
  passed.Clear();
  BOOST_TEST(Finish().empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors

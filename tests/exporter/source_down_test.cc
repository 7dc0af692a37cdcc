#include "exporter/source_down.h"

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "base/metric_sink.h"
#include "tests/support/views.h"

namespace tocsin {
namespace {

using collectors::InstanceView;
using collectors::LostPart;

constexpr MetricDesc kDepth = {.name = "depth", .help = "Depth.", .labels = {"queue"}};
constexpr MetricDesc kOther = {.name = "other", .help = "Other."};
constexpr double kBounds[] = {1.0};
constexpr MetricDesc kTook = {
    .name = "took", .type = MetricType::kHistogram, .help = "Took.", .bounds = kBounds};
constexpr MetricDesc kAll[] = {kDepth, kOther, kTook};
constexpr collectors::CollectorEntry kListing = {"listing", "", {}, kAll, nullptr};
constexpr collectors::CollectorEntry kUnlisted = {"unlisted", "", {}, {}, nullptr};

/// A collection that found these queues, `other` and `took`.
std::shared_ptr<const Snapshot> Found(std::initializer_list<std::string_view> queues,
                                      ConstantLabels labels = {}, bool is_whole = true) {
  MetricSink sink({.max_series = 10, .constant_labels = std::move(labels)}, nullptr);
  for (const std::string_view queue : queues) sink.Add(kDepth, {queue}, 1);
  if (is_whole) sink.Add(kOther, {}, 1);
  constexpr std::uint64_t kCounts[] = {1, 1};
  if (is_whole) sink.AddHistogram(kTook, {}, {kCounts, 1});
  return sink.Finish(TimePoint());
}

LostPart Lost(std::shared_ptr<const Snapshot> before, std::shared_ptr<const Snapshot> after) {
  LostPart part;
  part.name = "part";
  part.before = std::move(before);
  part.after = std::move(after);
  return part;
}

std::shared_ptr<InstanceView> ViewWith(const collectors::CollectorEntry& kind,
                                       std::vector<LostPart> lost) {
  const auto view = MakeView(kind, "one", nullptr);
  view->lost = std::move(lost);
  view->seen = std::make_shared<const collectors::FamilyNames>();
  return view;
}

/// A series as the store has it.
Labels Stored(std::string_view name, std::string_view queue = "") {
  return {{"__name__", name}, {"queue", queue}, {"job", "tocsin"}, {"instance", "a:1"}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(source_down_test)

BOOST_AUTO_TEST_CASE(ACollectorThatIsWhollyDownTakesAllThatItMayHave) {
  const auto view = ViewWith(kListing, {});
  view->up = false;
  BOOST_TEST(IsSourceDown(*view, Stored("depth", "a")));
  BOOST_TEST(IsSourceDown(*view, Stored("took_bucket")));
  BOOST_TEST(!IsSourceDown(*view, Stored("depths")));
  BOOST_TEST(!IsSourceDown(*view, {{"queue", "a"}}));
  view->up = true;
  BOOST_TEST(!IsSourceDown(*view, Stored("depth", "a")));
}

BOOST_AUTO_TEST_CASE(ConstantLabelsTellCollectorsOfOneKindApart) {
  const auto view = ViewWith(kListing, {});
  view->up = false;
  auto config = std::make_shared<collectors::InstanceConfig>(*view->config);
  config->labels = {{"env", "prod"}};
  view->config = config;
  BOOST_TEST(!IsSourceDown(*view, Stored("depth", "a")));
  BOOST_TEST(IsSourceDown(*view, {{"__name__", "depth"}, {"env", "prod"}}));
  BOOST_TEST(IsSourceDown(*view, {{"env", "prod"}}));
  BOOST_TEST(!IsSourceDown(*view, {{"__name__", "depth"}, {"env", "test"}}));
}

BOOST_AUTO_TEST_CASE(AKindThatListsNoMetricsIsKnownByWhatItServed) {
  const auto view = ViewWith(kUnlisted, {});
  view->up = false;
  BOOST_TEST(!IsSourceDown(*view, Stored("depth", "a")));
  view->seen = std::make_shared<const collectors::FamilyNames>(collectors::FamilyNames{"depth"});
  BOOST_TEST(IsSourceDown(*view, Stored("depth", "a")));
  BOOST_TEST(!IsSourceDown(*view, Stored("other")));
  // Nothing yet: it may have whatever no other kind has.
  view->seen = nullptr;
  BOOST_TEST(IsSourceDown(*view, Stored("other")));
  BOOST_TEST(!IsSourceDown(*view, Stored("dagster_runs_in_flight")));
  BOOST_TEST(!IsSourceDown(*view, Stored("job:other:sum")));
}

BOOST_AUTO_TEST_CASE(APartThatTellsItsMetricsTakesThese) {
  LostPart part = Lost(nullptr, Found({}));
  part.metrics = {"depth"};
  const auto view = ViewWith(kUnlisted, {part});
  BOOST_TEST(IsSourceDown(*view, Stored("depth", "a")));
  BOOST_TEST(!IsSourceDown(*view, Stored("other")));
}

BOOST_AUTO_TEST_CASE(WhatWentWithAPartIsDownAndWhatGoesLaterIsNot) {
  const auto view =
      ViewWith(kListing, {Lost(Found({"a", "b"}), Found({"b"}, {}, /*is_whole=*/false))});
  const struct {
    Labels series;
    bool is_down;
  } rows[] = {
      {Stored("depth", "a"), true},
      {Stored("depth", "b"), false},
      {Stored("depth", "c"), false},
      {Stored("other"), true},
      {{{"__name__", "took_bucket"}, {"le", "1.0"}, {"job", "tocsin"}}, true},
      {Stored("unknown"), false},
      // Without a name: by what labels are left.
      {{{"queue", "a"}}, true},
      {{{"queue", "b"}}, false},
      {{{"job", "tocsin"}, {"instance", "a:1"}}, false},
      {{{"queue", "a"}, {"team", "core"}}, false},
  };
  for (const auto& row : rows) {
    BOOST_TEST_CONTEXT(row.series.ToString()) {
      BOOST_TEST(IsSourceDown(*view, row.series) == row.is_down);
    }
  }
}

BOOST_AUTO_TEST_CASE(SeriesOfOtherProgramsGoWithTheirPage) {
  const auto shape = std::make_shared<FamilyShape>();
  shape->name = "http_requests";
  shape->form = SeriesForm::kFlat;
  shape->label_values =
      "http_requests_total\xff"
      "code\xff"
      "500\xff";
  shape->series_ends = {static_cast<std::uint32_t>(shape->label_values.size())};
  const auto before = std::make_shared<Snapshot>();
  before->families.push_back({shape, {1}});
  const auto view = ViewWith(kListing, {Lost(before, std::make_shared<Snapshot>())});
  BOOST_TEST(IsSourceDown(*view, {{"__name__", "http_requests_total"}, {"code", "500"}}));
  BOOST_TEST(!IsSourceDown(*view, {{"__name__", "http_requests_total"}, {"code", "200"}}));
  view->lost[0].after = before;
  BOOST_TEST(!IsSourceDown(*view, {{"__name__", "http_requests_total"}, {"code", "500"}}));
}

BOOST_AUTO_TEST_CASE(APartLostFromTheStartTakesWhatHasNotBeenSeenSince) {
  const auto view = ViewWith(kListing, {Lost(nullptr, Found({"a"}))});
  view->seen = std::make_shared<const collectors::FamilyNames>(collectors::FamilyNames{"depth"});
  BOOST_TEST(IsSourceDown(*view, Stored("other")));
  BOOST_TEST(!IsSourceDown(*view, Stored("depth", "b")));
  BOOST_TEST(!IsSourceDown(*view, Stored("unknown")));
  // A table that this version never had took nothing.
  view->lost[0].is_fault = false;
  BOOST_TEST(!IsSourceDown(*view, Stored("other")));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin

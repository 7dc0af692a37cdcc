#include "exporter/exposition.h"

#include <cmath>
#include <cstdio>
#include <fstream>
#include <limits>
#include <string>

#include <boost/test/unit_test.hpp>

#include "base/metric_sink.h"

namespace tocsin {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kBounds[] = {0.5, 60, 3600};

constexpr MetricDesc kLag = {.name = "dagster_queue_oldest_age_seconds",
                             .type = MetricType::kGauge,
                             .help = "Age of the \"oldest\" run.\nA back\\slash.",
                             .labels = {"location", "note"}};
constexpr MetricDesc kRuns = {
    .name = "dagster_runs_failed_total", .type = MetricType::kCounter, .help = "Failed runs."};
constexpr MetricDesc kOddCounter = {.name = "dagster_runs_failed",
                                    .type = MetricType::kCounter,
                                    .help = "A counter without its suffix."};
constexpr MetricDesc kDuration = {.name = "dagster_run_duration_seconds",
                                  .type = MetricType::kHistogram,
                                  .help = "How long runs took.",
                                  .labels = {"job"},
                                  .bounds = kBounds};
constexpr MetricDesc kMystery = {
    .name = "dagster_mystery_bytes", .type = MetricType::kUnknown, .help = "Nobody knows."};

/// All kinds of families and all that is hard about values.
std::shared_ptr<const Snapshot> Everything() {
  MetricSink sink({.max_series = 100, .constant_labels = {{"env", "te\"st"}}}, nullptr);
  sink.Add(kLag, {"eu", "plain"}, 12);
  sink.Add(kLag, {"us", "back\\slash \"quote\" new\nline \xc3\xa9"}, 0.1 + 0.2);
  sink.Add(kLag, {"", ""}, std::nan(""));
  sink.Add(kLag, {"plus", ""}, kInfinity);
  sink.Add(kLag, {"minus", ""}, -kInfinity);
  sink.Add(kLag, {"large", ""}, 18014398509481985.0);
  sink.Add(kLag, {"zero", ""}, -0.0);
  sink.Add(kRuns, {}, 3);
  sink.Add(kOddCounter, {}, 4);
  const std::uint64_t counts[] = {1, 0, 2, 4};
  sink.AddHistogram(kDuration, {"etl"}, {counts, 1234.5});
  sink.Add(kMystery, {}, 5);
  return sink.Finish(TimePoint());
}

std::string Page(ExpositionFormat format, const Snapshot& snapshot) {
  std::string page;
  for (const FamilyPoints& family : snapshot.families) {
    page += FamilyHeader(format, *family.shape) + RenderFamily(family, nullptr)->text;
  }
  return page.append(PageEnd(format));
}

constexpr std::string_view kGoldenText =
    R"(# HELP dagster_queue_oldest_age_seconds Age of the "oldest" run.\nA back\\slash.
# TYPE dagster_queue_oldest_age_seconds gauge
dagster_queue_oldest_age_seconds{location="eu",note="plain",env="te\"st"} 12
dagster_queue_oldest_age_seconds{location="us",note="back\\slash \"quote\" new\nline é",env="te\"st"} 0.30000000000000004
dagster_queue_oldest_age_seconds{env="te\"st"} NaN
dagster_queue_oldest_age_seconds{location="plus",env="te\"st"} +Inf
dagster_queue_oldest_age_seconds{location="minus",env="te\"st"} -Inf
dagster_queue_oldest_age_seconds{location="large",env="te\"st"} 18014398509481984
dagster_queue_oldest_age_seconds{location="zero",env="te\"st"} -0
# HELP dagster_runs_failed_total Failed runs.
# TYPE dagster_runs_failed_total counter
dagster_runs_failed_total{env="te\"st"} 3
# HELP dagster_runs_failed A counter without its suffix.
# TYPE dagster_runs_failed counter
dagster_runs_failed{env="te\"st"} 4
# HELP dagster_run_duration_seconds How long runs took.
# TYPE dagster_run_duration_seconds histogram
dagster_run_duration_seconds_bucket{job="etl",env="te\"st",le="0.5"} 1
dagster_run_duration_seconds_bucket{job="etl",env="te\"st",le="60.0"} 1
dagster_run_duration_seconds_bucket{job="etl",env="te\"st",le="3600.0"} 3
dagster_run_duration_seconds_bucket{job="etl",env="te\"st",le="+Inf"} 7
dagster_run_duration_seconds_sum{job="etl",env="te\"st"} 1234.5
dagster_run_duration_seconds_count{job="etl",env="te\"st"} 7
# HELP dagster_mystery_bytes Nobody knows.
# TYPE dagster_mystery_bytes untyped
dagster_mystery_bytes{env="te\"st"} 5
)";

struct HeaderCase {
  const MetricDesc& metric;
  std::string_view open_metrics;
};

const HeaderCase kHeaderCases[] = {
    {kLag,
     "# TYPE dagster_queue_oldest_age_seconds gauge\n# UNIT dagster_queue_oldest_age_seconds "
     "seconds\n"
     "# HELP dagster_queue_oldest_age_seconds Age of the \\\"oldest\\\" run.\\nA back\\\\slash.\n"},
    {kRuns, "# TYPE dagster_runs_failed counter\n# HELP dagster_runs_failed Failed runs.\n"},
    {kOddCounter,
     "# TYPE dagster_runs_failed unknown\n# HELP dagster_runs_failed A counter without its "
     "suffix.\n"},
    {kDuration,
     "# TYPE dagster_run_duration_seconds histogram\n# UNIT dagster_run_duration_seconds seconds\n"
     "# HELP dagster_run_duration_seconds How long runs took.\n"},
    {kMystery,
     "# TYPE dagster_mystery_bytes unknown\n# UNIT dagster_mystery_bytes bytes\n"
     "# HELP dagster_mystery_bytes Nobody knows.\n"},
};

/// A snapshot of `values` in one family of gauges, or in one of histograms.
std::shared_ptr<const Snapshot> Gauges(const std::vector<double>& values,
                                       std::shared_ptr<const Snapshot> previous) {
  MetricSink sink({.max_series = 100, .constant_labels = {}}, std::move(previous));
  for (std::size_t i = 0; i < values.size(); ++i)
    sink.Add(kLag, {std::to_string(i), "x"}, values[i]);
  return sink.Finish(TimePoint());
}

std::shared_ptr<const Snapshot> Histograms(const std::vector<double>& sums,
                                           std::shared_ptr<const Snapshot> previous) {
  MetricSink sink({.max_series = 100, .constant_labels = {}}, std::move(previous));
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const auto count = static_cast<std::uint64_t>(sums[i] * 1000);
    const std::uint64_t counts[] = {count, 1, count, 3};
    sink.AddHistogram(kDuration, {std::to_string(i)}, {counts, sums[i]});
  }
  return sink.Finish(TimePoint());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(exposition_test)

BOOST_AUTO_TEST_CASE(TextIsExactlyThis) {
  BOOST_TEST(Page(ExpositionFormat::kText, *Everything()) == kGoldenText);
}

BOOST_AUTO_TEST_CASE(OpenMetricsDiffersInItsHeadersAndItsEndOnly) {
  const auto snapshot = Everything();
  BOOST_REQUIRE_EQUAL(snapshot->families.size(), std::size(kHeaderCases));
  std::string expected;
  for (std::size_t i = 0; i < std::size(kHeaderCases); ++i) {
    expected += kHeaderCases[i].open_metrics;
    expected += RenderFamily(snapshot->families[i], nullptr)->text;
  }
  BOOST_TEST(Page(ExpositionFormat::kOpenMetrics, *snapshot) == expected + "# EOF\n");
}

BOOST_AUTO_TEST_CASE(AnUnlabelledSeriesHasNoBraces) {
  MetricSink sink({}, nullptr);
  sink.Add(kRuns, {}, 7);
  BOOST_TEST(RenderFamily(sink.Finish(TimePoint())->families[0], nullptr)->text ==
             "dagster_runs_failed_total 7\n");
}

BOOST_AUTO_TEST_CASE(AnUnchangedFamilyIsNotRenderedAgain) {
  const auto first = Gauges({1, std::nan(""), 3}, nullptr);
  const auto second = Gauges({1, std::nan(""), 3}, first);
  const auto rendered = RenderFamily(first->families[0], nullptr);
  BOOST_TEST((RenderFamily(second->families[0], rendered) == rendered));
}

BOOST_AUTO_TEST_CASE(RenderingAgainEqualsRenderingAnew) {
  const std::vector<double> rows[] = {
      {1, 2, 3, 4},
      {1, 2, 3, 4.125},
      {100, 2, 3, 4.125},
      {0.1, 22222, -3, kInfinity},
      {0, -0.0, 1e300, 4},
      {-0.0, 0, 1e300, 5},
      {7, 7, 7, 7},
      {1, 2, 3, 4, 5},
      {1, 2},
  };
  for (const auto make : {Gauges, Histograms}) {
    std::shared_ptr<const Snapshot> last;
    std::shared_ptr<const RenderedFamily> rendered;
    for (const std::vector<double>& row : rows) {
      // Histograms have no infinite or negative counts.
      std::vector<double> values = row;
      if (make == Histograms) {
        for (double& value : values) value = std::fmod(std::abs(value), 1e6);
        for (double& value : values) value = std::isnan(value) ? 9 : value;
      }
      last = make(values, last);
      rendered = RenderFamily(last->families[0], rendered);
      BOOST_TEST(rendered->text == RenderFamily(last->families[0], nullptr)->text);
    }
  }
}

BOOST_AUTO_TEST_CASE(PromtoolReadsTheText) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread.
  if (std::system("command -v promtool >/dev/null 2>&1") != 0) {
    BOOST_TEST_MESSAGE("promtool is not installed");
    return;
  }
  // Only what promtool's linter has no opinion about.
  MetricSink sink({.max_series = 100, .constant_labels = {{"env", "te\"st"}}}, nullptr);
  sink.Add(kLag, {"us", "back\\slash \"quote\" new\nline \xc3\xa9"}, 0.1 + 0.2);
  sink.Add(kLag, {"nan", ""}, std::nan(""));
  sink.Add(kLag, {"inf", ""}, kInfinity);
  sink.Add(kRuns, {}, 3);
  const std::uint64_t counts[] = {1, 0, 2, 4};
  sink.AddHistogram(kDuration, {"etl"}, {counts, 1234.5});
  std::FILE* const promtool = popen("promtool check metrics 2>&1", "w");
  BOOST_REQUIRE(promtool != nullptr);
  const std::string page = Page(ExpositionFormat::kText, *sink.Finish(TimePoint()));
  std::fwrite(page.data(), 1, page.size(), promtool);
  BOOST_TEST(pclose(promtool) == 0);
}

BOOST_AUTO_TEST_CASE(FlatFamiliesComeOutAsTheyWentIn) {
  FamilyShape shape;
  shape.name = "app_wait";
  shape.type = MetricType::kSummary;
  shape.form = SeriesForm::kFlat;
  shape.constant_labels = {{"env", "live"}};
  for (const std::string_view part : {"app_wait", "quantile", "0.5", "a", "x\"y"}) {
    shape.label_values.append(part).append(1, FamilyShape::kDelimiter);
  }
  shape.series_ends.push_back(static_cast<std::uint32_t>(shape.label_values.size()));
  for (const std::string_view part : {"app_wait_count", "env", "own"}) {
    shape.label_values.append(part).append(1, FamilyShape::kDelimiter);
  }
  shape.series_ends.push_back(static_cast<std::uint32_t>(shape.label_values.size()));
  Snapshot snapshot;
  snapshot.families.push_back({std::make_shared<const FamilyShape>(shape), {0.25, 3}});
  BOOST_TEST(Page(ExpositionFormat::kText, snapshot) ==
             "# TYPE app_wait summary\n"
             "app_wait{quantile=\"0.5\",a=\"x\\\"y\",env=\"live\"} 0.25\n"
             "app_wait_count{env=\"live\"} 3\n");
  const auto rendered = RenderFamily(snapshot.families[0], nullptr);
  snapshot.families[0].values = {0.5, 3};
  BOOST_TEST(RenderFamily(snapshot.families[0], rendered)->text ==
             RenderFamily(snapshot.families[0], nullptr)->text);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin

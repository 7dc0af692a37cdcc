#include "exporter/self_metrics.h"

#include <map>
#include <string>

#include <boost/test/unit_test.hpp>
#include <prometheus/histogram.h>

#include "exporter/version.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_collector.h"

namespace tocsin {
namespace {

using collectors::FakeConfig;
using collectors::InstanceConfig;
using collectors::InstanceView;
using std::chrono::seconds;

/// All samples, by name and labels: "name{a=x,b=}".
std::map<std::string, double> Samples(SelfMetrics& metrics) {
  std::map<std::string, double> samples;
  const auto snapshot = metrics.Collect();
  for (const FamilyPoints& family : snapshot->families) {
    for (std::size_t i = 0; i < family.shape->series_count(); ++i) {
      std::string_view encoded = family.shape->series(i);
      std::string key = family.shape->name + '{';
      for (const std::string& name : family.shape->label_names) {
        const std::size_t end = encoded.find(FamilyShape::kDelimiter);
        key += name + '=' + std::string(encoded.substr(0, end)) + ',';
        encoded.remove_prefix(end + 1);
      }
      if (key.back() == ',') key.pop_back();
      samples[key + '}'] = family.values[i * family.shape->values_per_series()];
    }
  }
  return samples;
}

int CountOf(const std::map<std::string, double>& samples, std::string_view prefix) {
  int count = 0;
  for (const auto& [key, value] : samples) count += key.starts_with(prefix) ? 1 : 0;
  return count;
}

InstanceView ViewOf(const std::string& name) {
  InstanceView view;
  view.config = std::make_shared<const InstanceConfig>(FakeConfig(name, {}));
  return view;
}

struct Fixture {
  FakeClock clock;
  SelfMetrics metrics{clock};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(self_metrics_test)

BOOST_FIXTURE_TEST_CASE(AnInstanceHasItsSeriesBeforeItsFirstCollection, Fixture) {
  metrics.Observe(ViewOf("a"));
  metrics.Observe(ViewOf("b"));
  const auto samples = Samples(metrics);
  BOOST_TEST(samples.at("tocsin_collector_up{collector=fake,name=a}") == 0);
  BOOST_TEST(samples.at("tocsin_collector_duration_seconds{collector=fake,name=a}") == 0);
  BOOST_TEST(samples.at("tocsin_collector_last_success_timestamp_seconds{collector=fake,name=a}") ==
             0);
  BOOST_TEST(samples.at("tocsin_collector_samples{collector=fake,name=b}") == 0);
  BOOST_TEST(samples.at("tocsin_collector_interval_seconds{collector=fake,name=b}") == 15);
  BOOST_TEST(CountOf(samples, "tocsin_collector_errors_total{collector=fake,name=a,reason=") == 7);
  BOOST_TEST(CountOf(samples, "tocsin_samples_dropped_total{collector=fake,name=a,reason=") == 6);
  BOOST_TEST(CountOf(samples, "tocsin_source_clock_skew_seconds") == 0);
  BOOST_TEST(CountOf(samples, "tocsin_collector_source_up") == 0);
}

BOOST_FIXTURE_TEST_CASE(ShowsWhatTheViewShows, Fixture) {
  InstanceView view = ViewOf("a");
  view.up = true;
  view.last_success = TimePoint(seconds(1000));
  view.last_duration = std::chrono::milliseconds(1500);
  view.errors[static_cast<std::size_t>(ErrorCode::kTimeout)] = 3;
  view.dropped[static_cast<std::size_t>(DropReason::kOverflow)] = 4000;
  view.sources = {{"events", true, "", 0.25}, {"runs", false, "connection refused", {}}};
  metrics.Observe(view);
  metrics.CountLeftOut(*view.config, 7);
  metrics.Observe(view);
  auto samples = Samples(metrics);
  BOOST_TEST(samples.at("tocsin_samples_dropped_total{collector=fake,name=a,reason=type}") == 7);
  BOOST_TEST(samples.at("tocsin_collector_up{collector=fake,name=a}") == 1);
  BOOST_TEST(samples.at("tocsin_collector_duration_seconds{collector=fake,name=a}") == 1.5);
  BOOST_TEST(samples.at("tocsin_collector_last_success_timestamp_seconds{collector=fake,name=a}") ==
             1000);
  BOOST_TEST(samples.at("tocsin_collector_errors_total{collector=fake,name=a,reason=timeout}") ==
             3);
  BOOST_TEST(samples.at("tocsin_samples_dropped_total{collector=fake,name=a,reason=overflow}") ==
             4000);
  BOOST_TEST(samples.at("tocsin_collector_source_up{collector=fake,name=a,source=events}") == 1);
  BOOST_TEST(samples.at("tocsin_collector_source_up{collector=fake,name=a,source=runs}") == 0);
  BOOST_TEST(samples.at("tocsin_source_clock_skew_seconds{collector=fake,name=a,source=events}") ==
             0.25);
  view.lost = {{.name = "runs", .error = "connection refused", .is_source = true},
               {.name = "ticks", .error = "no such table"},
               {.name = "assets", .error = "no such table", .is_fault = false}};
  metrics.Observe(view);
  samples = Samples(metrics);
  BOOST_TEST(CountOf(samples, "tocsin_collector_part_lost") == 1);
  BOOST_TEST(samples.at("tocsin_collector_part_lost{collector=fake,name=a,part=ticks}") == 1);
  view.lost.clear();
  view.sources.clear();
  metrics.Observe(view);
  samples = Samples(metrics);
  BOOST_TEST(CountOf(samples, "tocsin_collector_source_up") == 0);
  BOOST_TEST(CountOf(samples, "tocsin_collector_part_lost") == 0);
  BOOST_TEST(CountOf(samples, "tocsin_source_clock_skew_seconds") == 0);
}

BOOST_FIXTURE_TEST_CASE(AnInstanceWithAndOneWithoutSourcesShareAFamily, Fixture) {
  InstanceView one = ViewOf("one");
  one.clock_skew_seconds = 1;
  InstanceView two = ViewOf("two");
  two.sources = {{"runs", true, "", 2}};
  metrics.Observe(one);
  metrics.Observe(two);
  const auto samples = Samples(metrics);
  BOOST_TEST(samples.at("tocsin_source_clock_skew_seconds{collector=fake,name=one,source=}") == 1);
  BOOST_TEST(samples.at("tocsin_source_clock_skew_seconds{collector=fake,name=two,source=runs}") ==
             2);
}

BOOST_FIXTURE_TEST_CASE(CountersGoOnWhenAnInstanceIsReplacedAndEndWhenItIsForgotten, Fixture) {
  const char* const key = "tocsin_collector_errors_total{collector=fake,name=a,reason=connect}";
  InstanceView view = ViewOf("a");
  auto& errors = view.errors[static_cast<std::size_t>(ErrorCode::kUnavailable)];
  errors = 2;
  metrics.Observe(view);
  metrics.Observe(view);
  BOOST_TEST(Samples(metrics).at(key) == 2);
  view.config = std::make_shared<const InstanceConfig>(*view.config);
  errors = 1;
  metrics.Observe(view);
  BOOST_TEST(Samples(metrics).at(key) == 3);
  metrics.Forget(*view.config);
  BOOST_TEST(CountOf(Samples(metrics), "tocsin_collector_") == 0);
}

BOOST_FIXTURE_TEST_CASE(TellsReloadsTheBuildAndTheProcess, Fixture) {
  metrics.ReloadSucceeded();
  auto samples = Samples(metrics);
  const double loaded = UnixSeconds(clock.Now());
  BOOST_TEST(samples.at("tocsin_config_last_reload_successful{}") == 1);
  clock.Advance(seconds(60));
  metrics.ReloadFailed();
  samples = Samples(metrics);
  BOOST_TEST(samples.at("tocsin_config_last_reload_successful{}") == 0);
  BOOST_TEST(samples.at("tocsin_config_last_reload_success_timestamp_seconds{}") == loaded);
  BOOST_TEST(samples.at("tocsin_build_info{revision=" + std::string(Revision()) +
                        ",version=" + std::string(Version()) + "}") == 1);
  BOOST_TEST(samples.at("process_start_time_seconds{}") == loaded);
  for (const MetricDesc& metric : ProcessMetrics::Descriptions()) {
    BOOST_TEST_CONTEXT(metric.name) {
      BOOST_TEST(samples.at(std::string(metric.name) + "{}") > 0);
    }
  }
}

BOOST_FIXTURE_TEST_CASE(ShapesAreSharedWhileTheSeriesAreTheSame, Fixture) {
  metrics.Observe(ViewOf("a"));
  const auto before = metrics.Collect();
  const auto after = metrics.Collect();
  BOOST_REQUIRE(before->families.size() == after->families.size());
  for (std::size_t i = 0; i < before->families.size(); ++i) {
    BOOST_TEST((before->families[i].shape == after->families[i].shape));
  }
}

BOOST_FIXTURE_TEST_CASE(PartsMayCountThingsOfTheirOwn, Fixture) {
  prometheus::BuildHistogram()
      .Name("tocsin_x_seconds")
      .Help("X.")
      .Register(metrics.registry())
      .Add({{"a", "b"}}, prometheus::Histogram::BucketBoundaries{1, 2})
      .Observe(1.5);
  const auto snapshot = metrics.Collect();
  for (const FamilyPoints& family : snapshot->families) {
    if (family.shape->name != "tocsin_x_seconds") continue;
    const std::vector<double> expected = {0, 1, 1, 1.5};
    BOOST_TEST(family.values == expected, boost::test_tools::per_element());
    return;
  }
  BOOST_TEST(false);
}

BOOST_FIXTURE_TEST_CASE(EverythingExportedIsDescribed, Fixture) {
  InstanceView view = ViewOf("a");
  view.sources = {{"runs", true, "", 2}};
  view.lost = {{.name = "ticks", .error = "no such table"}};
  metrics.Observe(view);
  metrics.ReloadSucceeded();
  const auto descriptions = SelfMetrics::Descriptions();
  const auto snapshot = metrics.Collect();
  BOOST_TEST(snapshot->families.size() == descriptions.size());
  for (const FamilyPoints& family : snapshot->families) {
    BOOST_TEST_CONTEXT(family.shape->name) {
      const auto description =
          std::find_if(descriptions.begin(), descriptions.end(),
                       [&](const MetricDesc& metric) { return metric.name == family.shape->name; });
      BOOST_REQUIRE((description != descriptions.end()));
      BOOST_TEST((description->type == family.shape->type));
      BOOST_TEST(description->help == family.shape->help);
      BOOST_TEST(description->labels.size() == family.shape->label_names.size());
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin

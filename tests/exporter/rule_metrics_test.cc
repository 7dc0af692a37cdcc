#include "exporter/rule_metrics.h"

#include <map>
#include <string>

#include <boost/test/unit_test.hpp>

namespace tocsin {
namespace {

struct Fixture {
  /// "tocsin_rule_group_rules{file;group}" -> value
  std::map<std::string, double> Samples() {
    std::map<std::string, double> samples;
    for (const prometheus::MetricFamily& family : registry.Collect()) {
      for (const prometheus::ClientMetric& metric : family.metric) {
        if (family.type == prometheus::MetricType::Histogram) {
          samples[family.name] = static_cast<double>(metric.histogram.sample_count);
          continue;
        }
        const bool counter = family.type == prometheus::MetricType::Counter;
        const std::string group =
            metric.label.empty() ? "" : "{" + metric.label.front().value + "}";
        samples[family.name + group] = counter ? metric.counter.value : metric.gauge.value;
      }
    }
    return samples;
  }

  static GroupView View(std::string name, std::uint64_t iterations) {
    GroupView group;
    group.file = "a.yml";
    group.name = std::move(name);
    group.interval = std::chrono::seconds(15);
    group.iterations = iterations;
    group.missed = 1;
    group.rules.resize(3);
    return group;
  }

  prometheus::Registry registry;
  RuleMetrics metrics{registry};
  TemplateCounts templates;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(rule_metrics_test, Fixture)

BOOST_AUTO_TEST_CASE(EachGroupHasItsSeries) {
  metrics.Update({View("g", 7), View("h", 2)}, templates);
  auto samples = Samples();
  BOOST_TEST(samples["tocsin_rule_group_iterations_total{a.yml;g}"] == 7);
  BOOST_TEST(samples["tocsin_rule_group_iterations_total{a.yml;h}"] == 2);
  BOOST_TEST(samples["tocsin_rule_group_iterations_missed_total{a.yml;g}"] == 1);
  BOOST_TEST(samples["tocsin_rule_group_interval_seconds{a.yml;g}"] == 15);
  BOOST_TEST(samples["tocsin_rule_group_rules{a.yml;g}"] == 3);
  BOOST_TEST(samples.size() == 2 * (RuleMetrics::Descriptions().size() - 4) + 4);
}

BOOST_AUTO_TEST_CASE(CountersGoOnWhenAGroupBeginsAnew) {
  metrics.Update({View("g", 7)}, templates);
  metrics.Update({View("g", 9)}, templates);
  metrics.Update({View("g", 2)}, templates);
  BOOST_TEST(Samples()["tocsin_rule_group_iterations_total{a.yml;g}"] == 11);
}

BOOST_AUTO_TEST_CASE(TimesOfAllGroupsStandTogetherAndNeverFall) {
  GroupView one = View("g", 1);
  GroupView two = View("h", 1);
  for (const double seconds : {0.002, 0.2}) one.rules_took.Add(seconds);
  two.rules_took.Add(20);
  metrics.Update({one, two}, templates);
  BOOST_TEST(Samples()["tocsin_rule_evaluation_duration_seconds"] == 3);
  one.rules_took.Add(0.2);
  metrics.Update({one}, templates);
  BOOST_TEST(Samples()["tocsin_rule_evaluation_duration_seconds"] == 4);
  metrics.Update({View("g", 2)}, templates);  // It has begun anew.
  BOOST_TEST(Samples()["tocsin_rule_evaluation_duration_seconds"] == 4);
  BOOST_TEST(Samples()["tocsin_rule_group_duration_seconds"] == 0);
}

BOOST_AUTO_TEST_CASE(TemplatesAreCounted) {
  templates.expansions = 3;
  templates.failures = 1;
  metrics.Update({}, templates);
  templates.expansions = 5;
  metrics.Update({}, templates);
  BOOST_TEST(Samples()["tocsin_template_text_expansions_total"] == 5);
  BOOST_TEST(Samples()["tocsin_template_text_expansion_failures_total"] == 1);
}

BOOST_AUTO_TEST_CASE(AGroupThatIsGoneTakesItsSeriesAlong) {
  metrics.Update({View("g", 7), View("h", 2)}, templates);
  metrics.Update({View("h", 2)}, templates);
  BOOST_TEST(Samples().count("tocsin_rule_group_rules{a.yml;g}") == 0);
  BOOST_TEST(Samples().count("tocsin_rule_group_rules{a.yml;h}") == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin

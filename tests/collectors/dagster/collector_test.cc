#include "collectors/dagster/collector.h"

#include <cstdlib>
#include <set>

#include <boost/test/unit_test.hpp>

#include "tests/collectors/dagster/instance.h"

namespace tocsin::collectors::dagster {
namespace {

/// What is wrong with the options of a collector, as a text.
std::string MistakesIn(const std::string& yaml) {
  Diagnostics diagnostics("f.yaml");
  const std::optional<YamlNode> node = ParseYaml(yaml, diagnostics);
  BOOST_TEST_REQUIRE(node.has_value());
  {
    YamlMap options(*node, diagnostics);
    Configure(options);
  }
  return diagnostics.Text();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(collector_test)

BOOST_AUTO_TEST_CASE(TheCatalogueIsSoundAndComplete) {
  std::set<std::string_view> names;
  for (const MetricDesc& metric : Metrics()) {
    BOOST_TEST_CONTEXT(metric.name) {
      BOOST_TEST(IsMetricName(metric.name));
      BOOST_TEST(metric.name.starts_with("dagster_"));
      BOOST_TEST(names.insert(metric.name).second);
      BOOST_TEST(!metric.help.empty());
      const bool is_total = metric.name.ends_with("_total");
      BOOST_TEST((metric.type == MetricType::kCounter) == is_total);
    }
  }
  SqliteInstance instance;
  Settings settings;
  settings.compatibility_names = true;
  Watcher watcher(instance, settings);
  for (const auto& [series, value] : watcher.CollectWhole()) {
    std::string name = series.substr(0, series.find('{'));
    for (const std::string suffix : {"_sum", "_count"}) {
      if (!names.contains(name) && name.ends_with(suffix)) name.resize(name.size() - suffix.size());
    }
    BOOST_TEST(names.contains(name), "not in the catalogue: " + name);
  }
}

BOOST_AUTO_TEST_CASE(AMissingTableCostsItsOwnMetricsOnly) {
  OnEachDatabase([](Instance& instance) {
    Watcher watcher(instance);
    instance.Execute(Store::kEvents, "ALTER TABLE pending_steps RENAME TO gone");
    for (int i = 0; i < 2; ++i) {
      watcher.tap->ran.clear();
      const Values values = watcher.Collect();
      BOOST_TEST_REQUIRE(static_cast<bool>(watcher.status));
      BOOST_TEST_REQUIRE(watcher.parts.size() == 1U);
      BOOST_TEST(watcher.parts[0].source == "concurrency");
      BOOST_TEST((watcher.parts[0].status.error().code == ErrorCode::kNotFound));
      BOOST_TEST(values.contains(R"(dagster_runs_in_flight{status="QUEUED"})"));
      bool asked = false;
      for (const Ran& ran : watcher.tap->ran) {
        asked = asked || ran.statement.find("pending_steps") != std::string::npos;
      }
      BOOST_TEST(asked == (i == 0));
    }
    instance.Execute(Store::kEvents, "ALTER TABLE gone RENAME TO pending_steps");
    watcher.CollectWhole(std::chrono::minutes(10));
  });
}

BOOST_AUTO_TEST_CASE(WithoutTheFileOfTheRunsNothingIsKnown) {
  SqliteInstance instance;
  Watcher watcher(instance);
  std::filesystem::remove(instance.File(Store::kSchedules));
  const Values values = watcher.Collect();
  BOOST_TEST(static_cast<bool>(watcher.status));
  BOOST_TEST(watcher.parts.size() == 2U);  // Ticks and instigators.
  BOOST_TEST(values.contains(R"(dagster_runs_in_flight{status="QUEUED"})"));
  std::filesystem::remove(instance.File(Store::kRuns));
  watcher.Collect();
  BOOST_TEST_REQUIRE(!watcher.status);
  BOOST_TEST((watcher.status.error().code == ErrorCode::kUnavailable));
}

BOOST_AUTO_TEST_CASE(AStateThatCannotBeKeptIsReportedAndStopsNothing) {
  SqliteInstance instance;
  Watcher watcher(instance, {}, "/proc/no/such/folder/state.json");
  const Values values = watcher.Collect();
  BOOST_TEST(static_cast<bool>(watcher.status));
  BOOST_TEST_REQUIRE(watcher.parts.size() == 1U);
  BOOST_TEST(watcher.parts[0].source == "state");
  BOOST_TEST(!values.empty());
}

BOOST_AUTO_TEST_CASE(OptionsAreChecked) {
  const std::string expected = "expected either postgres or sqlite";
  BOOST_TEST(MistakesIn("sqlite: {dagster_home: /srv/dagster}").empty());
  BOOST_TEST(MistakesIn("postgres: {host: db, password: x}\nassets: [a/b]").empty());
  BOOST_TEST(MistakesIn("max_jobs: 3").find(expected) != std::string::npos);
  BOOST_TEST(MistakesIn("postgres: {host: db}\nsqlite: {dagster_home: x}").find(expected) !=
             std::string::npos);
  BOOST_TEST(MistakesIn("sqlite: {dagster_hom: x}").find("dagster_home") != std::string::npos);
  BOOST_TEST(MistakesIn("sqlite: {dagster_home: x}\nmax_jobs: 0").find("f.yaml:2:") !=
             std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::dagster

#include <boost/test/unit_test.hpp>

#include "tests/collectors/dagster/topic.h"

namespace tocsin::collectors::dagster {
namespace {

using std::chrono::seconds;

/// Runs that waited so long between creation and start.
std::string Waited(const Watcher& watcher, const std::vector<int>& waits) {
  std::string rows = "SELECT 1;";
  for (const int wait : waits) {
    rows += fmt::format(
        "INSERT INTO runs (run_id, pipeline_name, status, create_timestamp, start_time) VALUES "
        "('r{}', 'nightly', 'STARTED', {}, {});",
        wait, watcher.Naive(seconds(1000)), watcher.Epoch(seconds(1000 - wait)));
  }
  return rows;
}

std::string Wait(const std::string& quantile) {
  return "dagster_run_wait_to_start_seconds{quantile=\"" + quantile + "\"}";
}

TopicRow Waits(const std::string& what, const std::vector<int>& waits, const Values& expected,
               const std::vector<std::string>& absent = {}) {
  return {what, Store::kRuns, [waits](const Watcher& watcher) { return Waited(watcher, waits); },
          expected, absent};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(run_wait_test)

BOOST_AUTO_TEST_CASE(QuantilesOfTheNewestRuns) {
  Settings settings;
  settings.compatibility_names = true;
  CheckTopic(
      {
          Waits("no run", {}, {}, {"dagster_run_wait_to_start_seconds"}),
          Waits("one run", {10}, {{Wait("p50"), 10}, {Wait("p95"), 10}, {Wait("max"), 10}}),
          Waits("an even number, out of order", {30, 10, 20, 0},
                {{Wait("p50"), 15}, {Wait("p95"), 28.5}, {Wait("max"), 30}}),
          Waits("a start before the creation, by another clock", {-5, 4},
                {{Wait("p50"), 2}, {Wait("max"), 4}}),
      },
      settings);
}

BOOST_AUTO_TEST_CASE(OnlyWithCompatibilityNames) {
  CheckTopic({Waits("one run", {10}, {}, {"dagster_run_wait_to_start_seconds"})});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::dagster

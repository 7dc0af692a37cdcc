#include <boost/test/unit_test.hpp>

#include "tests/collectors/dagster/instance.h"

namespace tocsin::collectors::dagster {
namespace {

using std::chrono::seconds;

std::string Run(const Watcher& watcher, const std::string& id, const std::string& status,
                Duration created, Duration started = {}) {
  return "INSERT INTO runs (run_id, pipeline_name, status, create_timestamp, update_timestamp, "
         "start_time) VALUES ('" +
         id + "', 'nightly', '" + status + "', " + watcher.Naive(created) + ", " +
         watcher.Naive(started) + ", " + watcher.Epoch(started) + ");";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(active_runs_test)

BOOST_AUTO_TEST_CASE(EachStateIsThereEvenWithoutRuns) {
  OnEachDatabase([](Instance& instance) {
    Watcher watcher(instance);
    const Values values = watcher.CollectWhole();
    for (const std::string status :
         {"QUEUED", "NOT_STARTED", "MANAGED", "STARTING", "STARTED", "CANCELING"}) {
      BOOST_TEST(At(values, "dagster_runs_in_flight{status=\"" + status + "\"}") == 0);
      BOOST_TEST(At(values, "dagster_oldest_run_age_seconds{status=\"" + status + "\"}") == 0);
    }
    BOOST_TEST(At(values, "dagster_oldest_queued_run_age_seconds") == 0);
    BOOST_TEST(!values.contains("dagster_runs_in_flight{status=\"SUCCESS\"}"));
  });
}

BOOST_AUTO_TEST_CASE(RunsAreCountedAndAgedByState) {
  OnEachDatabase([](Instance& instance) {
    Watcher watcher(instance);
    instance.Execute(Store::kRuns, Run(watcher, "a", "QUEUED", seconds(100)) +
                                       Run(watcher, "b", "QUEUED", seconds(40)) +
                                       Run(watcher, "c", "STARTED", seconds(90), seconds(30)) +
                                       Run(watcher, "d", "PONDERING", seconds(90)) +
                                       Run(watcher, "e", "SUCCESS", seconds(90)) +
                                       "INSERT INTO run_tags (run_id, key, value) VALUES "
                                       "('a', '.dagster/repository', '__repository__@etl'), ('a', "
                                       "'dagster/concurrency_key', 'db'), "
                                       "('b', 'dagster/concurrency_key', 'db');");
    Values values = watcher.CollectWhole(Duration(0));
    BOOST_TEST(At(values, R"(dagster_runs_in_flight{status="QUEUED"})") == 2);
    BOOST_TEST(At(values, R"(dagster_runs_in_flight{status="pondering"})") == 1);
    BOOST_TEST(At(values, "dagster_oldest_queued_run_age_seconds") == 100);
    BOOST_TEST(At(values, R"(dagster_oldest_run_age_seconds{status="STARTED"})") == 30);
    const std::string queued_etl = R"({job_name="nightly",location="etl",status="queued"})";
    BOOST_TEST(At(values, "dagster_active_runs" + queued_etl) == 1);
    BOOST_TEST(
        At(values,
           R"(dagster_active_runs{job_name="nightly",location="__unknown__",status="queued"})") ==
        1);
    BOOST_TEST(At(values, R"(dagster_run_queue_concurrency_key_backlog{concurrency_key="db"})") ==
               2);

    instance.Execute(Store::kRuns, "UPDATE runs SET status = 'SUCCESS'");
    values = watcher.CollectWhole();
    BOOST_TEST(At(values, "dagster_active_runs" + queued_etl) == 0);
    BOOST_TEST(At(values, "dagster_active_run_duration_seconds" + queued_etl) == 0);
    BOOST_TEST(At(values, R"(dagster_run_queue_concurrency_key_backlog{concurrency_key="db"})") ==
               0);
  });
}

BOOST_AUTO_TEST_CASE(AboveTheLimitOnlyTotalsAreLeft) {
  SqliteInstance instance;
  Settings settings;
  settings.max_active_runs = 1;
  Watcher watcher(instance, settings);
  instance.Execute(Store::kRuns, Run(watcher, "a", "QUEUED", {}) + Run(watcher, "b", "QUEUED", {}));
  watcher.tap->ran.clear();
  const Values values = watcher.CollectWhole();
  BOOST_TEST(At(values, R"(dagster_runs_in_flight{status="QUEUED"})") == 2);
  for (const auto& [series, value] : values) {
    BOOST_TEST(!series.starts_with("dagster_active_run"), series);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::dagster

#include <boost/test/unit_test.hpp>

#include "tests/collectors/dagster/instance.h"

namespace tocsin::collectors::dagster {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const std::string kFailedNightly =
    R"(dagster_runs_failed_total{job_name="nightly",location="etl"})";

/// A run of job "nightly" that took a minute, after ten seconds in the queue, and ended `ago`.
std::string FinishedRun(const Watcher& watcher, const std::string& id, const std::string& status,
                        Duration ago = {}) {
  return "INSERT INTO runs (run_id, pipeline_name, status, create_timestamp, update_timestamp, "
         "start_time, end_time) VALUES ('" +
         id + "', 'nightly', '" + status + "', " + watcher.Naive(ago + seconds(70)) + ", " +
         watcher.Naive(ago) + ", " + watcher.Epoch(ago + seconds(60)) + ", " + watcher.Epoch(ago) +
         "); INSERT INTO run_tags (run_id, key, value) VALUES ('" + id +
         "', '.dagster/repository', '__repository__@etl');";
}

struct Fixture {
  TemporaryFolder folder;
  std::filesystem::path state = folder.path() / "state.json";
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(completed_runs_test, Fixture)

BOOST_AUTO_TEST_CASE(HistoryIsNotCountedButItsJobsAreKnown) {
  OnEachDatabase([](Instance& instance) {
    Watcher watcher(instance);
    instance.Execute(Store::kRuns, FinishedRun(watcher, "old", "FAILURE", minutes(1)));
    const Values values = watcher.CollectWhole();
    BOOST_TEST(At(values, kFailedNightly) == 0);
    BOOST_TEST(At(values, "dagster_completion_scan_caught_up") == 1);
  });
}

BOOST_AUTO_TEST_CASE(EachRunCountsOnce) {
  OnEachDatabase([](Instance& instance) {
    Watcher watcher(instance);
    watcher.CollectWhole();
    instance.Execute(Store::kRuns, FinishedRun(watcher, "a", "FAILURE") +
                                       FinishedRun(watcher, "b", "SUCCESS") +
                                       "INSERT INTO run_tags (run_id, key, value) VALUES "
                                       "('a', 'dagster/will_retry', 'true'), "
                                       "('b', 'dagster/retry_number', '1');");
    watcher.CollectWhole();
    const Values values = watcher.CollectWhole();
    BOOST_TEST(At(values, kFailedNightly) == 1);
    BOOST_TEST(
        At(values,
           R"(dagster_completed_runs_total{job_name="nightly",location="etl",status="success"})") ==
        1);
    BOOST_TEST(At(values, R"(dagster_runs_duration_seconds_count{status="FAILURE"})") == 1);
    BOOST_TEST(At(values, R"(dagster_runs_duration_seconds_sum{status="FAILURE"})") == 60);
    BOOST_TEST(At(values, "dagster_run_queue_wait_seconds_sum") == 20);
    BOOST_TEST(At(values, R"(dagster_runs_retried_total{job_name="nightly"})") == 1);
    BOOST_TEST(At(values, R"(dagster_runs_will_retry_total{job_name="nightly"})") == 1);
    BOOST_TEST(
        values.contains(
            R"(dagster_last_run_info{job_name="nightly",location="etl",status="failure"})") !=
        values.contains(
            R"(dagster_last_run_info{job_name="nightly",location="etl",status="success"})"));
  });
}

BOOST_AUTO_TEST_CASE(TotalsSurviveDeletionAndAKilledProcess) {
  OnEachDatabase([this](Instance& instance) {
    std::filesystem::remove(state);
    Watcher watcher(instance, {}, state);
    watcher.CollectWhole();
    instance.Execute(Store::kRuns,
                     FinishedRun(watcher, "a", "FAILURE") + FinishedRun(watcher, "b", "FAILURE"));
    BOOST_TEST(At(watcher.CollectWhole(), kFailedNightly) == 2);
    instance.Execute(Store::kRuns, "DELETE FROM run_tags; DELETE FROM runs");
    BOOST_TEST(At(watcher.CollectWhole(), kFailedNightly) == 2);

    instance.Execute(Store::kRuns, FinishedRun(watcher, "c", "FAILURE"));
    watcher.clock.Advance(hours(3));
    instance.Execute(Store::kRuns, FinishedRun(watcher, "d", "FAILURE", hours(1)));
    watcher.Restart();
    BOOST_TEST(At(watcher.CollectWhole(), kFailedNightly) == 4);
    watcher.Restart();
    const Values values = watcher.CollectWhole();
    BOOST_TEST(At(values, kFailedNightly) == 4);
    BOOST_TEST(At(values, R"(dagster_runs_duration_seconds_count{status="FAILURE"})") == 4);
  });
}

BOOST_AUTO_TEST_CASE(AnOldRunThatIsTaggedDoesNotCountAgain) {
  OnEachDatabase([](Instance& instance) {
    Watcher watcher(instance);
    instance.Execute(Store::kRuns, FinishedRun(watcher, "old", "FAILURE", hours(30)));
    watcher.CollectWhole();
    instance.Execute(Store::kRuns, FinishedRun(watcher, "new", "FAILURE"));
    BOOST_TEST(At(watcher.CollectWhole(), kFailedNightly) == 1);
    for (const Duration later : {Duration(seconds(30)), Duration(minutes(4)), Duration(hours(2))}) {
      watcher.clock.Advance(later);
      instance.Execute(Store::kRuns, "UPDATE runs SET update_timestamp = " + watcher.Naive());
      const Values values = watcher.CollectWhole();
      BOOST_TEST(At(values, kFailedNightly) == 1);
      BOOST_TEST(At(values, R"(dagster_runs_finished_last_hour{status="FAILURE"})") ==
                 (later < hours(1) ? 1 : 0));
    }
  });
}

BOOST_AUTO_TEST_CASE(ARowStampedInTheFutureHidesNothing) {
  OnEachDatabase([](Instance& instance) {
    Watcher watcher(instance);
    instance.Execute(Store::kRuns, FinishedRun(watcher, "early", "FAILURE", -hours(9)));
    BOOST_TEST(At(watcher.CollectWhole(), kFailedNightly) == 0);
    instance.Execute(Store::kRuns, FinishedRun(watcher, "future", "FAILURE", -hours(10)));
    BOOST_TEST(At(watcher.CollectWhole(), kFailedNightly) == 1);
    instance.Execute(Store::kRuns, FinishedRun(watcher, "now", "FAILURE"));
    BOOST_TEST(At(watcher.CollectWhole(minutes(10)), kFailedNightly) == 2);
    instance.Execute(Store::kRuns, FinishedRun(watcher, "late commit", "FAILURE", minutes(4)));
    instance.Execute(Store::kRuns, FinishedRun(watcher, "in time", "FAILURE"));
    BOOST_TEST(At(watcher.CollectWhole(), kFailedNightly) == 4);
    BOOST_TEST(At(watcher.CollectWhole(hours(11)), kFailedNightly) == 4);
  });
}

BOOST_AUTO_TEST_CASE(ABacklogIsReadInPages) {
  SqliteInstance instance;
  Watcher watcher(instance);
  watcher.CollectWhole();
  instance.Execute(
      Store::kRuns,
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25000) "
      "INSERT INTO runs (run_id, pipeline_name, status, create_timestamp, update_timestamp, "
      "start_time, end_time) SELECT 'r' || i, 'nightly', 'FAILURE', " +
          watcher.Naive() + ", " + watcher.Naive() + ", " + watcher.Epoch() + ", " +
          watcher.Epoch() + " FROM n");
  const std::string series =
      R"(dagster_runs_failed_total{job_name="nightly",location="__unknown__"})";
  Values values = watcher.CollectWhole();
  BOOST_TEST(At(values, series) == 10000);
  BOOST_TEST(At(values, "dagster_completion_scan_caught_up") == 0);
  watcher.CollectWhole();
  for (int i = 0; i < 4; ++i) values = watcher.CollectWhole();
  BOOST_TEST(At(values, series) == 25000);
}

BOOST_AUTO_TEST_CASE(AnotherDatabaseDoesNotInheritTheCounters) {
  SqliteInstance instance;
  instance.Execute(Store::kRuns, "INSERT INTO instance_info (run_storage_id) VALUES ('one')");
  Watcher watcher(instance, {}, state);
  watcher.CollectWhole();
  instance.Execute(Store::kRuns, FinishedRun(watcher, "a", "FAILURE"));
  BOOST_TEST(At(watcher.CollectWhole(), kFailedNightly) == 1);
  instance.Execute(Store::kRuns, "UPDATE instance_info SET run_storage_id = 'two'");
  watcher.Restart();
  BOOST_TEST(At(watcher.CollectWhole(), kFailedNightly) == 0);
}

BOOST_AUTO_TEST_CASE(EachDatabaseGetsItsOwnCountersBack) {
  SqliteInstance instance;
  const auto become = [&](const std::string& id) {
    instance.Execute(Store::kRuns,
                     "DELETE FROM instance_info; INSERT INTO instance_info "
                     "(run_storage_id) VALUES ('" +
                         id + "')");
  };
  become("one");
  Watcher watcher(instance, {}, state);
  watcher.CollectWhole();
  instance.Execute(Store::kRuns, FinishedRun(watcher, "a", "FAILURE"));
  BOOST_TEST(At(watcher.CollectWhole(), kFailedNightly) == 1);
  for (const std::string other : {"two", "../three"}) {
    BOOST_TEST_CONTEXT("\"" << other << "\"") {
      become(other);
      watcher.Restart();
      BOOST_TEST(At(watcher.CollectWhole(), kFailedNightly) == 0);
      become("one");
      watcher.Restart();
      BOOST_TEST(At(watcher.CollectWhole(), kFailedNightly) == 1);
    }
  }
}

BOOST_AUTO_TEST_CASE(AStateThatCannotBeReadIsLeftAloneAndReadLater) {
  SqliteInstance instance;
  Watcher watcher(instance, {}, state);
  watcher.CollectWhole();
  instance.Execute(Store::kRuns, FinishedRun(watcher, "a", "FAILURE"));
  BOOST_TEST(At(watcher.CollectWhole(), kFailedNightly) == 1);

  // A folder in its place cannot be read, whoever runs the test.
  const std::filesystem::path elsewhere = folder.path() / "elsewhere";
  std::filesystem::rename(state, elsewhere);
  std::filesystem::create_directory(state);
  watcher.Restart();
  for (int i = 0; i < 2; ++i) {
    watcher.clock.Advance(seconds(15));
    const Values values = watcher.Collect();
    BOOST_TEST_REQUIRE(static_cast<bool>(watcher.status));
    BOOST_TEST_REQUIRE(watcher.parts.size() == 1U);
    BOOST_TEST(watcher.parts[0].source == "state");
    BOOST_TEST(!values.contains(kFailedNightly));
    BOOST_TEST(!values.contains(R"(dagster_job_ticks_total{tick_type="SENSOR",status="SKIPPED"})"));
    BOOST_TEST(values.contains(R"(dagster_runs_in_flight{status="QUEUED"})"));
  }
  BOOST_TEST(std::filesystem::is_directory(state));
  instance.Execute(Store::kRuns, FinishedRun(watcher, "b", "FAILURE"));
  std::filesystem::remove(state);
  std::filesystem::rename(elsewhere, state);
  BOOST_TEST(At(watcher.CollectWhole(), kFailedNightly) == 2);
}

BOOST_AUTO_TEST_CASE(ANameThatIsNotUtf8CostsNoState) {
  SqliteInstance instance;
  Watcher watcher(instance, {}, state);
  watcher.CollectWhole();
  instance.Execute(
      Store::kRuns,
      FinishedRun(watcher, "a", "FAILURE") + FinishedRun(watcher, "b", "FAILURE") +
          "UPDATE runs SET pipeline_name = cast(x'6aff6b' as text) WHERE run_id = 'b'");
  instance.Execute(Store::kRuns,
                   "INSERT INTO daemon_heartbeats (daemon_type, daemon_id, \"timestamp\", body) "
                   "VALUES (cast(x'c341' as text), cast(x'80' as text), " +
                       watcher.Naive() + ", '{}')");
  instance.Execute(Store::kSchedules,
                   "INSERT INTO job_ticks (id, selector_id, status, type, \"timestamp\") VALUES "
                   "(1, 's1', 'SKIPPED', cast(x'f0' as text), " +
                       watcher.Naive() + ")");
  instance.Execute(Store::kEvents,
                   "INSERT INTO event_logs (run_id, event, dagster_event_type) VALUES "
                   "(cast(x'ff' as text), '{}', 'ASSET_MATERIALIZATION')");
  const std::string replaced =
      "dagster_runs_failed_total{job_name=\"j\xEF\xBF\xBDk\",location=\"etl\"}";
  const auto check = [&] {
    const Values values = watcher.CollectWhole();
    BOOST_TEST(At(values, kFailedNightly) == 1);
    BOOST_TEST(At(values, replaced) == 1);
    BOOST_TEST(At(values, "dagster_asset_materializations_total") == 1);
  };
  check();
  watcher.Restart();
  check();
  BOOST_TEST(!std::filesystem::exists(state.string() + ".corrupt"));
}

BOOST_AUTO_TEST_CASE(AFailureCountsOnceItsTagsAreSettled) {
  OnEachDatabase([](Instance& instance) {
    Settings settings;
    settings.watermark_overlap = Duration(1);
    Watcher watcher(instance, settings);
    watcher.CollectWhole();
    instance.Execute(Store::kRuns,
                     FinishedRun(watcher, "a", "FAILURE") + FinishedRun(watcher, "b", "SUCCESS"));
    BOOST_TEST(At(watcher.CollectWhole(seconds(1)), kFailedNightly) == 0);
    instance.Execute(Store::kRuns,
                     "INSERT INTO run_tags (run_id, key, value) VALUES "
                     "('a', 'dagster/will_retry', 'true')");
    for (int i = 0; i < 2; ++i) {
      const Values values = watcher.CollectWhole();
      BOOST_TEST(At(values, kFailedNightly) == 1);
      BOOST_TEST(At(values, R"(dagster_runs_will_retry_total{job_name="nightly"})") == 1);
    }
  });
}

BOOST_AUTO_TEST_CASE(ACorruptStateFileIsSetAside) {
  SqliteInstance instance;
  std::ofstream(state) << "{\"version\": 1, \"par";
  Watcher watcher(instance, {}, state);
  watcher.CollectWhole();
  BOOST_TEST(std::filesystem::exists(state));
  BOOST_TEST(std::filesystem::exists(state.string() + ".corrupt"));
}

BOOST_AUTO_TEST_CASE(ByDefaultNoNumberOfJobsDropsASeries) {
  SqliteInstance instance;
  Watcher watcher(instance);
  watcher.max_series = 1000;  // The default of the option.
  watcher.CollectWhole();
  const auto runs = [&](const std::string& statuses) {
    return "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400) "
           "INSERT INTO runs (run_id, pipeline_name, status, create_timestamp, update_timestamp, "
           "end_time) SELECT 'r' || i || column1, 'j' || i, column1, " +
           watcher.Naive() + ", " + watcher.Naive() + ", " + watcher.Epoch() + " FROM n, (VALUES " +
           statuses + ")";
  };
  instance.Execute(Store::kRuns,
                   runs("('QUEUED'), ('NOT_STARTED'), ('MANAGED'), ('STARTING'), ('STARTED'), "
                        "('CANCELING'), ('FAILURE'), ('SUCCESS'), ('CANCELED')"));
  double failed = 0;
  for (const auto& [series, value] : watcher.CollectWhole()) {
    if (series.starts_with("dagster_runs_failed_total{")) failed += value;
  }
  BOOST_TEST(failed == 400);
}

BOOST_AUTO_TEST_CASE(ALowerLimitOfJobsHoldsForWhatWasSaved) {
  const auto failed = [](const Values& values, const std::string& job) {
    const auto found = values.find("dagster_runs_failed_total{job_name=\"" + job +
                                   "\",location=\"" + (job == "__other__" ? job : "etl") + "\"}");
    return found == values.end() ? -1 : found->second;
  };
  SqliteInstance instance;
  Settings settings;
  settings.max_jobs = 3;
  {
    Watcher watcher(instance, settings, state);
    watcher.CollectWhole();
    for (const std::string job : {"a", "b", "c", "d", "e"}) {
      instance.Execute(Store::kRuns, FinishedRun(watcher, job, "FAILURE") +
                                         "UPDATE runs SET pipeline_name = '" + job +
                                         "' WHERE run_id = '" + job + "'");
    }
    const Values values = watcher.CollectWhole();
    BOOST_TEST(failed(values, "c") == 1);
    BOOST_TEST(failed(values, "__other__") == 2);
  }
  settings.max_jobs = 2;
  Watcher watcher(instance, settings, state);
  for (int start = 0; start < 2; ++start) {
    const Values values = watcher.CollectWhole();
    BOOST_TEST(failed(values, "a") == 1);
    BOOST_TEST(failed(values, "b") == 1);
    BOOST_TEST(failed(values, "c") == -1);
    BOOST_TEST(failed(values, "__other__") == 3);
    watcher.Restart();
  }
}

BOOST_AUTO_TEST_CASE(JobsBeyondTheLimitAreSummedUp) {
  SqliteInstance instance;
  Settings settings;
  settings.max_jobs = 1;
  Watcher watcher(instance, settings);
  instance.Execute(Store::kRuns, FinishedRun(watcher, "first", "SUCCESS"));
  watcher.CollectWhole();
  instance.Execute(Store::kRuns,
                   FinishedRun(watcher, "a", "FAILURE") +
                       "UPDATE runs SET pipeline_name = 'another' WHERE run_id = 'a'");
  const Values values = watcher.CollectWhole();
  BOOST_TEST(
      At(values, R"(dagster_runs_failed_total{job_name="__other__",location="__other__"})") == 1);
  BOOST_TEST(!values.contains("dagster_run_failure_total"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::dagster

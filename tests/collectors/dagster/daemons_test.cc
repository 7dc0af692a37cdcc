#include <boost/test/unit_test.hpp>

#include "tests/collectors/dagster/instance.h"

namespace tocsin::collectors::dagster {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const std::string kSensor = R"({daemon_type="SENSOR"})";

/// A report of the sensor daemon, `ago`, whose naive column is `ahead` of UTC.
void Report(Instance& instance, const Watcher& watcher, const std::string& process,
            Duration ago = {}, Duration ahead = {}) {
  instance.Execute(
      Store::kRuns,
      "DELETE FROM daemon_heartbeats WHERE daemon_type = 'SENSOR'; "
      "INSERT INTO daemon_heartbeats (daemon_type, daemon_id, \"timestamp\", body) VALUES "
      "('SENSOR', '" +
          process + "', " + watcher.Naive(ago - ahead) +
          ", '{\"timestamp\": " + watcher.Epoch(ago) + ", \"errors\": [{\"message\": \"x\"}]}')");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(daemons_test)

BOOST_AUTO_TEST_CASE(AgesAreByTheSourcesClock) {
  OnEachDatabase([](Instance& instance) {
    Watcher watcher(instance);
    watcher.tap->ahead = minutes(-10);
    Report(instance, watcher, "p1", minutes(11));
    const Values values = watcher.CollectWhole(Duration(0));
    BOOST_TEST(At(values, "dagster_daemon_heartbeat_age_seconds" + kSensor) == 60);
    BOOST_TEST(At(values, "dagster_daemon_heartbeat_age" + kSensor) == 60);
    BOOST_TEST(At(values, "dagster_daemon_last_heartbeat_timestamp_seconds" + kSensor) ==
               tocsin::UnixSeconds(watcher.clock.Now() - Duration(1) - minutes(11)));
    BOOST_TEST(At(values, "dagster_daemon_heartbeat_errors" + kSensor) == 1);
    BOOST_TEST(At(values, R"(dagster_daemon_healthy{daemon_type="SENSOR",required="true"})") == 0);
    BOOST_TEST(watcher.skew == -600);
  });
}

BOOST_AUTO_TEST_CASE(AnAgeIsByTheClockOfTheStatementThatReadTheRow) {
  struct Row {
    Duration step;  // Of the source's clock, right after the collection's first statement.
    double age;
  };
  const std::vector<Row> table = {{minutes(0), 60}, {minutes(10), 660}, {-minutes(10), 0}};
  OnEachDatabase([&](Instance& instance) {
    for (const Row& row : table) {
      Watcher watcher(instance);
      Report(instance, watcher, "p1", seconds(60));
      watcher.tap->step = row.step;
      const Values values = watcher.CollectWhole(Duration(0));
      BOOST_TEST(At(values, "dagster_daemon_heartbeat_age_seconds" + kSensor) == row.age);
    }
  });
}

BOOST_AUTO_TEST_CASE(ADaemonThatNeverReportedIsRequiredAndNothingElse) {
  SqliteInstance instance;
  Settings settings;
  settings.required_daemons = {"SCHEDULER"};
  Watcher watcher(instance, settings);
  Report(instance, watcher, "p1");
  const Values values = watcher.CollectWhole();
  BOOST_TEST(At(values, R"(dagster_daemon_required{daemon_type="SCHEDULER"})") == 1);
  BOOST_TEST(!values.contains(R"(dagster_daemon_heartbeat_age_seconds{daemon_type="SCHEDULER"})"));
  BOOST_TEST(At(values, "dagster_daemon_required" + kSensor) == 0);
}

BOOST_AUTO_TEST_CASE(BodiesOfEveryVersionAreRead) {
  struct Row {
    std::string body;
    double age;
    double errors;
  };
  SqliteInstance instance;
  const std::string at = Watcher(instance).Epoch(seconds(20));
  const std::vector<Row> rows = {
      {"{\"timestamp\": " + at + ", \"errors\": []}", 20, 0},
      {"{\"timestamp\": " + at + ", \"errors\": [{}, {}]}", 20, 2},
      {"{\"timestamp\": " + at + ", \"error\": {\"message\": \"x\"}}", 20, 1},
      {"{\"timestamp\": " + at + ", \"error\": null}", 20, 0},
      {"{\"timestamp\": \"soon\"}", 30, 0},
      {"{\"timest", 30, 0},
      {"", 30, 0},
      {"[]", 30, 0},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.body) {
      Watcher watcher(instance);
      instance.Execute(Store::kRuns,
                       "DELETE FROM daemon_heartbeats; INSERT INTO daemon_heartbeats "
                       "(daemon_type, daemon_id, \"timestamp\", body) VALUES ('SENSOR', 'p', " +
                           watcher.Naive(seconds(30)) + ", '" + row.body + "')");
      const Values values = watcher.CollectWhole(Duration(0));
      BOOST_TEST(At(values, "dagster_daemon_heartbeat_age_seconds" + kSensor) == row.age);
      BOOST_TEST(At(values, "dagster_daemon_heartbeat_errors" + kSensor) == row.errors);
    }
  }
}

BOOST_AUTO_TEST_CASE(RestartsAreCountedAndSurviveOurs) {
  TemporaryFolder folder;
  SqliteInstance instance;
  Watcher watcher(instance, {}, folder.path() / "state.json");
  const std::string series = "dagster_daemon_restarts_total" + kSensor;
  Report(instance, watcher, "p1");
  BOOST_TEST(At(watcher.CollectWhole(), series) == 0);
  Report(instance, watcher, "p2");
  BOOST_TEST(At(watcher.CollectWhole(), series) == 1);
  watcher.Restart();
  BOOST_TEST(At(watcher.CollectWhole(), series) == 1);
  Report(instance, watcher, "p3");
  const Values values = watcher.CollectWhole();
  BOOST_TEST(At(values, series) == 2);
  BOOST_TEST(At(values, "dagster_daemon_flapping" + kSensor) == 0);
}

BOOST_AUTO_TEST_CASE(RestartsAreNotToldWhileThoseBeforeAreUnknown) {
  const TemporaryFolder folder;
  const std::filesystem::path state = folder.path() / "state.json";
  const std::filesystem::path elsewhere = folder.path() / "elsewhere";
  const std::string series = "dagster_daemon_restarts_total" + kSensor;
  SqliteInstance instance;
  Watcher watcher(instance, {}, state);
  for (const std::string process : {"p1", "p2", "p3"}) {
    Report(instance, watcher, process);
    watcher.CollectWhole();
  }
  // A folder in its place cannot be read, whoever runs the test.
  std::filesystem::rename(state, elsewhere);
  std::filesystem::create_directory(state);
  watcher.Restart();
  const Values values = watcher.Collect();
  BOOST_TEST(!values.contains(series));
  BOOST_TEST(values.contains("dagster_daemon_heartbeat_age_seconds" + kSensor));
  std::filesystem::remove(state);
  std::filesystem::rename(elsewhere, state);
  Report(instance, watcher, "p4");
  BOOST_TEST(At(watcher.CollectWhole(), series) == 3);
}

BOOST_AUTO_TEST_CASE(TwoProcessesInTurnAreFlapping) {
  SqliteInstance instance;
  Watcher watcher(instance);
  const std::string series = "dagster_daemon_flapping" + kSensor;
  for (const std::string process : {"p1", "p2"}) {
    Report(instance, watcher, process);
    BOOST_TEST(At(watcher.CollectWhole(), series) == 0);
  }
  Report(instance, watcher, "p1");
  BOOST_TEST(At(watcher.CollectWhole(), series) == 1);
  BOOST_TEST(At(watcher.CollectWhole(minutes(4)), series) == 1);
  BOOST_TEST(At(watcher.CollectWhole(minutes(2)), series) == 0);
}

BOOST_AUTO_TEST_CASE(NaiveColumnsOfAnotherZoneAreCorrected) {
  OnEachDatabase([](Instance& instance) {
    Watcher watcher(instance);
    Report(instance, watcher, "p1", seconds(20), -hours(5));
    instance.Execute(Store::kRuns,
                     "INSERT INTO runs (run_id, pipeline_name, status, create_timestamp, "
                     "update_timestamp) VALUES ('q', 'nightly', 'QUEUED', " +
                         watcher.Naive(hours(5) + seconds(90)) + ", " + watcher.Naive(hours(5)) +
                         ")");
    const Values values = watcher.CollectWhole(Duration(0));
    BOOST_TEST(At(values, "dagster_daemon_heartbeat_age_seconds" + kSensor) == 20);
    BOOST_TEST(At(values, "dagster_database_timezone_offset_seconds") == -18000);
    BOOST_TEST(At(values, "dagster_oldest_queued_run_age_seconds") == 90);
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::dagster

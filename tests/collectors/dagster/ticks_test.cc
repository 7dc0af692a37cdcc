#include <boost/test/unit_test.hpp>

#include "tests/collectors/dagster/instance.h"

namespace tocsin::collectors::dagster {
namespace {

std::string Tick(const Watcher& watcher, int id, const std::string& status) {
  return fmt::format(
      "INSERT INTO job_ticks (id, selector_id, status, type, \"timestamp\") VALUES ({}, 's1', "
      "'{}', "
      "'SENSOR', {});",
      id, status, watcher.Naive());
}

const std::string kSkipped = R"(dagster_job_ticks_total{tick_type="SENSOR",status="SKIPPED"})";
const std::string kLost = R"(dagster_job_ticks_total{tick_type="SENSOR",status="lost"})";

}  // namespace

BOOST_AUTO_TEST_SUITE(ticks_test)

BOOST_AUTO_TEST_CASE(TicksCountOnceWhenTheyHaveEnded) {
  OnEachDatabase([](Instance& instance) {
    Watcher watcher(instance);
    instance.Execute(Store::kSchedules, Tick(watcher, 1, "SKIPPED"));
    BOOST_TEST(At(watcher.CollectWhole(), kSkipped) == 0);
    instance.Execute(Store::kSchedules, Tick(watcher, 3, "STARTED") + Tick(watcher, 4, "SKIPPED"));
    BOOST_TEST(At(watcher.CollectWhole(), kSkipped) == 1);
    // An id below the last one, because its commit came late.
    instance.Execute(Store::kSchedules, "UPDATE job_ticks SET status = 'SKIPPED' WHERE id = 3;" +
                                            Tick(watcher, 2, "SKIPPED"));
    BOOST_TEST(At(watcher.CollectWhole(), kSkipped) == 3);
    instance.Execute(Store::kSchedules, "DELETE FROM job_ticks WHERE id > 1");
    BOOST_TEST(At(watcher.CollectWhole(), kSkipped) == 3);
    // SQLite gives the ids of deleted rows out again.
    instance.Execute(Store::kSchedules, Tick(watcher, 2, "SKIPPED"));
    BOOST_TEST(At(watcher.CollectWhole(), kSkipped) == 4);
  });
}

BOOST_AUTO_TEST_CASE(DeletingTheNewestTicksCountsNoneAgain) {
  OnEachDatabase([](Instance& instance) {
    Watcher watcher(instance);
    const auto ticks = [&](int first, int last) {
      return fmt::format(
          "WITH RECURSIVE n(i) AS (SELECT {} UNION ALL SELECT i + 1 FROM n WHERE i < {}) INSERT "
          "INTO job_ticks (id, selector_id, status, type, \"timestamp\") SELECT i, 's1', "
          "'SKIPPED', 'SENSOR', {} FROM n",
          first, last, watcher.Naive());
    };
    watcher.CollectWhole();
    instance.Execute(Store::kSchedules, ticks(1, 4000));
    BOOST_TEST(At(watcher.CollectWhole(), kSkipped) == 4000);
    for (const int newest : {2500, 2200, 700}) {  // By more and by less than the overlap.
      BOOST_TEST_CONTEXT("down to " << newest) {
        instance.Execute(Store::kSchedules,
                         fmt::format("DELETE FROM job_ticks WHERE id > {}", newest));
        BOOST_TEST(At(watcher.CollectWhole(), kSkipped) == 4000);
        BOOST_TEST(At(watcher.CollectWhole(), kSkipped) == 4000);
      }
    }
    // Ids that are given out again, some of them late.
    instance.Execute(Store::kSchedules, ticks(703, 1000));
    BOOST_TEST(At(watcher.CollectWhole(), kSkipped) == 4298);
    instance.Execute(Store::kSchedules, ticks(701, 702));
    BOOST_TEST(At(watcher.CollectWhole(), kSkipped) == 4300);
  });
}

BOOST_AUTO_TEST_CASE(ATickThatNeverEndsIsLostAfterAnHour) {
  TemporaryFolder folder;
  SqliteInstance instance;
  Watcher watcher(instance, {}, folder.path() / "state.json");
  watcher.CollectWhole();
  instance.Execute(Store::kSchedules, Tick(watcher, 1, "STARTED"));
  BOOST_TEST(At(watcher.CollectWhole(), kLost) == 0);
  watcher.Restart();
  BOOST_TEST(At(watcher.CollectWhole(std::chrono::minutes(50)), kLost) == 0);
  BOOST_TEST(At(watcher.CollectWhole(std::chrono::minutes(20)), kLost) == 1);
  BOOST_TEST(At(watcher.CollectWhole(), kLost) == 1);
}

BOOST_AUTO_TEST_CASE(InstigatorsAreNamedByTheirBody) {
  OnEachDatabase([](Instance& instance) {
    Watcher watcher(instance);
    instance.Execute(
        Store::kSchedules,
        "INSERT INTO instigators (selector_id, status, instigator_type, instigator_body) VALUES "
        "('s1', 'DECLARED_IN_CODE', 'SENSOR', '{\"origin\": {\"external_repository_origin\": "
        "{\"repository_location_origin\": {\"location_name\": \"etl\"}}, \"job_name\": "
        "\"files\"}}'), "
        "('s2', 'STOPPED', 'SCHEDULE', '{\"orig')");
    instance.Execute(Store::kSchedules, Tick(watcher, 1, "FAILURE"));
    const Values values = watcher.CollectWhole(Duration(0));
    BOOST_TEST(
        At(values,
           R"(dagster_sensor_last_tick_timestamp_seconds{sensor_name="files",location="etl"})") ==
        tocsin::UnixSeconds(watcher.clock.Now() - Duration(1)));
    BOOST_TEST(values.contains(
        R"(dagster_sensor_last_tick_status{sensor_name="files",location="etl",status="failure"})"));
    BOOST_TEST(values.contains(
        R"(dagster_sensor_status{sensor_name="files",location="etl",status="declared_in_code"})"));
    BOOST_TEST(At(values, R"(dagster_instigators{type="SCHEDULE",status="STOPPED"})") == 1);
    BOOST_TEST(At(values, R"(dagster_instigators{type="SCHEDULE",status="RUNNING"})") == 0);
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::dagster

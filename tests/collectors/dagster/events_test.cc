#include <boost/test/unit_test.hpp>

#include "tests/collectors/dagster/topic.h"

namespace tocsin::collectors::dagster {
namespace {

std::string Event(int id, const std::string& type, const std::string& run = "r1") {
  return fmt::format(
      "INSERT INTO event_logs (id, run_id, event, dagster_event_type) VALUES ({}, '{}', '{{}}', "
      "'{}');",
      id, run, type);
}

const std::string kMaterializations = "dagster_asset_materializations_total";
const std::string kOfLastRun = "dagster_asset_materialization_count";
const std::string kFailures = "dagster_step_failures_total";
const std::string kRetries = "dagster_step_retries_total";

}  // namespace

BOOST_AUTO_TEST_SUITE(events_test)

BOOST_AUTO_TEST_CASE(EachMaterializationCountsOnce) {
  struct Row {
    std::string what;
    std::string change;
    double total;
    double of_last_run;
  };
  const std::vector<Row> table = {
      {"new ones", Event(10, "ASSET_MATERIALIZATION") + Event(11, "ASSET_MATERIALIZATION"), 2, 2},
      {"nothing new", "SELECT 1", 2, 2},
      {"events of other types", Event(12, "STEP_SUCCESS") + Event(13, "ASSET_OBSERVATION"), 2, 2},
      {"another run", Event(14, "ASSET_MATERIALIZATION", "r2"), 3, 1},
      {"a commit that came late", Event(9, "ASSET_MATERIALIZATION", "r3"), 4, 1},
      {"deleted rows", "DELETE FROM event_logs WHERE id < 14", 4, 1},
  };
  Settings settings;
  settings.compatibility_names = true;
  OnEachDatabase([&](Instance& instance) {
    Watcher watcher(instance, settings);
    instance.Execute(Store::kEvents, Event(1, "ASSET_MATERIALIZATION"));
    BOOST_TEST(At(watcher.CollectWhole(), kMaterializations) == 0);
    for (const Row& row : table) {
      BOOST_TEST_CONTEXT(row.what) {
        instance.Execute(Store::kEvents, row.change);
        const Values values = watcher.CollectWhole();
        BOOST_TEST(At(values, kMaterializations) == row.total);
        BOOST_TEST(At(values, kOfLastRun) == row.of_last_run);
      }
    }
  });
}

BOOST_AUTO_TEST_CASE(MoreThanAPageIsReadInOneCollection) {
  SqliteInstance instance;
  Watcher watcher(instance);
  watcher.CollectWhole();
  instance.Execute(Store::kEvents,
                   "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < "
                   "12000) INSERT INTO event_logs (run_id, event, dagster_event_type) "
                   "SELECT 'r', '{}', 'ASSET_MATERIALIZATION' FROM n");
  BOOST_TEST(At(watcher.CollectWhole(), kMaterializations) == 12000);
}

BOOST_AUTO_TEST_CASE(TotalsSurviveARestart) {
  TemporaryFolder folder;
  SqliteInstance instance;
  Watcher watcher(instance, {}, folder.path() / "state.json");
  watcher.CollectWhole();
  instance.Execute(Store::kEvents, Event(1, "ASSET_MATERIALIZATION"));
  BOOST_TEST(At(watcher.CollectWhole(), kMaterializations) == 1);
  watcher.Restart();
  instance.Execute(Store::kEvents, Event(2, "ASSET_MATERIALIZATION"));
  BOOST_TEST(At(watcher.CollectWhole(), kMaterializations) == 2);
}

BOOST_AUTO_TEST_CASE(StepsAreNotInSqlite) {
  SqliteInstance instance;
  Watcher watcher(instance);
  BOOST_TEST(!HasSeriesLike(watcher.CollectWhole(), "dagster_step_"));
}

BOOST_AUTO_TEST_CASE(StepsThatFailAndThoseThatAreTriedAgain,
                     *boost::unit_test::precondition(NeedsPostgres)) {
  PostgresInstance instance;
  Watcher watcher(instance);
  instance.Execute(Store::kEvents, Event(1, "STEP_FAILURE") + Event(2, "STEP_UP_FOR_RETRY"));
  Values values = watcher.CollectWhole();
  BOOST_TEST(At(values, kFailures) == 0);
  BOOST_TEST(At(values, kRetries) == 0);
  instance.Execute(Store::kEvents, Event(3, "STEP_FAILURE") + Event(4, "STEP_UP_FOR_RETRY") +
                                       Event(5, "STEP_UP_FOR_RETRY") + Event(6, "STEP_SUCCESS"));
  values = watcher.CollectWhole();
  BOOST_TEST(At(values, kFailures) == 1);
  BOOST_TEST(At(values, kRetries) == 2);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::dagster

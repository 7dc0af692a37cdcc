#include "collectors/dagster/completion_drift.h"

#include <functional>

#include <boost/test/unit_test.hpp>

#include "tests/collectors/dagster/instance.h"

namespace tocsin::collectors::dagster {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

const std::string kSuccessDrift = R"(dagster_completion_count_drift{status="SUCCESS"})";
const std::string kFailureDrift = R"(dagster_completion_count_drift{status="FAILURE"})";

std::string Finished(const Watcher& watcher, const std::string& id, const std::string& status,
                     Duration ago = {}) {
  return fmt::format(
      "INSERT INTO runs (run_id, pipeline_name, status, create_timestamp, update_timestamp, "
      "start_time, end_time) VALUES ('{0}', 'nightly', '{1}', {2}, {2}, {3}, {3});",
      id, status, watcher.Naive(ago), watcher.Epoch(ago));
}

/// Collects every half hour, as long as `period` lasts; the values of the last collection.
Values CollectFor(Watcher& watcher, Duration period) {
  Values values;
  for (Duration passed{}; passed < period; passed += minutes(30)) {
    values = watcher.CollectWhole(minutes(30));
  }
  return values;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(completion_drift_test)

BOOST_AUTO_TEST_CASE(NothingIsSaidBeforeAWholeWindowWasWatched) {
  SqliteInstance instance;
  Watcher watcher(instance);
  instance.Execute(Store::kRuns, Finished(watcher, "before", "SUCCESS", hours(1)));
  BOOST_TEST(!CollectFor(watcher, hours(6)).contains(kSuccessDrift));
  const Values values = CollectFor(watcher, minutes(30));
  BOOST_TEST(At(values, kSuccessDrift) == 0);
  BOOST_TEST(At(values, kFailureDrift) == 0);
  watcher.Restart();
  BOOST_TEST(!CollectFor(watcher, hours(1)).contains(kSuccessDrift));
}

BOOST_AUTO_TEST_CASE(MissedAndDeletedRowsShowByOutcome) {
  struct Row {
    std::string what;
    std::function<std::string(const Watcher&)> change;  // To the runs "s1" and "f1", once counted.
    double success;
    double failure;
  };
  const std::vector<Row> table = {
      {"nothing happened", [](const Watcher&) { return "SELECT 1"; }, 0, 0},
      {"a commit came hours late",
       [](const Watcher& watcher) { return Finished(watcher, "late", "SUCCESS", hours(2)); }, 1, 0},
      {"a run was deleted", [](const Watcher&) { return "DELETE FROM runs WHERE run_id = 'f1'"; },
       0, -1},
      {"a run was tagged",
       [](const Watcher& watcher) {
         return "UPDATE runs SET update_timestamp = " + watcher.Naive() + " WHERE run_id = 's1'";
       },
       0, 0},
  };
  OnEachDatabase([&](Instance& instance) {
    for (const Row& row : table) {
      BOOST_TEST_CONTEXT(row.what) {
        instance.Execute(Store::kRuns, "DELETE FROM runs");
        Watcher watcher(instance);
        CollectFor(watcher, hours(6));
        instance.Execute(Store::kRuns, Finished(watcher, "s1", "SUCCESS", minutes(1)) +
                                           Finished(watcher, "f1", "FAILURE", minutes(1)));
        CollectFor(watcher, minutes(30));
        instance.Execute(Store::kRuns, row.change(watcher));
        const Values values = CollectFor(watcher, hours(2));
        BOOST_TEST(At(values, kSuccessDrift) == row.success);
        BOOST_TEST(At(values, kFailureDrift) == row.failure);
      }
    }
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::dagster

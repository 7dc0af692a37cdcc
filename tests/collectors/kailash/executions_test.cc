// Executions counted from the database, by a collector on real tables.

#include <algorithm>
#include <chrono>
#include <string>

#include <boost/test/unit_test.hpp>

#include "tests/collectors/kailash/watched.h"

namespace tocsin::collectors::kailash {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const std::string kTotal = R"(kailash_workflow_total{workflow="orders"})";
const std::string kSuccess = R"(kailash_workflow_success_total{workflow="orders"})";
const std::string kLost = "kailash_executions_lost_total";
const std::string kPending = "kailash_executions_pending";

std::string Errors(const std::string& category, const std::string& workflow = "orders") {
  return fmt::format("kailash_errors_total{{category=\"{}\",workflow=\"{}\"}}", category, workflow);
}

std::string Finish(const std::string& run_id, const std::string& status, const std::string& at) {
  return fmt::format(
      "UPDATE kailash_executions SET status = '{}', completed_at = {} WHERE run_id = '{}';", status,
      at, run_id);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(executions_test)

BOOST_AUTO_TEST_CASE(WhatEndsIsCountedOnceAndWhatWasThereIsNot) {
  OnEachDatabase([](Instance& instance) {
    Watcher watcher(instance);
    instance.Execute(
        Execution("old", "completed", watcher.Iso(hours(1)), watcher.Iso(minutes(59))));
    Values values = watcher.CollectWhole(Duration(0));
    // The workflow is known: it begins at 0, so that increase() sees the first failure.
    BOOST_TEST(At(values, kTotal) == 0);
    BOOST_TEST(At(values, Errors("workflow_failed")) == 0);
    BOOST_TEST(At(values, kLost) == 0);

    instance.Execute(
        Execution("a", "completed", watcher.Iso(milliseconds(1500)), watcher.Iso()) +
        Execution("b", "failed", watcher.Iso(seconds(4)), watcher.Iso(), "password rejected") +
        Execution("c", "failed", watcher.Iso(seconds(4)), watcher.Iso(), "syntax error"));
    for (int i = 0; i < 3; ++i) {
      values = watcher.CollectWhole();
      BOOST_TEST(At(values, kTotal) == 3);
      BOOST_TEST(At(values, kSuccess) == 1);
      BOOST_TEST(At(values, Errors("workflow_failed")) == 2);
      BOOST_TEST(At(values, Errors("authentication_failed")) == 1);
      BOOST_TEST(At(values, Errors("query_error")) == 1);
      BOOST_TEST(At(values, Errors("other")) == 0);
      BOOST_TEST(At(values, R"(kailash_workflow_duration_seconds_count{workflow="orders"})") == 3);
      BOOST_TEST(At(values, R"(kailash_workflow_duration_seconds_sum{workflow="orders"})") == 9.5,
                 boost::test_tools::tolerance(1e-9));
    }
  });
}

BOOST_AUTO_TEST_CASE(WhatWasPendingIsCountedWhenItEnds) {
  OnEachDatabase([](Instance& instance) {
    Watcher watcher(instance);
    instance.Execute(Execution("before", "pending", watcher.Iso(hours(3))));
    Values values = watcher.CollectWhole(Duration(0));
    BOOST_TEST(At(values, kPending) == 1);
    BOOST_TEST(At(values, "kailash_executions_oldest_pending_age_seconds") == 10800);

    instance.Execute(Execution("after", "pending", watcher.Iso()));
    values = watcher.CollectWhole();
    BOOST_TEST(At(values, kTotal) == 0);
    BOOST_TEST(At(values, kPending) == 2);

    // Long after the overlap of the watermark: nothing but its id leads to it.
    watcher.CollectWhole(hours(2));
    instance.Execute(Finish("before", "completed", watcher.Iso()) +
                     Finish("after", "failed", watcher.Iso()));
    values = watcher.CollectWhole();
    BOOST_TEST(At(values, kTotal) == 2);
    BOOST_TEST(At(values, kSuccess) == 1);
    BOOST_TEST(At(values, kPending) == 0);
    BOOST_TEST(At(values, "kailash_executions_oldest_pending_age_seconds") == 0);
    BOOST_TEST(At(watcher.CollectWhole(), kTotal) == 2);
    BOOST_TEST(At(values, kLost) == 0);
  });
}

BOOST_AUTO_TEST_CASE(RowsThatAreDeletedDoNotLowerTotals) {
  OnEachDatabase([](Instance& instance) {
    Watcher watcher(instance);
    watcher.CollectWhole(Duration(0));
    instance.Execute(Execution("a", "completed", watcher.Iso(seconds(1)), watcher.Iso()) +
                     Execution("b", "pending", watcher.Iso()));
    BOOST_TEST(At(watcher.CollectWhole(), kTotal) == 1);
    instance.Execute("DELETE FROM kailash_executions");
    const Values values = watcher.CollectWhole();
    BOOST_TEST(At(values, kTotal) == 1);
    BOOST_TEST(At(values, kLost) == 1);  // How b ended, nobody will know.
    instance.Execute(Execution("c", "completed", watcher.Iso(seconds(1)), watcher.Iso()));
    BOOST_TEST(At(watcher.CollectWhole(), kTotal) == 2);
  });
}

BOOST_AUTO_TEST_CASE(WhatStaysPendingIsGivenUpAfterADay) {
  OnEachDatabase([](Instance& instance) {
    Watcher watcher(instance);
    watcher.CollectWhole(Duration(0));
    instance.Execute(Execution("stuck", "pending", watcher.Iso()));
    BOOST_TEST(At(watcher.CollectWhole(), kLost) == 0);
    BOOST_TEST(At(watcher.CollectWhole(hours(23)), kLost) == 0);
    const Values values = watcher.CollectWhole(hours(2));
    BOOST_TEST(At(values, kLost) == 1);
    BOOST_TEST(At(values, kPending) == 1);  // It is there still.
    BOOST_TEST(At(watcher.CollectWhole(), kLost) == 1);
  });
}

BOOST_AUTO_TEST_CASE(StampsFromTheFutureNeitherCountTwiceNorHideOthers) {
  OnEachDatabase([](Instance& instance) {
    Watcher watcher(instance);
    const auto ahead = -hours(14);
    instance.Execute(Execution("old", "completed", watcher.Iso(ahead), watcher.Iso(ahead)));
    BOOST_TEST(At(watcher.CollectWhole(Duration(0)), kTotal) == 0);
    instance.Execute(Execution("far", "completed", watcher.Iso(ahead), watcher.Iso(ahead)));
    BOOST_TEST(At(watcher.CollectWhole(), kTotal) == 1);
    for (int i = 0; i < 4; ++i) {
      instance.Execute(Execution(fmt::format("near-{}", i), "completed", watcher.Iso(seconds(1)),
                                 watcher.Iso()));
      BOOST_TEST(At(watcher.CollectWhole(), kTotal) == 2 + i);
    }
    watcher.CollectWhole(hours(15));
    BOOST_TEST(At(watcher.CollectWhole(hours(1)), kTotal) == 5);
  });
}

BOOST_AUTO_TEST_CASE(CommitsThatComeLateCountWithinTheOverlap) {
  OnEachDatabase([](Instance& instance) {
    Watcher watcher(instance);
    watcher.CollectWhole(Duration(0));
    instance.Execute(Execution("b", "completed", watcher.Iso(seconds(1)), watcher.Iso()));
    BOOST_TEST(At(watcher.CollectWhole(), kTotal) == 1);
    instance.Execute(Execution("a", "completed", watcher.Iso(minutes(4)), watcher.Iso()));
    BOOST_TEST(At(watcher.CollectWhole(), kTotal) == 2);
  });
}

BOOST_AUTO_TEST_CASE(ARestartGoesOnWhereItWas) {
  OnEachDatabase([](Instance& instance) {
    const TemporaryFolder folder;
    Watcher watcher(instance, DatabaseSettings(), folder.path() / "state.json");
    watcher.CollectWhole(Duration(0));
    instance.Execute(Execution("a", "completed", watcher.Iso(seconds(1)), watcher.Iso()) +
                     Execution("b", "pending", watcher.Iso()));
    watcher.CollectWhole();
    // While nobody watches, one ends, and another comes.
    instance.Execute(Finish("b", "failed", watcher.Iso()) +
                     Execution("c", "completed", watcher.Iso(), watcher.Iso()));
    watcher.Restart();
    Values values = watcher.CollectWhole(minutes(20));
    BOOST_TEST(At(values, kTotal) == 3);
    BOOST_TEST(At(values, kSuccess) == 2);
    watcher.Restart();
    BOOST_TEST(At(watcher.CollectWhole(), kTotal) == 3);
  });
}

BOOST_AUTO_TEST_CASE(WhileTheStateCannotBeReadNothingIsCounted) {
  SqliteInstance instance;
  const TemporaryFolder folder;
  const std::filesystem::path state = folder.path() / "state.json";
  Watcher watcher(instance, DatabaseSettings(), state);
  instance.Execute(Execution("old", "completed", watcher.Iso(seconds(1)), watcher.Iso()));
  watcher.CollectWhole(Duration(0));
  std::filesystem::rename(state, folder.path() / "away");
  std::filesystem::create_directory(state);
  watcher.Restart();
  const Values values = watcher.Collect();
  BOOST_TEST(!values.contains(kTotal));
  BOOST_TEST(At(values, kPending) == 0);
  BOOST_TEST_REQUIRE(watcher.parts.size() == 1U);
  BOOST_TEST(watcher.parts[0].source == "state");
  std::filesystem::remove(state);
  std::filesystem::rename(folder.path() / "away", state);
  BOOST_TEST(At(watcher.CollectWhole(), kTotal) == 0);
}

BOOST_AUTO_TEST_CASE(ABacklogIsReadInPages) {
  OnEachDatabase([](Instance& instance) {
    Watcher watcher(instance);
    watcher.CollectWhole(Duration(0));
    const std::string now = watcher.Iso();
    std::string rows;
    for (int i = 0; i < 4500; ++i) {
      rows +=
          fmt::format("{}('r{}', 'orders', 'completed', {}, {})", i == 0 ? "" : ",", i, now, now);
    }
    // All with the same stamp: the id alone tells one page from the next.
    instance.Execute(
        "INSERT INTO kailash_executions (run_id, workflow_id, status, started_at, completed_at) "
        "VALUES " +
        rows);
    BOOST_TEST(At(watcher.CollectWhole(), kTotal) == 4500);
    BOOST_TEST(At(watcher.CollectWhole(), kTotal) == 4500);
  });
}

BOOST_AUTO_TEST_CASE(RowsThatMakeNoSenseCostThemselvesOnly) {
  OnEachDatabase([](Instance& instance) {
    Watcher watcher(instance);
    watcher.CollectWhole(Duration(0));
    instance.Execute(Execution("a", "completed", "'yesterday'", "'today'") +
                     Execution("b", "completed", "NULL", "NULL") +
                     Execution("c", "exploded", watcher.Iso()) +
                     Execution("d", "completed", watcher.Iso(), "'later'") +
                     Execution("e", "completed", watcher.Iso(), watcher.Iso(hours(14))) +
                     Execution("f", "completed", watcher.Iso(), watcher.Iso(), "", ""));
    const Values values = watcher.CollectWhole();
    BOOST_TEST(At(values, kTotal) == 2);
    BOOST_TEST(At(values, R"(kailash_workflow_duration_seconds_count{workflow="orders"})") == 0);
    BOOST_TEST(At(values, R"(kailash_workflow_total{workflow="unnamed_workflow"})") == 1);
    BOOST_TEST(At(watcher.CollectWhole(), kTotal) == 2);
  });
}

BOOST_AUTO_TEST_CASE(WorkflowsBeyondTheLimitAreAddedUp) {
  SqliteInstance instance;
  Settings settings = DatabaseSettings();
  settings.max_workflows = 2;
  Watcher watcher(instance, settings);
  watcher.CollectWhole(Duration(0));
  std::string rows;
  for (const std::string workflow : {"a", "b", "c", "d"}) {
    rows += Execution(workflow, "completed", watcher.Iso(), watcher.Iso(), "", workflow);
  }
  instance.Execute(rows);
  const Values values = watcher.CollectWhole();
  BOOST_TEST(At(values, R"(kailash_workflow_total{workflow="a"})") == 1);
  BOOST_TEST(At(values, R"(kailash_workflow_total{workflow="__other__"})") == 2);
}

BOOST_AUTO_TEST_CASE(WherePagesCountTheDatabaseTellsCausesOnly) {
  SqliteInstance instance;
  Watcher watcher(instance, Settings());
  watcher.CollectWhole(Duration(0));
  instance.Execute(Execution("a", "failed", watcher.Iso(), watcher.Iso(), "boom"));
  const Values values = watcher.CollectWhole();
  BOOST_TEST(!values.contains(kTotal));
  BOOST_TEST(!values.contains(Errors("workflow_failed")));
  BOOST_TEST(At(values, Errors("other")) == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::kailash

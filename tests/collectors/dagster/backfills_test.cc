#include <boost/test/unit_test.hpp>

#include "tests/collectors/dagster/topic.h"

namespace tocsin::collectors::dagster {
namespace {

using std::chrono::seconds;

std::string Backfill(const Watcher& watcher, const std::string& key, const std::string& status,
                     Duration ago) {
  return fmt::format(
      "INSERT INTO bulk_actions (key, status, \"timestamp\", body) VALUES ('{}', '{}', {}, "
      "'{{}}');",
      key, status, watcher.Naive(ago));
}

std::string Open(const std::string& status) {
  return "dagster_backfills{status=\"" + status + "\"}";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(backfills_test)

BOOST_AUTO_TEST_CASE(OpenBackfillsAreCountedAndAged) {
  const std::string oldest = "dagster_backfill_oldest_age_seconds";
  CheckTopic({
      {"none",
       Store::kRuns,
       [](const Watcher&) { return "SELECT 1"; },
       {{Open("REQUESTED"), 0}, {Open("CANCELING"), 0}, {Open("FAILING"), 0}, {oldest, 0}}},
      {"open ones, the oldest in another state",
       Store::kRuns,
       [](const Watcher& watcher) {
         return Backfill(watcher, "a", "REQUESTED", seconds(60)) +
                Backfill(watcher, "b", "REQUESTED", seconds(30)) +
                Backfill(watcher, "c", "CANCELING", seconds(90));
       },
       {{Open("REQUESTED"), 2}, {Open("CANCELING"), 1}, {Open("FAILING"), 0}, {oldest, 90}}},
      {"finished ones",
       Store::kRuns,
       [](const Watcher& watcher) {
         return Backfill(watcher, "a", "COMPLETED_SUCCESS", seconds(60)) +
                Backfill(watcher, "b", "FAILED", seconds(60)) +
                Backfill(watcher, "c", "CANCELED", seconds(60));
       },
       {{Open("REQUESTED"), 0}, {oldest, 0}},
       {Open("COMPLETED_SUCCESS"), Open("FAILED"), Open("CANCELED")}},
      {"one by a clock that is ahead",
       Store::kRuns,
       [](const Watcher& watcher) { return Backfill(watcher, "a", "FAILING", -seconds(60)); },
       {{Open("FAILING"), 1}, {oldest, 0}}},
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::dagster

#include <boost/test/unit_test.hpp>

#include "tests/collectors/dagster/topic.h"

namespace tocsin::collectors::dagster {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

const std::string kNull = "NULL";

std::string Run(const Watcher& watcher, const std::string& id, const std::string& status,
                Duration updated, const std::string& ended) {
  return fmt::format(
      "INSERT INTO runs (run_id, pipeline_name, status, create_timestamp, update_timestamp, "
      "end_time) VALUES ('{}', 'nightly', '{}', {}, {}, {});",
      id, status, watcher.Naive(updated), watcher.Naive(updated), ended);
}

std::string Ended(const Watcher& watcher, const std::string& id, const std::string& status,
                  Duration ago) {
  return Run(watcher, id, status, ago, watcher.Epoch(ago));
}

std::string Retry(const std::string& id) {
  return "INSERT INTO run_tags (run_id, key, value) VALUES ('" + id +
         "', 'dagster/retry_number', '1');";
}

std::string With(const std::string& metric, const std::string& status) {
  return metric + "{status=\"" + status + "\"}";
}

/// `ago` before the moment of every watcher's first collection.
double Unix(Duration ago) {
  return tocsin::UnixSeconds(TimePoint(std::chrono::sys_days{std::chrono::year(2026) / 3 / 1}) -
                             ago);
}

const std::string kHour = "dagster_runs_finished_last_hour";
const std::string kSixHours = "dagster_recent_runs";
const std::string kRetried = "dagster_recent_retried_runs";
const std::string kLast = "dagster_last_run_finished_timestamp_seconds";

}  // namespace

BOOST_AUTO_TEST_SUITE(recent_runs_test)

BOOST_AUTO_TEST_CASE(FinishedRunsOfTheLastHours) {
  CheckTopic({
      {"none",
       Store::kRuns,
       [](const Watcher&) { return "SELECT 1"; },
       {{With(kHour, "SUCCESS"), 0}, {With(kSixHours, "CANCELED"), 0}, {kRetried, 0}},
       {kLast}},
      {"by age and outcome",
       Store::kRuns,
       [](const Watcher& watcher) {
         return Ended(watcher, "a", "SUCCESS", minutes(59)) +
                Ended(watcher, "b", "SUCCESS", minutes(61)) +
                Ended(watcher, "c", "SUCCESS", hours(7)) +
                Ended(watcher, "d", "FAILURE", minutes(359));
       },
       {{With(kHour, "SUCCESS"), 1},
        {With(kHour, "FAILURE"), 0},
        {With(kSixHours, "SUCCESS"), 2},
        {With(kSixHours, "FAILURE"), 1},
        {With(kLast, "SUCCESS"), Unix(minutes(59))},
        {With(kLast, "FAILURE"), Unix(minutes(359))}},
       {With(kLast, "CANCELED")}},
      {"an old run that was tagged",
       Store::kRuns,
       [](const Watcher& watcher) {
         return Ended(watcher, "a", "FAILURE", minutes(30)) +
                Run(watcher, "b", "FAILURE", minutes(1), watcher.Epoch(hours(9)));
       },
       {{With(kHour, "FAILURE"), 1},
        {With(kSixHours, "FAILURE"), 1},
        {With(kLast, "FAILURE"), Unix(minutes(30))}}},
      {"one that was cancelled before its start",
       Store::kRuns,
       [](const Watcher& watcher) { return Run(watcher, "a", "CANCELED", minutes(2), kNull); },
       {{With(kHour, "CANCELED"), 1}, {With(kLast, "CANCELED"), Unix(minutes(2))}}},
      {"retries",
       Store::kRuns,
       [](const Watcher& watcher) {
         return Ended(watcher, "a", "SUCCESS", hours(2)) + Retry("a") +
                Ended(watcher, "b", "SUCCESS", hours(2)) +
                Ended(watcher, "c", "SUCCESS", hours(7)) + Retry("c");
       },
       {{kRetried, 1}, {With(kSixHours, "SUCCESS"), 2}}},
      {"unfinished ones",
       Store::kRuns,
       [](const Watcher& watcher) { return Run(watcher, "a", "STARTED", minutes(1), kNull); },
       {{With(kHour, "SUCCESS"), 0}},
       {kLast, With(kHour, "STARTED")}},
  });
}

BOOST_AUTO_TEST_CASE(TheLongerPeriodIsLookedUpOnceAMinute) {
  SqliteInstance instance;
  Watcher watcher(instance);
  watcher.CollectWhole();
  instance.Execute(Store::kRuns, Ended(watcher, "a", "SUCCESS", {}));
  Values values = watcher.CollectWhole(std::chrono::seconds(30));
  BOOST_TEST(At(values, With(kHour, "SUCCESS")) == 1);
  BOOST_TEST(At(values, With(kSixHours, "SUCCESS")) == 0);
  values = watcher.CollectWhole(std::chrono::seconds(30));
  BOOST_TEST(At(values, With(kSixHours, "SUCCESS")) == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::dagster

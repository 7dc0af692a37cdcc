#include <boost/test/unit_test.hpp>

#include "tests/collectors/dagster/topic.h"

namespace tocsin::collectors::dagster {
namespace {

using std::chrono::seconds;

const std::string kDb = R"({concurrency_key="db"})";

std::string Limit() {
  return "INSERT INTO concurrency_limits (concurrency_key, \"limit\") VALUES ('db', 2);";
}

/// A slot of the pool "db"; `run` is "NULL" while it is free.
std::string Slot(const std::string& run, const std::string& deleted = "false") {
  return "INSERT INTO concurrency_slots (concurrency_key, run_id, deleted) VALUES ('db', " + run +
         ", " + deleted + ");";
}

std::string Step(const Watcher& watcher, const std::string& name, Duration ago,
                 const std::string& assigned = "NULL") {
  return fmt::format(
      "INSERT INTO pending_steps (concurrency_key, run_id, step_key, assigned_timestamp, "
      "create_timestamp) VALUES ('db', 'r', '{}', {}, {});",
      name, assigned, watcher.Naive(ago));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(concurrency_test)

BOOST_AUTO_TEST_CASE(PoolsAndTheirQueues) {
  const std::string slots = "dagster_concurrency_slots" + kDb;
  const std::string claimed = "dagster_concurrency_slots_claimed" + kDb;
  const std::string pending = "dagster_concurrency_pending_steps" + kDb;
  const std::string oldest = "dagster_concurrency_oldest_pending_age_seconds" + kDb;
  CheckTopic({
      {"no pool",
       Store::kEvents,
       [](const Watcher&) { return "SELECT 1"; },
       {},
       {"dagster_concurrency_"}},
      {"a pool at rest",
       Store::kEvents,
       [](const Watcher&) { return Limit() + Slot("NULL") + Slot("NULL"); },
       {{slots, 2}, {claimed, 0}, {pending, 0}, {oldest, 0}}},
      {"a pool without slots",
       Store::kEvents,
       [](const Watcher&) { return Limit(); },
       {{slots, 0}, {claimed, 0}, {pending, 0}, {oldest, 0}}},
      {"a slot that was taken away while it is in use",
       Store::kEvents,
       [](const Watcher&) { return Limit() + Slot("'a'") + Slot("'b'", "true"); },
       {{slots, 1}, {claimed, 2}}},
      {"steps that wait, and one that no longer does",
       Store::kEvents,
       [](const Watcher& watcher) {
         return Limit() + Slot("'r'") + Step(watcher, "one", seconds(40)) +
                Step(watcher, "two", seconds(100)) +
                Step(watcher, "three", seconds(500), watcher.Naive(seconds(5)));
       },
       {{slots, 1}, {claimed, 1}, {pending, 2}, {oldest, 100}}},
      {"a step by a clock that is ahead",
       Store::kEvents,
       [](const Watcher& watcher) { return Limit() + Step(watcher, "one", -seconds(60)); },
       {{pending, 1}, {oldest, 0}}},
      {"a step for a key without a limit",
       Store::kEvents,
       [](const Watcher& watcher) { return Step(watcher, "one", seconds(40)); },
       {{pending, 1}, {oldest, 40}},
       {"dagster_concurrency_slots"}},
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::dagster

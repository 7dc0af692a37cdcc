// Queues, workers, dead letters and sessions, by a collector on real tables.

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/collectors/kailash/watched.h"

namespace tocsin::collectors::kailash {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

std::string Task(const std::string& id, const std::string& status, const std::string& created,
                 const std::string& updated, const std::string& queue = "reports") {
  return fmt::format(
      "INSERT INTO kailash_task_queue (task_id, queue_name, payload, status, created_at, "
      "updated_at) VALUES ('{}', '{}', '{{}}', '{}', {}, {});",
      id, queue, status, created, updated);
}

std::string Worker(const std::string& id, const std::string& beat,
                   const std::string& status = "active") {
  return fmt::format(
      "INSERT INTO kailash_worker_registry (worker_id, queue_name, status, last_beat_at, "
      "started_at) VALUES ('{}', 'reports', '{}', {}, {});",
      id, status, beat, beat);
}

std::string DeadLetter(const std::string& id, const std::string& status,
                       const std::string& created) {
  return fmt::format(
      "INSERT INTO kailash_dlq (id, workflow_id, error, payload, created_at, status) "
      "VALUES ('{}', 'orders', 'x', '', {}, '{}');",
      id, created, status);
}

/// A series of kailash_task_queue_depth or workers, whichever database tells it.
double AtEither(const Values& values, const std::string& name, const std::string& labels) {
  const std::string postgres = fmt::format("{}{{{},backend=\"postgres\"}}", name, labels);
  const std::string sqlite = fmt::format("{}{{{},backend=\"sqlite\"}}", name, labels);
  return At(values, values.contains(postgres) ? postgres : sqlite);
}

bool HasSeriesOf(const Values& values, const std::string& name) {
  const auto found = values.lower_bound(name + "{");
  return found != values.end() && found->first.starts_with(name + "{");
}

const std::string kPendingTasks = R"(queue="reports",state="pending")";
const std::string kProcessingTasks = R"(queue="reports",state="processing")";

}  // namespace

BOOST_AUTO_TEST_SUITE(tables_test)

BOOST_AUTO_TEST_CASE(QueuesHaveADepthAndAnAge) {
  OnEachDatabase([](Instance& instance) {
    Watcher watcher(instance);
    instance.Execute(Task("a", "pending", watcher.Epoch(minutes(5)), watcher.Epoch(minutes(1))) +
                     Task("b", "pending", watcher.Epoch(minutes(2)), watcher.Epoch(minutes(2))) +
                     Task("c", "processing", watcher.Epoch(hours(1)), watcher.Epoch(seconds(30))) +
                     Task("d", "completed", watcher.Epoch(hours(9)), watcher.Epoch(hours(9))) +
                     Task("e", "dead_lettered", watcher.Epoch(hours(9)), watcher.Epoch(hours(9))) +
                     Task("f", "pending", watcher.Epoch(-hours(14)), watcher.Epoch(), "future"));
    Values values = watcher.CollectWhole(Duration(0));
    BOOST_TEST(AtEither(values, "kailash_task_queue_depth", kPendingTasks) == 2);
    BOOST_TEST(AtEither(values, "kailash_task_queue_depth", kProcessingTasks) == 1);
    const std::string age = "kailash_task_queue_oldest_age_seconds{";
    BOOST_TEST(At(values, age + kPendingTasks + "}") == 300);
    BOOST_TEST(At(values, age + kProcessingTasks + "}") == 30);
    BOOST_TEST(At(values, age + R"(queue="future",state="pending"})") == 0);
    BOOST_TEST(At(values, R"(kailash_task_queue_dead_lettered{queue="reports"})") == 1);

    // A queue that has become empty is shown with 0, and does not disappear.
    instance.Execute("DELETE FROM kailash_task_queue");
    values = watcher.CollectWhole();
    BOOST_TEST(AtEither(values, "kailash_task_queue_depth", kPendingTasks) == 0);
    BOOST_TEST(At(values, age + kPendingTasks + "}") == 0);
    BOOST_TEST(At(values, R"(kailash_task_queue_dead_lettered{queue="reports"})") == 1);
    values = watcher.CollectWhole(minutes(5));  // Dead ones are looked for more seldom.
    BOOST_TEST(At(values, R"(kailash_task_queue_dead_lettered{queue="reports"})") == 0);
  });
}

BOOST_AUTO_TEST_CASE(WorkersThatBeatAreAlive) {
  OnEachDatabase([](Instance& instance) {
    Watcher watcher(instance);
    instance.Execute(Worker("a", watcher.Epoch()) + Worker("b", watcher.Epoch(hours(1))) +
                     Worker("c", watcher.Epoch(hours(9)), "inactive"));
    Values values = watcher.CollectWhole(Duration(0));
    const std::string queue = R"(queue="reports")";
    BOOST_TEST(AtEither(values, "kailash_workers", queue) == 2);
    BOOST_TEST(AtEither(values, "kailash_workers_alive", queue) == 1);
    // PostgreSQL keeps heartbeats in steps of 128 s.
    const double age = AtEither(values, "kailash_worker_last_heartbeat_age_seconds", queue);
    BOOST_TEST(age >= 3600 - 64);
    BOOST_TEST(age <= 3600 + 64);
    instance.Execute("UPDATE kailash_worker_registry SET status = 'inactive'");
    values = watcher.CollectWhole();
    BOOST_TEST(AtEither(values, "kailash_workers", queue) == 0);
    BOOST_TEST(AtEither(values, "kailash_workers_alive", queue) == 0);
    BOOST_TEST(!HasSeriesOf(values, "kailash_worker_last_heartbeat_age_seconds"));
  });
}

BOOST_AUTO_TEST_CASE(AHeartbeatThatIsRoundedIntoTheFutureIsNotNegative) {
  OnEachDatabase([](Instance& instance) {
    Watcher watcher(instance);
    for (int i = 0; i < 8; ++i) {
      watcher.clock.Advance(seconds(17));
      instance.Execute("DELETE FROM kailash_worker_registry;" + Worker("a", watcher.Epoch()));
      const Values values = watcher.CollectWhole(Duration(0));
      const double age =
          AtEither(values, "kailash_worker_last_heartbeat_age_seconds", R"(queue="reports")");
      BOOST_TEST(age >= 0);
      BOOST_TEST(age <= 64);
      BOOST_TEST(AtEither(values, "kailash_workers_alive", R"(queue="reports")") == 1);
    }
  });
}

BOOST_AUTO_TEST_CASE(DeadLettersAreCountedAsTheyCome) {
  OnEachDatabase([](Instance& instance) {
    const TemporaryFolder folder;
    Watcher watcher(instance, DatabaseSettings(), folder.path() / "state.json");
    instance.Execute(DeadLetter("old", "pending", watcher.Iso(hours(1))) +
                     DeadLetter("gone", "permanent_failure", watcher.Iso(hours(2))) +
                     DeadLetter("future", "retrying", watcher.Iso(-hours(14))));
    const std::string dead = R"(kailash_errors_total{category="dead_lettered",workflow="orders"})";
    Values values = watcher.CollectWhole(Duration(0));
    BOOST_TEST(At(values, R"(kailash_dlq_items{status="pending"})") == 1);
    BOOST_TEST(At(values, R"(kailash_dlq_items{status="retrying"})") == 1);
    BOOST_TEST(At(values, R"(kailash_dlq_items{status="permanent_failure"})") == 1);
    BOOST_TEST(!values.contains(dead));
    instance.Execute(DeadLetter("a", "pending", watcher.Iso()) +
                     DeadLetter("b", "pending", watcher.Iso(seconds(1))));
    BOOST_TEST(At(watcher.CollectWhole(), dead) == 2);
    instance.Execute("DELETE FROM kailash_dlq");
    watcher.Restart();
    values = watcher.CollectWhole();
    BOOST_TEST(At(values, dead) == 2);
    BOOST_TEST(At(values, R"(kailash_dlq_items{status="pending"})") == 0);
  });
}

BOOST_AUTO_TEST_CASE(ATableThatIsMissingCostsItsOwnMetricsOnly) {
  OnEachDatabase([](Instance& instance) {
    Watcher watcher(instance);
    instance.Execute("ALTER TABLE kailash_task_queue RENAME TO gone");
    const Values values = watcher.Collect();
    BOOST_TEST_REQUIRE(watcher.parts.size() == 2U);
    BOOST_TEST(watcher.parts[0].source == "tasks");
    BOOST_TEST(watcher.parts[1].source == "dead_tasks");
    BOOST_TEST((watcher.parts[0].status.error().code == ErrorCode::kNotFound));
    BOOST_TEST(!watcher.parts[0].is_fault);  // It may never have been used.
    BOOST_TEST(!HasSeriesOf(values, "kailash_task_queue_depth"));
    BOOST_TEST(values.contains("kailash_executions_pending"));
    watcher.tap->ran.clear();
    watcher.Collect();
    for (const Ran& ran : watcher.tap->ran) {
      BOOST_TEST(ran.statement.find("kailash_task_queue") == std::string::npos);
    }
    instance.Execute("ALTER TABLE gone RENAME TO kailash_task_queue");
    watcher.CollectWhole(minutes(10));
    instance.Execute("ALTER TABLE kailash_task_queue RENAME TO gone");
    watcher.Collect(minutes(10));
    BOOST_TEST_REQUIRE(watcher.parts.size() == 2U);
    BOOST_TEST(watcher.parts[0].is_fault);
  });
}

BOOST_AUTO_TEST_CASE(TablesMayHaveOtherNamesOrNone) {
  SqliteInstance instance;
  instance.Execute("ALTER TABLE kailash_task_queue RENAME TO jobs");
  Settings settings = DatabaseSettings();
  settings.task_table = "jobs";
  settings.worker_table = "";
  Watcher watcher(instance, settings);
  instance.Execute(
      "DROP TABLE kailash_worker_registry; INSERT INTO jobs (task_id, payload, "
      "created_at, updated_at) VALUES ('a', '', 1, 1)");
  const Values values = watcher.CollectWhole();
  BOOST_TEST(AtEither(values, "kailash_task_queue_depth", R"(queue="default",state="pending")") ==
             1);
}

BOOST_AUTO_TEST_CASE(ADatabaseThatIsGoneIsReported) {
  SqliteInstance instance;
  Watcher watcher(instance);
  watcher.CollectWhole();
  const std::filesystem::path away = instance.File().string() + ".away";
  std::filesystem::rename(instance.File(), away);
  BOOST_TEST(watcher.Collect().empty());
  BOOST_TEST_REQUIRE(watcher.sources.size() == 1U);
  BOOST_TEST(watcher.sources[0].source == "sqlite");
  BOOST_TEST((watcher.sources[0].status.error().code == ErrorCode::kUnavailable));
  std::filesystem::rename(away, instance.File());
  BOOST_TEST(watcher.CollectWhole().contains("kailash_executions_pending"));
}

BOOST_AUTO_TEST_CASE(PoolsCanBeCountedByTheirSessions,
                     *boost::unit_test::precondition(NeedsPostgres)) {
  PostgresInstance instance;
  instance.server().Execute(
      "DO $$ BEGIN CREATE ROLE kailash_app LOGIN PASSWORD 'app'; "
      "EXCEPTION WHEN duplicate_object THEN NULL; END $$;"
      "REVOKE pg_read_all_stats FROM kailash_reader");
  Settings settings = DatabaseSettings();
  settings.pools = {{.name = "main-db", .max_connections = 5, .user = "kailash_app"},
                    {.name = "other", .max_connections = std::nullopt, .application_name = "none"}};
  PostgresOptions options = instance.Options();
  options.user = "kailash_app";
  options.password = SecretSource::Inline(Secret("app"));
  PostgresConnection idle(options);
  PostgresConnection busy(options);
  BOOST_TEST_REQUIRE(static_cast<bool>(idle.Query("SELECT 1", {}, LongAttempt())));
  BOOST_TEST_REQUIRE(static_cast<bool>(busy.Query("BEGIN", {}, LongAttempt())));

  Watcher watcher(instance, settings);
  Values values = watcher.Collect();
  BOOST_TEST_REQUIRE(watcher.parts.size() == 1U);
  BOOST_TEST(watcher.parts[0].source == "pool_sessions");
  BOOST_TEST((watcher.parts[0].status.error().code == ErrorCode::kDenied));
  BOOST_TEST(!HasSeriesOf(values, "kailash_pool_active_connections"));
  BOOST_TEST(At(values, R"(kailash_pool_max_connections{pool="main_db"})") == 5);

  instance.server().Execute("GRANT pg_read_all_stats TO kailash_reader");
  values = watcher.CollectWhole(minutes(10));
  BOOST_TEST(At(values, R"(kailash_pool_active_connections{pool="main_db"})") == 1);
  BOOST_TEST(At(values, R"(kailash_pool_available_connections{pool="main_db"})") == 4);
  BOOST_TEST(At(values, R"(kailash_pool_active_connections{pool="other"})") == 0);
  BOOST_TEST(!values.contains(R"(kailash_pool_available_connections{pool="other"})"));
}

BOOST_AUTO_TEST_CASE(ParallelWorkersAreNoConnections,
                     *boost::unit_test::precondition(NeedsPostgres)) {
  PostgresInstance instance;
  instance.server().Execute(
      "DO $$ BEGIN CREATE ROLE kailash_app LOGIN PASSWORD 'app'; "
      "EXCEPTION WHEN duplicate_object THEN NULL; END $$;"
      "GRANT pg_read_all_stats TO kailash_reader, kailash_app");
  PostgresOptions options = instance.Options();
  options.user = "kailash_app";
  options.password = SecretSource::Inline(Secret("app"));
  PostgresConnection busy(options);
  // PostgreSQL 16 calls it by another name.
  if (!busy.Query("SET force_parallel_mode = on", {}, LongAttempt())) {
    BOOST_TEST_REQUIRE(
        static_cast<bool>(busy.Query("SET debug_parallel_query = on", {}, LongAttempt())));
  }
  const std::jthread query([&](const std::stop_token& stop) {
    static_cast<void>(
        busy.Query("SELECT pg_sleep(60)", {}, AttemptFor(std::chrono::seconds(60), stop)));
  });
  PostgresConnection look(options);
  const std::string workers =
      "SELECT 1 FROM pg_stat_activity WHERE backend_type = 'parallel worker' "
      "AND usename = 'kailash_app' AND state = 'active'";
  const Attempt patience = LongAttempt();
  Result<SqlRows> found = look.Query(workers, {}, patience);
  while (found && found->empty()) found = look.Query(workers, {}, patience);
  BOOST_TEST(static_cast<bool>(found));
  Settings settings = DatabaseSettings();
  settings.pools = {{.name = "main", .max_connections = 5, .user = "kailash_app"}};
  Watcher watcher(instance, settings);
  BOOST_TEST(At(watcher.CollectWhole(), R"(kailash_pool_active_connections{pool="main"})") == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::kailash

#include "collectors/postgres/collector.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include "collectors/sql/postgres_connection.h"
#include "tests/collectors/sql/attempt_for.h"
#include "tests/collectors/sql/scripted_connection.h"
#include "tests/collectors/sql/watcher.h"
#include "tests/support/postgres_server.h"

namespace tocsin::collectors::postgres {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

/// A server of `version` that has nothing to tell but who it is.
std::shared_ptr<SqlScript> ServerOf(const std::string& version, const std::string& extension = "",
                                    bool sees_all = true) {
  auto script = std::make_shared<SqlScript>();
  const SqlRows::Cell none;
  script->answers = {
      {.part = "server_version_num')::int",
       .names = {"version", "sees_all", "extversion", "nspname"},
       .rows = {{version, sees_all ? "t" : "f", extension.empty() ? none : extension,
                 extension.empty() ? none : "public"}}},
      {.part = "AS now_s",
       .names = {"now_s", "up", "is_replica", "started", "lag"},
       .rows = {{"1000", "1", "f", "900", "0"}}},
      {.part = "FROM", .names = {"nothing"}},
      {.part = "SELECT 1 AS info", .names = {"info"}},
  };
  return script;
}

SqlWatcher Watch(const std::shared_ptr<SqlScript>& script) {
  return SqlWatcher([script](const Environment& environment) {
    return std::make_unique<PostgresCollector>(100, std::make_unique<ScriptedConnection>(script),
                                               environment);
  });
}

std::size_t TimesAsked(const SqlScript& script, const std::string& part) {
  return static_cast<std::size_t>(std::count_if(
      script.asked.begin(), script.asked.end(),
      [&](const std::string& statement) { return statement.find(part) != std::string::npos; }));
}

/// Answers `part` like this, before all that is in the script already.
void Answer(SqlScript& script, SqlScript::Answer answer) {
  script.answers.insert(script.answers.begin() + 1, std::move(answer));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(postgres_collector_test)

BOOST_AUTO_TEST_CASE(SlowTopicsHaveTheirOwnCadence) {
  const auto script = ServerOf("150020", "1.10");
  SqlWatcher watcher = Watch(script);
  Answer(*script, {.part = "AS max_connections",
                   .names = {"info", "version", "short_version", "max_connections"},
                   .rows = {{"1", "PostgreSQL 15.20", "15.20", "100"}}});
  for (int i = 0; i < 40; ++i) {  // Ten minutes, less one interval.
    const Values values = watcher.CollectWhole();
    BOOST_TEST(At(values, "pg_settings_max_connections") == 100);
    BOOST_TEST(At(values, "pg_up") == 1);
  }
  BOOST_TEST(TimesAsked(*script, "pg_stat_activity") == 80U);  // Two topics.
  BOOST_TEST(TimesAsked(*script, "pg_stat_statements(") == 10U);
  BOOST_TEST(TimesAsked(*script, "pg_database_size") == 2U);
  BOOST_TEST(TimesAsked(*script, "server_version_num") == 1U);
  watcher.CollectWhole();
  BOOST_TEST(TimesAsked(*script, "server_version_num") == 2U);
}

BOOST_AUTO_TEST_CASE(EachVersionIsReadByWhatItsCatalogueHolds) {
  struct Row {
    std::string version;
    SqlScript::Answer database;
    SqlScript::Answer writer;
    Values expected;
    std::vector<std::string> absent;
  };
  const std::vector<std::string> old_writer = {"checkpoints_timed", "buffers_backend",
                                               "buffers_alloc"};
  const std::vector<Row> table = {
      {"120022",
       {.part = "pg_stat_database ",
        .names = {"datid", "datname", "deadlocks"},
        .rows = {{"5", "a", "2"}}},
       {.part = "FROM pg_stat_bgwriter", .names = old_writer, .rows = {{"1", "2", "3"}}},
       {{R"(pg_stat_database_deadlocks{datid="5",datname="a"})", 2},
        {"pg_stat_bgwriter_checkpoints_timed_total", 1},
        {"pg_stat_bgwriter_buffers_backend_total", 2}},
       {"pg_stat_database_sessions_total", "pg_stat_checkpointer"}},
      {"140015",
       {.part = "pg_stat_database ",
        .names = {"datid", "datname", "deadlocks", "sessions", "active_time", "checksum_failures"},
        .rows = {{"5", "a", "2", "9", "1500", std::nullopt}}},
       {.part = "FROM pg_stat_bgwriter", .names = old_writer, .rows = {{"1", "2", "3"}}},
       {{R"(pg_stat_database_sessions_total{datid="5",datname="a"})", 9},
        {R"(pg_stat_database_active_time_seconds_total{datid="5",datname="a"})", 1.5}},
       {"pg_stat_database_checksum_failures", "pg_stat_checkpointer"}},
      {"170002",
       {.part = "pg_stat_database ",
        .names = {"datid", "datname", "deadlocks"},
        .rows = {{"5", "a", "2"}}},
       {.part = "pg_stat_bgwriter, pg_stat_checkpointer",
        .names = {"buffers_clean", "buffers_alloc", "num_timed", "write_time"},
        .rows = {{"1", "2", "3", "4.5"}}},
       {{"pg_stat_bgwriter_buffers_clean_total", 1},
        {"pg_stat_checkpointer_num_timed_total", 3},
        {"pg_stat_checkpointer_write_time_total", 4.5}},
       {"pg_stat_bgwriter_checkpoints_timed_total", "pg_stat_bgwriter_buffers_backend_total"}},
  };
  for (const Row& row : table) {
    BOOST_TEST_CONTEXT(row.version) {
      const auto script = ServerOf(row.version);
      Answer(*script, row.database);
      Answer(*script, row.writer);
      const Values values = Watch(script).CollectWhole();
      for (const auto& [series, value] : row.expected) BOOST_TEST(At(values, series) == value);
      for (const std::string& begin : row.absent) {
        const auto found = values.lower_bound(begin);
        BOOST_TEST((found == values.end() || !found->first.starts_with(begin)), begin);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(ATopicThatFailsCostsItsOwnMetricsOnly) {
  const auto script = ServerOf("150020");
  Answer(*script, {.part = "FROM pg_locks", .error = Error{ErrorCode::kDenied, "not for you"}});
  Answer(*script, {.part = "pg_stat_replication", .error = Error{ErrorCode::kTimeout, "slow"}});
  SqlWatcher watcher = Watch(script);
  const std::vector<std::string> expected = {"locks: not for you", "replication: slow"};
  for (int i = 0; i < 3; ++i) {
    BOOST_TEST(At(watcher.Collect(), "pg_up") == 1);
    BOOST_TEST((watcher.parts == expected));
  }
  // What only an operator can help is asked for less often, unless the server is another.
  BOOST_TEST(TimesAsked(*script, "FROM pg_locks") == 1U);
  BOOST_TEST(TimesAsked(*script, "FROM pg_stat_replication") == 3U);
  script->generation = 2;
  watcher.Collect();
  BOOST_TEST(TimesAsked(*script, "FROM pg_locks") == 2U);
}

BOOST_AUTO_TEST_CASE(AnotherServerIsReadAnew) {
  const auto script = ServerOf("150020");
  Answer(*script, {.part = "pg_database_size", .names = {"datname", "size"}, .rows = {{"a", "5"}}});
  SqlWatcher watcher = Watch(script);
  BOOST_TEST(At(watcher.CollectWhole(), R"(pg_database_size_bytes{datname="a"})") == 5);
  script->answers[1].rows = {{"b", "6"}};
  script->generation = 2;
  const Values values = watcher.CollectWhole();
  BOOST_TEST(At(values, R"(pg_database_size_bytes{datname="b"})") == 6);
  BOOST_TEST(!values.contains(R"(pg_database_size_bytes{datname="a"})"));
}

BOOST_AUTO_TEST_CASE(ALostConnectionFailsTheCollection) {
  const auto script = ServerOf("150020");
  SqlWatcher watcher = Watch(script);
  watcher.CollectWhole();
  Answer(*script, {.part = "FROM pg_locks", .error = Error{ErrorCode::kUnavailable, "gone"}});
  script->is_open = false;
  watcher.Collect();
  BOOST_TEST_REQUIRE(!watcher.status);
  BOOST_TEST(watcher.status.error().message == "locks: gone");
}

BOOST_AUTO_TEST_CASE(OddAnswersAreNoValues) {
  const auto script = ServerOf("150020");
  Answer(*script, {.part = "pg_stat_database ",
                   .names = {"datid", "datname", "deadlocks", "conflicts"},
                   .rows = {{"1", "caf\xE9", "7", std::nullopt}, {"2", "b", "many", "1"}}});
  SqlWatcher watcher = Watch(script);
  const Values values = watcher.Collect();
  BOOST_TEST(At(values, "pg_stat_database_deadlocks{datid=\"1\",datname=\"caf\xEF\xBF\xBD\"}") ==
             7);
  BOOST_TEST(!values.contains(R"(pg_stat_database_deadlocks{datid="2",datname="b"})"));
  BOOST_TEST(At(values, R"(pg_stat_database_conflicts{datid="2",datname="b"})") == 1);
  const std::vector<std::string> expected = {
      "databases: deadlocks: expected a number, got \"many\""};
  BOOST_TEST((watcher.parts == expected));
  const auto nobody = ServerOf("fifteen");
  SqlWatcher other = Watch(nobody);
  other.Collect();
  BOOST_TEST_REQUIRE(!other.status);
  BOOST_TEST((other.status.error().code == ErrorCode::kCorrupt));
}

BOOST_AUTO_TEST_CASE(TheServersClockIsCompared) {
  const auto script = ServerOf("150020");
  SqlWatcher watcher = Watch(script);
  const double now = UnixSeconds(watcher.clock.Now() + seconds(15));
  for (SqlScript::Answer& answer : script->answers) {
    if (answer.part == "AS now_s") answer.rows[0][0] = fmt::format("{}", now + 14 * 3600);
  }
  watcher.CollectWhole();
  BOOST_TEST_REQUIRE(watcher.skew.has_value());
  BOOST_TEST(*watcher.skew == 14 * 3600, boost::test_tools::tolerance(1e-6));
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

/// The server, a database of its own, and a role that is in pg_monitor, or not.
class Fixture {
 public:
  Fixture() {
    server.Start();
    server.Execute(
        "DO $$ BEGIN CREATE ROLE watcher_all LOGIN PASSWORD 'x' IN ROLE pg_monitor; "
        "CREATE ROLE watcher_few LOGIN PASSWORD 'x'; EXCEPTION WHEN duplicate_object THEN NULL; "
        "END $$");
  }

  SqlWatcher Watch(const std::string& role = "watcher_all") const {
    return SqlWatcher(Configured(Configure, "postgres: " + PostgresYaml(server, role, "x")));
  }

  /// Another session, as superuser over the socket.
  std::unique_ptr<PostgresConnection> Session() const {
    PostgresOptions options;
    options.host = server.socket_folder();
    options.port = server.port();
    return std::make_unique<PostgresConnection>(options);
  }

  PostgresServer& server = PostgresServer::Shared();
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(postgres_server_test, Fixture,
                         *boost::unit_test::precondition(NeedsPostgres))

BOOST_AUTO_TEST_CASE(ARealServerTellsEverything) {
  SqlWatcher watcher = Watch();
  const Values values = watcher.CollectWhole();
  BOOST_TEST(At(values, "pg_up") == 1);
  BOOST_TEST(At(values, "pg_replication_is_replica") == 0);
  BOOST_TEST(At(values, "pg_replication_lag_seconds") == 0);
  BOOST_TEST(At(values, R"(pg_stat_activity_count{datname="postgres",state="active"})") >= 1);
  BOOST_TEST(At(values, R"(pg_stat_activity_count{datname="template1",state="idle"})") == 0);
  BOOST_TEST(!values.contains(R"(pg_stat_activity_count{datname="postgres",state="unknown"})"));
  BOOST_TEST(
      At(values, R"(pg_application_connections{application_name="tocsin",state="active"})") == 1);
  BOOST_TEST(At(values, R"(pg_locks_count{datname="postgres",mode="accessexclusivelock"})") == 0);
  BOOST_TEST(At(values, R"(pg_locks_count{datname="postgres",mode="accesssharelock"})") > 0);
  BOOST_TEST(At(values, R"(pg_database_size_bytes{datname="postgres"})") > 1e6);
  BOOST_TEST(At(values, R"(pg_database_frozen_xid_age{datname="postgres"})") >= 0);
  BOOST_TEST(At(values, "pg_stat_bgwriter_buffers_alloc_total") >= 0);
  BOOST_TEST(At(values, "pg_stat_archiver_failed_count") == 0);
  const std::string connections = server.Execute("SHOW max_connections");
  BOOST_TEST(At(values, "pg_settings_max_connections") == std::stod(connections));
  // All but what a lonely primary does not have, and what other versions have.
  for (const Topic& topic : Topics()) {
    for (const ColumnMetric& metric : topic.metrics) {
      const std::string name(metric.desc.name);
      const bool is_elsewhere =
          topic.name == "replication" || topic.name == "slots" || topic.name == "statements" ||
          name.starts_with("pg_stat_checkpointer") || name == "pg_stat_archiver_last_archive_age" ||
          name == "pg_stat_database_checksum_failures";
      if (is_elsewhere) continue;
      const auto found = values.lower_bound(name);
      BOOST_TEST((found != values.end() && found->first.starts_with(name)), name);
    }
  }
}

BOOST_AUTO_TEST_CASE(WaitingAndLongTransactionsShow) {
  server.Execute("DROP TABLE IF EXISTS held; CREATE TABLE held (id int)");
  const auto holder = Session();
  // A session of ours is read-only, and that is enough to hold a lock of a kind.
  BOOST_TEST_REQUIRE(static_cast<bool>(holder->Query("BEGIN", {}, LongAttempt())));
  BOOST_TEST_REQUIRE(static_cast<bool>(holder->Query("SELECT * FROM held", {}, LongAttempt())));
  BOOST_TEST(
      server.Await("SELECT count(*) FROM pg_stat_activity WHERE xact_start < "
                   "clock_timestamp() - interval '50 ms' AND state = 'idle in transaction'",
                   "1"));
  SqlWatcher watcher = Watch();
  const Values values = watcher.CollectWhole();
  const std::string labels = R"({datname="postgres",state="idle in transaction"})";
  BOOST_TEST(At(values, "pg_stat_activity_count" + labels) == 1);
  BOOST_TEST(At(values, "pg_stat_activity_max_tx_duration" + labels) >= 0.05);
  BOOST_TEST(At(values, R"(pg_stat_activity_lock_waiters{datname="postgres"})") == 0);
}

BOOST_AUTO_TEST_CASE(FewRightsHideTheOthersAndSaySo) {
  const auto other = Session();
  BOOST_TEST_REQUIRE(static_cast<bool>(other->Query("SELECT 1", {}, LongAttempt())));
  SqlWatcher watcher = Watch("watcher_few");
  const Values values = watcher.Collect();
  BOOST_TEST_REQUIRE(static_cast<bool>(watcher.status));
  BOOST_TEST_REQUIRE(watcher.parts.size() == 1U);
  BOOST_TEST(watcher.parts[0].starts_with("rights: the role is no member of pg_monitor"));
  BOOST_TEST(At(values, R"(pg_stat_activity_count{datname="postgres",state="unknown"})") >= 1);
  BOOST_TEST(At(values, R"(pg_stat_activity_count{datname="postgres",state="active"})") == 1);
}

BOOST_AUTO_TEST_CASE(ARestartedServerIsReadAgain) {
  SqlWatcher watcher = Watch();
  const double started = At(watcher.CollectWhole(), "pg_postmaster_start_time_seconds");
  server.Stop();
  watcher.Collect();
  BOOST_TEST_REQUIRE(!watcher.status);
  BOOST_TEST((watcher.status.error().code == ErrorCode::kUnavailable));
  server.Start();
  BOOST_TEST(At(watcher.CollectWhole(), "pg_postmaster_start_time_seconds") > started);
  server.Pause();
  watcher.time_allowed = std::chrono::milliseconds(200);
  watcher.Collect();
  const Status paused = watcher.status;
  server.Resume();
  BOOST_TEST_REQUIRE(!paused);
  BOOST_TEST((paused.error().code == ErrorCode::kTimeout));
  watcher.time_allowed = seconds(60);
  watcher.CollectWhole();
}

BOOST_AUTO_TEST_CASE(NothingIsLeftOpen) {
  SqlWatcher watcher = Watch();
  watcher.CollectWhole();
  BOOST_TEST(
      server.Await("SELECT count(*) FROM pg_stat_activity WHERE usename = 'watcher_all'", "1"));
  BOOST_TEST(
      server.Await("SELECT count(*) FROM pg_stat_activity WHERE usename = 'watcher_all' AND "
                   "(state <> 'idle' OR xact_start IS NOT NULL)",
                   "0"));
}

// Only the server's own catalogue is read, so rows in tables of users cost nothing.
BOOST_AUTO_TEST_CASE(NoStatementCostsMoreWithTenTimesTheRows) {
  const auto buffers = [&](int rows) {
    server.Execute(
        "DROP TABLE IF EXISTS history; CREATE TABLE history AS SELECT g FROM "
        "generate_series(1, " +
        std::to_string(rows) + ") AS g");
    server.Execute("VACUUM ANALYZE history");
    std::map<std::string_view, std::int64_t> by_topic;
    for (const Topic& topic : Topics()) {
      const std::string statement = topic.statement({.version = 150000});
      if (statement.empty()) continue;
      const std::string plan =
          server.Execute("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + statement);
      const boost::json::value parsed = boost::json::parse(plan);
      const boost::json::object& top = parsed.as_array().at(0).at("Plan").as_object();
      by_topic[topic.name] =
          top.at("Shared Hit Blocks").as_int64() + top.at("Shared Read Blocks").as_int64();
    }
    return by_topic;
  };
  const auto few = buffers(20'000);
  const auto many = buffers(200'000);
  for (const auto& [topic, count] : many) {
    BOOST_TEST_CONTEXT(topic) {
      BOOST_TEST(count <= few.at(topic) + 20);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::postgres

#include "collectors/pgbouncer/collector.h"

#include <memory>
#include <set>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/collectors/sql/scripted_connection.h"
#include "tests/collectors/sql/watcher.h"

namespace tocsin::collectors::pgbouncer {
namespace {

/// What PgBouncer 1.18 answers.
std::shared_ptr<SqlScript> Console() {
  auto script = std::make_shared<SqlScript>();
  script->answers = {
      {.part = "SHOW VERSION", .names = {"version"}, .rows = {{"PgBouncer 1.18.0"}}},
      {.part = "SHOW POOLS",
       .names = {"database", "user", "cl_active", "cl_waiting", "cl_active_cancel_req",
                 "cl_waiting_cancel_req", "sv_active", "sv_active_cancel", "sv_being_canceled",
                 "sv_idle", "sv_used", "sv_tested", "sv_login", "maxwait", "maxwait_us",
                 "pool_mode"},
       .rows = {{"shop", "app", "4", "3", "0", "0", "2", "0", "0", "1", "0", "0", "0", "12",
                 "500000", "transaction"},
                {"pgbouncer", "stats", "1", "0", "0", "0", "0", "0", "0", "0", "0", "0", "0", "0",
                 "0", "statement"}}},
      {.part = "SHOW STATS_TOTALS",
       .names = {"database", "xact_count", "query_count", "bytes_received", "bytes_sent",
                 "xact_time", "query_time", "wait_time"},
       .rows = {{"shop", "10", "20", "300", "400", "5000000", "2500000", "1000000"}}},
      {.part = "SHOW DATABASES",
       .names = {"name", "host", "port", "database", "force_user", "pool_size", "min_pool_size",
                 "reserve_pool", "pool_mode", "max_connections", "current_connections", "paused",
                 "disabled"},
       .rows = {{"shop", "db", "5432", "shop", std::nullopt, "20", "0", "5", std::nullopt, "0", "3",
                 "1", "0"}}},
      {.part = "SHOW LISTS",
       .names = {"list", "items"},
       .rows = {{"databases", "2"}, {"used_clients", "5"}, {"new_thing", "1"}}},
      {.part = "SHOW CONFIG",
       .names = {"key", "value", "default", "changeable"},
       .rows = {{"max_client_conn", "100", "100", "yes"},
                {"auth_type", "trust", "md5", "yes"},
                {"max_user_connections", "0", "0", "yes"}}},
  };
  return script;
}

SqlWatcher Watch(const std::shared_ptr<SqlScript>& script) {
  return SqlWatcher([script](const Environment& /*environment*/) {
    return std::make_unique<PgbouncerCollector>(std::make_unique<ScriptedConnection>(script));
  });
}

SqlScript::Answer& AnswerTo(SqlScript& script, const std::string& part) {
  for (SqlScript::Answer& answer : script.answers) {
    if (answer.part == part) return answer;
  }
  BOOST_TEST_REQUIRE(false, part);
  return script.answers.front();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pgbouncer_collector_test)

BOOST_AUTO_TEST_CASE(EveryMetricHasOneNameAndAHelp) {
  std::set<std::string_view> names;
  for (const MetricDesc& metric : Metrics()) {
    BOOST_TEST(names.insert(metric.name).second, metric.name);
    BOOST_TEST(!metric.help.empty());
  }
}

BOOST_AUTO_TEST_CASE(AnswersBecomeSeries) {
  const Values values = Watch(Console()).CollectWhole();
  const std::string pool = R"({database="shop",user="app"})";
  const Values expected = {
      {"pgbouncer_up", 1},
      {R"(pgbouncer_version_info{version="PgBouncer 1.18.0"})", 1},
      {"pgbouncer_pools_client_active_connections" + pool, 4},
      {"pgbouncer_pools_client_waiting_connections" + pool, 3},
      {"pgbouncer_pools_client_maxwait_seconds" + pool, 12.5},
      {R"(pgbouncer_stats_totals_queries_pooled_total{database="shop"})", 20},
      {R"(pgbouncer_stats_totals_client_wait_seconds_total{database="shop"})", 1},
      {R"(pgbouncer_stats_totals_server_in_transaction_seconds_total{database="shop"})", 5},
      {R"(pgbouncer_databases_paused{name="shop",host="db",port="5432",database="shop",force_user="",pool_mode=""})",
       1},
      {"pgbouncer_databases", 2},
      {"pgbouncer_used_clients", 5},
      {"pgbouncer_config_max_client_connections", 100},
  };
  for (const auto& [series, value] : expected) {
    BOOST_TEST_CONTEXT(series) {
      BOOST_TEST(At(values, series) == value, boost::test_tools::tolerance(1e-12));
    }
  }
}

BOOST_AUTO_TEST_CASE(OldAndNewVersionsHaveOtherColumns) {
  const auto script = Console();
  // Before 1.14 settings had no default, before 1.8 waiting no microseconds.
  SqlScript::Answer& config = AnswerTo(*script, "SHOW CONFIG");
  config.names = {"key", "value", "changeable"};
  config.rows = {{"max_client_conn", "50", "yes"}};
  SqlScript::Answer& pools = AnswerTo(*script, "SHOW POOLS");
  pools.names = {"database", "user", "cl_active", "maxwait"};
  pools.rows = {{"a", "b", "1", "2"}};
  SqlScript::Answer& totals = AnswerTo(*script, "SHOW STATS_TOTALS");
  totals.names.emplace_back("bind_count");
  totals.rows[0].emplace_back("77");
  const Values values = Watch(script).CollectWhole();
  BOOST_TEST(At(values, "pgbouncer_config_max_client_connections") == 50);
  BOOST_TEST(At(values, R"(pgbouncer_pools_client_maxwait_seconds{database="a",user="b"})") == 2);
  BOOST_TEST(!values.contains(R"(pgbouncer_pools_server_idle_connections{database="a",user="b"})"));
  BOOST_TEST(At(values, R"(pgbouncer_stats_totals_binds_total{database="shop"})") == 77);
}

BOOST_AUTO_TEST_CASE(TheReservePoolIsCalledOtherwiseFromVersion124On) {
  const std::string series =
      R"(pgbouncer_databases_reserve_pool{name="shop",host="db",port="5432",database="shop",force_user="",pool_mode=""})";
  BOOST_TEST(At(Watch(Console()).CollectWhole(), series) == 5);
  const auto script = Console();
  SqlScript::Answer& databases = AnswerTo(*script, "SHOW DATABASES");
  databases.names = {"name",
                     "host",
                     "port",
                     "database",
                     "force_user",
                     "pool_size",
                     "min_pool_size",
                     "reserve_pool_size",
                     "server_lifetime",
                     "pool_mode",
                     "load_balance_hosts",
                     "max_connections",
                     "current_connections",
                     "max_client_connections",
                     "current_client_connections",
                     "paused",
                     "disabled"};
  databases.rows = {{"shop", "db", "5432", "shop", std::nullopt, "20", "0", "7", "3600",
                     std::nullopt, std::nullopt, "0", "3", "0", "1", "1", "0"}};
  BOOST_TEST(At(Watch(script).CollectWhole(), series) == 7);
}

BOOST_AUTO_TEST_CASE(AnAnswerThatIsRefusedCostsItsOwnMetricsOnly) {
  const auto script = Console();
  AnswerTo(*script, "SHOW CONFIG").error = Error{ErrorCode::kDenied, "admin only"};
  AnswerTo(*script, "SHOW LISTS").rows = {{"databases", "many"}, {"users", "3"}};
  AnswerTo(*script, "SHOW STATS_TOTALS").rows.clear();
  SqlWatcher watcher = Watch(script);
  const Values values = watcher.Collect();
  BOOST_TEST_REQUIRE(static_cast<bool>(watcher.status));
  const std::vector<std::string> expected = {"lists: databases: expected a number, got \"many\"",
                                             "config: admin only"};
  BOOST_TEST((watcher.parts == expected));
  BOOST_TEST(At(values, "pgbouncer_users") == 3);
  BOOST_TEST(!values.contains("pgbouncer_databases"));
  BOOST_TEST(At(values, "pgbouncer_up") == 1);
}

BOOST_AUTO_TEST_CASE(ALostConnectionFailsTheCollection) {
  const auto script = Console();
  AnswerTo(*script, "SHOW POOLS").error = Error{ErrorCode::kUnavailable, "gone"};
  script->is_open = false;
  SqlWatcher watcher = Watch(script);
  watcher.Collect();
  BOOST_TEST_REQUIRE(!watcher.status);
  BOOST_TEST(watcher.status.error().message == "SHOW POOLS: gone");
}

BOOST_AUTO_TEST_CASE(TheConsoleHasItsOwnDefaults) {
  Configured(Configure, "{}");
  Configured(Configure, "pgbouncer: {host: a, port: 1, user: b, password: c, sslmode: disable}");
  Diagnostics diagnostics("f.yaml");
  const auto node = ParseYaml("pgbouncer: {statement_timeout: 1s}", diagnostics);
  {
    YamlMap map(*node, diagnostics);
    static_cast<void>(Configure(map));
  }
  BOOST_TEST(diagnostics.Text() ==
             "f.yaml:1:13: \"statement_timeout\" does not exist for the admin console");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::pgbouncer

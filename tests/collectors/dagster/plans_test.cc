// No statement of the collector may scan a table that grows. Shown on a million runs, ticks and
// events in a real PostgreSQL: every statement that a collection runs is explained with its
// parameters.

#include <set>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/collectors/dagster/instance.h"

namespace tocsin::collectors::dagster {
namespace {

const std::set<std::string> kGrowing = {"runs",       "run_tags",     "job_ticks",
                                        "event_logs", "bulk_actions", "asset_check_executions"};

/// What one statement may touch. The dearest looks up the tags of all runs of the last six hours,
/// once a minute: 2160 runs here, with four buffers each.
constexpr std::int64_t kMostBuffers = 10'000;

/// Rows from `first` to `last` of all that grows: a run every ten seconds, until now, each with a
/// tag or two.
std::string History(std::int64_t first, std::int64_t last) {
  const std::string series = fmt::format("generate_series({}, {}) AS i", first, last);
  return fmt::format(
      "SET session_replication_role = replica; SET synchronous_commit = off;"
      "INSERT INTO runs (run_id, pipeline_name, status, create_timestamp, update_timestamp, "
      "start_time, end_time) SELECT 'run-' || i, 'job_' || i % 50, "
      "CASE WHEN i % 20 = 0 THEN 'FAILURE' WHEN i % 33 = 0 THEN 'CANCELED' ELSE 'SUCCESS' END, "
      "t, t + interval '60 s', extract(epoch FROM t) + 5, extract(epoch FROM t) + 60 "
      "FROM (SELECT i, timestamp '2026-03-01' - interval '10 s' * ({1} - i) - interval '5 min' AS "
      "t "
      "FROM {0}) AS x;"
      "INSERT INTO run_tags (run_id, key, value) SELECT 'run-' || i, '.dagster/repository', "
      "'__repository__@location_' || i % 5 FROM {0};"
      "INSERT INTO run_tags (run_id, key, value) SELECT 'run-' || i, k, i % 3 "
      "FROM {0}, (VALUES ('dagster/retry_number'), ('dagster/concurrency_key')) AS keys(k) "
      "WHERE i % 10 = 0;"
      "INSERT INTO job_ticks (job_origin_id, selector_id, status, type, \"timestamp\", tick_body) "
      "SELECT 'o' || i % 50, 's' || i % 50, CASE WHEN i % 3 = 0 THEN 'SUCCESS' ELSE 'SKIPPED' END, "
      "'SENSOR', timestamp '2026-03-01' - interval '1 s' * ({1} - i), '{{}}' FROM {0};"
      "INSERT INTO event_logs (run_id, event, dagster_event_type, \"timestamp\", step_key) "
      "SELECT 'run-' || i, '{{}}', CASE WHEN i % 100 = 0 THEN 'STEP_FAILURE' "
      "WHEN i % 101 = 0 THEN 'STEP_UP_FOR_RETRY' WHEN i % 5 = 0 THEN 'ASSET_MATERIALIZATION' "
      "ELSE 'ENGINE_EVENT' END, timestamp '2026-03-01' - interval '1 s' * ({1} - i), 'step' FROM "
      "{0};"
      "INSERT INTO asset_check_executions (asset_key, check_name, run_id, execution_status, "
      "materialization_event_storage_id) SELECT '[\"a\", \"b\"]', 'check_' || i % 3, 'run-' || i, "
      "'SUCCEEDED', i FROM {0} WHERE i % 5 = 0;"
      "INSERT INTO bulk_actions (key, status, \"timestamp\", body) SELECT 'b' || i, "
      "'COMPLETED_SUCCESS', timestamp '2026-02-01', '{{}}' FROM {0} WHERE i % 10 = 0;",
      series, last);
}

/// What does not grow: runs in the queue and at work, daemons, sensors, a backfill.
const std::string kPresent =
    "INSERT INTO runs (run_id, pipeline_name, status, create_timestamp, update_timestamp, "
    "start_time) "
    "SELECT 'now-' || i, 'job_' || i % 50, CASE WHEN i % 2 = 0 THEN 'QUEUED' ELSE 'STARTED' END, "
    "timestamp '2026-03-01', timestamp '2026-03-01', 1772323200 FROM generate_series(1, 200) AS i;"
    "INSERT INTO run_tags (run_id, key, value) SELECT 'now-' || i, 'dagster/concurrency_key', i % "
    "3 "
    "FROM generate_series(1, 200) AS i;"
    "INSERT INTO instigators (selector_id, status, instigator_type, instigator_body) "
    "SELECT 's' || i, 'RUNNING', 'SENSOR', '{}' FROM generate_series(0, 49) AS i;"
    "INSERT INTO bulk_actions (key, status, \"timestamp\", body) VALUES "
    "('open', 'REQUESTED', timestamp '2026-02-28', '{}');"
    "INSERT INTO asset_keys (asset_key) VALUES ('[\"a\", \"b\"]');"
    "ANALYZE runs, run_tags, job_ticks, event_logs, bulk_actions, asset_check_executions, "
    "instigators;";

std::string Literal(const SqlParameter& parameter) {
  if (const auto* number = std::get_if<std::int64_t>(&parameter)) return std::to_string(*number);
  if (const auto* number = std::get_if<double>(&parameter)) return FormatNumber(*number);
  if (const auto* text = std::get_if<std::string>(&parameter)) {
    std::string quoted = "'";
    for (const char c : *text) quoted += c == '\'' ? "''" : std::string(1, c);
    return quoted + "'";
  }
  return "NULL";
}

std::string WithLiterals(const Ran& ran) {
  std::string statement = ran.statement;
  for (std::size_t i = ran.parameters.size(); i > 0; --i) {
    const std::string mark = "$" + std::to_string(i);
    const std::string literal = Literal(ran.parameters[i - 1]);
    for (std::size_t at = statement.find(mark); at != std::string::npos;
         at = statement.find(mark, at + literal.size())) {
      statement.replace(at, mark.size(), literal);
    }
  }
  return statement;
}

/// Adds the tables that `node` of a plan, or one below it, scans from end to end.
void FindSequentialScans(const boost::json::object& node, std::set<std::string>& tables) {
  if (node.at("Node Type").as_string() == "Seq Scan") {
    tables.emplace(node.at("Relation Name").as_string());
  }
  const boost::json::value* const below = node.if_contains("Plans");
  if (below == nullptr) return;
  for (const boost::json::value& plan : below->as_array()) {
    FindSequentialScans(plan.as_object(), tables);
  }
}

using Buffers = std::map<std::string, std::int64_t>;  // By statement.

/// Explains every statement that ran, and gives the most buffers that each of them read.
Buffers Explain(PostgresInstance& instance, const std::vector<Ran>& ran) {
  Buffers most;
  for (const Ran& one : ran) {
    const std::string statement = WithLiterals(one);
    const std::string text = instance.server().Execute(
        "SET search_path = dagster; SET TimeZone = UTC; "
        "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " +
        statement);
    const boost::json::value explained = boost::json::parse(text);
    const boost::json::object& plan = explained.as_array().at(0).at("Plan").as_object();
    BOOST_TEST_CONTEXT(one.statement) {
      std::set<std::string> scanned;
      FindSequentialScans(plan, scanned);
      for (const std::string& table : scanned) {
        BOOST_TEST(!kGrowing.contains(table), "scans all of " + table + ": " + text);
      }
      const std::int64_t buffers =
          plan.at("Shared Hit Blocks").as_int64() + plan.at("Shared Read Blocks").as_int64();
      BOOST_TEST(buffers <= kMostBuffers);
      std::int64_t& of_statement = most[one.statement];
      of_statement = std::max(of_statement, buffers);
    }
  }
  return most;
}

/// Everything that a first collection and a later one run, with whatever can be switched on.
std::vector<Ran> StatementsOfCollections(PostgresInstance& instance) {
  Settings settings;
  settings.compatibility_names = true;
  settings.assets = {"a/b"};
  Watcher watcher(instance, settings);
  watcher.CollectWhole(Duration(0));
  // The second one finds something to count and to look up.
  instance.Execute(
      Store::kRuns,
      "UPDATE runs SET status = 'FAILURE', update_timestamp = timestamp "
      "'2026-03-01 00:00:10', end_time = 1772323210 WHERE run_id = 'now-1';"
      "INSERT INTO job_ticks (job_origin_id, selector_id, status, type, \"timestamp\") "
      "VALUES ('o1', 's1', 'STARTED', 'SENSOR', timestamp '2026-03-01 00:00:10')");
  watcher.CollectWhole(std::chrono::minutes(1));
  watcher.CollectWhole(std::chrono::minutes(5));
  return watcher.tap->ran;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(plans_test, *boost::unit_test::precondition(NeedsPostgres))

BOOST_AUTO_TEST_CASE(NoStatementScansAGrowingTable) {
  Buffers at_100k;
  {
    PostgresInstance instance;
    instance.Execute(Store::kRuns, History(1, 100'000) + kPresent);
    at_100k = Explain(instance, StatementsOfCollections(instance));
  }
  PostgresInstance instance;
  instance.Execute(Store::kRuns, History(1, 1'000'000) + kPresent);
  const Buffers at_1m = Explain(instance, StatementsOfCollections(instance));
  BOOST_TEST(at_1m.size() == at_100k.size());
  for (const auto& [statement, buffers] : at_1m) {
    const std::int64_t before = at_100k.contains(statement) ? at_100k.at(statement) : 0;
    BOOST_TEST_MESSAGE(before << " buffers at 100k runs, " << buffers << " at 1M: " << statement);
    BOOST_TEST_CONTEXT(statement) {
      // Each B-tree may grow by a level, which costs a buffer a probe; nothing else.
      BOOST_TEST(buffers <= before * 2 + 20);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::dagster

// No statement of the collector may scan a table that grows. Shown on a million executions and
// tasks in a real PostgreSQL: every statement that a collection runs is explained with its
// parameters.

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/collectors/kailash/watched.h"

namespace tocsin::collectors::kailash {
namespace {

const std::set<std::string> kGrowing = {"kailash_executions", "kailash_task_queue", "kailash_dlq"};

/// What one statement may touch. The dearest looks up a thousand open executions by their ids.
constexpr std::int64_t kMostBuffers = 10'000;

/// `rows` rows of each table that grows, all of the time before the watchers begin, more dead ones
/// among them than are counted; and what does not grow: open executions and tasks.
std::string History(std::int64_t rows) {
  return fmt::format(
      "SET synchronous_commit = off;"
      "INSERT INTO kailash_executions (run_id, workflow_id, status, error, started_at, "
      "completed_at) SELECT 'run-' || i, 'workflow_' || i % 50, "
      "CASE WHEN i % 20 = 0 THEN 'failed' ELSE 'completed' END, 'no luck', "
      "to_char(t, 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"+00:00\"'), "
      "to_char(t, 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"+00:00\"') FROM (SELECT i, "
      "timestamp '2026-11-21' - interval '7.31 s' * ({0} - i) - interval '1 min' AS t "
      "FROM generate_series(1, {0}) AS i) AS x;"
      "INSERT INTO kailash_executions (run_id, workflow_id, status, started_at) "
      "SELECT 'open-' || i, 'workflow_' || i % 50, 'pending', '2026-11-20T23:59:00+00:00' "
      "FROM generate_series(1, 1500) AS i;"
      "INSERT INTO kailash_task_queue (task_id, payload, status, created_at, updated_at) "
      "SELECT 'task-' || i, '{{}}', CASE WHEN i <= 20000 THEN 'dead_lettered' ELSE 'completed' "
      "END, 1795219200 - ({0} - i), 1795219200 - ({0} - i) FROM generate_series(1, {0}) AS i;"
      "INSERT INTO kailash_task_queue (task_id, payload, status, created_at, updated_at) "
      "SELECT 'now-' || i, '{{}}', 'pending', 1795219200, 1795219200 "
      "FROM generate_series(1, 200) AS i;"
      "INSERT INTO kailash_dlq (id, workflow_id, error, payload, created_at, status) "
      "SELECT 'dlq-' || i, 'w', 'x', '', "
      "to_char(timestamp '2026-11-21' - interval '7.31 s' * ({0} - i) - interval '1 min', "
      "'YYYY-MM-DD\"T\"HH24:MI:SS.US\"+00:00\"'), CASE WHEN i <= 20000 THEN 'permanent_failure' "
      "ELSE 'succeeded' END FROM generate_series(1, {0}) AS i;"
      "ANALYZE kailash_executions, kailash_task_queue, kailash_dlq, kailash_worker_registry;",
      rows);
}

std::string Literal(const SqlParameter& parameter) {
  if (const auto* number = std::get_if<std::int64_t>(&parameter)) return std::to_string(*number);
  if (const auto* number = std::get_if<double>(&parameter)) return FormatNumber(*number);
  const auto* const text = std::get_if<std::string>(&parameter);
  return text == nullptr ? "NULL" : "'" + dagster::Replaced(*text, "'", "''") + "'";
}

std::string WithLiterals(const Ran& ran) {
  std::string statement = ran.statement;
  for (std::size_t i = ran.parameters.size(); i > 0; --i) {
    statement =
        dagster::Replaced(statement, "$" + std::to_string(i), Literal(ran.parameters[i - 1]));
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
    const std::string text = instance.server().Execute(
        "SET search_path = kailash; EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + WithLiterals(one));
    const boost::json::value explained = boost::json::parse(text);
    const boost::json::object& plan = explained.as_array().at(0).at("Plan").as_object();
    BOOST_TEST_CONTEXT(one.statement) {
      std::set<std::string> scanned;
      FindSequentialScans(plan, scanned);
      for (const std::string& table : scanned) {
        BOOST_TEST(!kGrowing.contains(table), "scans all of " + table);
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

/// Everything that a first collection and later ones run.
std::vector<Ran> StatementsOfCollections(PostgresInstance& instance) {
  Settings settings = DatabaseSettings();
  settings.pools = {{.name = "main", .max_connections = 5, .user = "kailash_reader"}};
  Watcher watcher(instance, settings);
  watcher.CollectWhole(Duration(0));
  instance.Execute(Execution("new", "failed", watcher.Iso(), watcher.Iso(), "no luck"));
  watcher.CollectWhole(std::chrono::seconds(15));
  watcher.CollectWhole(std::chrono::minutes(6));
  return watcher.tap->ran;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(kailash_plans_test, *boost::unit_test::precondition(NeedsPostgres))

BOOST_AUTO_TEST_CASE(NoStatementScansAGrowingTable) {
  Buffers at_100k;
  {
    PostgresInstance instance;
    instance.Execute(History(100'000));
    at_100k = Explain(instance, StatementsOfCollections(instance));
  }
  PostgresInstance instance;
  instance.Execute(History(1'000'000));
  const Buffers at_1m = Explain(instance, StatementsOfCollections(instance));
  BOOST_TEST(at_1m.size() == at_100k.size());
  for (const auto& [statement, buffers] : at_1m) {
    const std::int64_t before = at_100k.contains(statement) ? at_100k.at(statement) : 0;
    BOOST_TEST_MESSAGE(before << " buffers at 100k rows, " << buffers << " at 1M: " << statement);
    BOOST_TEST_CONTEXT(statement) {
      // Each B-tree may grow by a level, which costs a buffer a probe; nothing else.
      BOOST_TEST(buffers <= before * 2 + 20);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::kailash

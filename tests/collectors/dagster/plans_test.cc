// No statement of the collector may scan a table that grows. Shown on a million runs, ticks and
// events in a real PostgreSQL: every statement that a collection runs is explained with its
// parameters.

#include <algorithm>
#include <cstddef>
#include <set>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include "collectors/dagster/contracts.h"
#include "tests/collectors/dagster/history.h"
#include "tests/collectors/dagster/instance.h"

namespace tocsin::collectors::dagster {
namespace {

const std::set<std::string> kGrowing = {"runs",
                                        "run_tags",
                                        "job_ticks",
                                        "event_logs",
                                        "bulk_actions",
                                        "asset_check_executions",
                                        "contract_violations",
                                        "contract_check_results"};

/// What one statement may touch. The dearest looks up the tags of all runs of the last six hours,
/// once a minute: 4660 runs here, with four buffers each.
constexpr std::int64_t kMostBuffers = 20'000;

/// When the watchers begin.
const std::string kEnd = "timestamp '2026-03-01'";

/// More than a page, all within the overlap of the watermark.
const std::string kManyFinish = FinishedRuns("page", 2500, "timestamp '2026-03-01 00:00:10'");

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

/// How many tags of runs the fullest of the statements that look them up by list asks for.
std::ptrdiff_t MostIdsLookedUp(const std::vector<Ran>& ran) {
  std::ptrdiff_t most = 0;
  for (const Ran& one : ran) {
    if (one.statement.find("FROM unnest($1::text[]) AS page") == std::string::npos) continue;
    const auto& ids = std::get<std::string>(one.parameters.at(0));
    most = std::max(most, std::count(ids.begin(), ids.end(), ',') + 1);
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
      kManyFinish +
          "UPDATE runs SET status = 'FAILURE', update_timestamp = timestamp "
          "'2026-03-01 00:00:10', end_time = 1772323210 WHERE run_id = 'now-1';"
          "INSERT INTO job_ticks (job_origin_id, selector_id, status, type, \"timestamp\") "
          "VALUES ('o1', 's1', 'STARTED', 'SENSOR', timestamp '2026-03-01 00:00:10')");
  watcher.CollectWhole(std::chrono::minutes(1));
  // A page is 2000 rows; some of them are of before and were only seen again.
  BOOST_TEST(MostIdsLookedUp(watcher.tap->ran) > 1900);
  watcher.CollectWhole(std::chrono::minutes(5));
  watcher.CollectWhole(std::chrono::minutes(354));  // Six hours after the first: counts again.
  return watcher.tap->ran;
}

/// Contracts that were checked every ten seconds until kEnd, and violated now and then.
std::string ContractHistory(std::int64_t checks) {
  return fmt::format(
      "SET synchronous_commit = off;"
      "INSERT INTO contract_check_results SELECT gen_random_uuid(), 'c' || i % 50, "
      "(ARRAY['freshness','quality','schema_drift','availability'])[i % 4 + 1], 'pass', 1, "
      "{0} - interval '10 s' * ({1} - i), '{{}}' FROM generate_series(1, {1}) AS i;"
      "INSERT INTO contract_violations SELECT gen_random_uuid(), 'c' || i % 50, '1', "
      "(ARRAY['freshness','quality','schema_drift'])[i % 3 + 1], "
      "(ARRAY['info','warning','error','critical'])[i % 4 + 1], 'late', NULL, NULL, NULL, "
      "{0} - interval '10 s' * ({1} - i), '[]', 1, '{{}}' FROM generate_series(1, {1}) AS i;"
      "ANALYZE contract_check_results; ANALYZE contract_violations",
      kEnd, checks);
}

std::vector<Ran> StatementsOfContracts(PostgresInstance& instance) {
  Watcher watcher(instance, {}, {}, ContractsDatabaseKind());
  watcher.CollectWhole(Duration(0));
  instance.Execute(Store::kRuns,
                   "INSERT INTO contract_violations SELECT gen_random_uuid(), 'c', '1', 'quality', "
                   "'error', 'late', NULL, NULL, NULL, timestamptz '2026-03-01 00:00:30+00', '[]', "
                   "1, '{}' FROM generate_series(1, 2500)");
  watcher.CollectWhole(std::chrono::minutes(1));
  return watcher.tap->ran;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(plans_test, *boost::unit_test::precondition(NeedsPostgres))

BOOST_AUTO_TEST_CASE(NoStatementScansAGrowingTable) {
  Buffers at_100k;
  {
    PostgresInstance instance;
    instance.Execute(Store::kRuns, History(1, 100'000, kEnd) + Present(kEnd));
    at_100k = Explain(instance, StatementsOfCollections(instance));
  }
  PostgresInstance instance;
  instance.Execute(Store::kRuns, History(1, 1'000'000, kEnd) + Present(kEnd));
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

BOOST_AUTO_TEST_CASE(NoStatementScansWhatTheContractMonitorGathers) {
  const auto explain = [](std::int64_t checks) {
    PostgresInstance instance;
    instance.Execute(Store::kRuns,
                     FixtureText("floe_monitoring.sql") +
                         "GRANT SELECT ON ALL TABLES IN SCHEMA dagster TO dagster_reader;" +
                         ContractHistory(checks));
    return Explain(instance, StatementsOfContracts(instance));
  };
  const Buffers at_20k = explain(20'000);
  const Buffers at_200k = explain(200'000);
  BOOST_TEST(at_200k.size() == at_20k.size());
  for (const auto& [statement, buffers] : at_200k) {
    const std::int64_t before = at_20k.contains(statement) ? at_20k.at(statement) : 0;
    BOOST_TEST_CONTEXT(statement) {
      BOOST_TEST(buffers <= before * 2 + 20);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::dagster

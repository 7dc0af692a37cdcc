#include "collectors/kailash/page_facts.h"

#include <functional>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/collectors/kailash/watched.h"

namespace tocsin::collectors::kailash {
namespace {

PageFacts FactsIn(const std::string& text) {
  const Result<Page> page = ParsePage(text);
  BOOST_TEST_REQUIRE(static_cast<bool>(page), (page ? "" : page.error().message));
  return FactsOf(*page);
}

const std::string kBuckets =
    "# TYPE kailash_workflow_duration_seconds histogram\n"
    "kailash_workflow_duration_seconds_bucket{le=\"0.5\",workflow_name=\"w\"} 1\n"
    "kailash_workflow_duration_seconds_bucket{le=\"10.0\",workflow_name=\"w\"} 3\n"
    "kailash_workflow_duration_seconds_bucket{le=\"+Inf\",workflow_name=\"w\"} 4\n"
    "kailash_workflow_duration_seconds_count{workflow_name=\"w\"} 4\n"
    "kailash_workflow_duration_seconds_sum{workflow_name=\"w\"} 30\n";

}  // namespace

BOOST_AUTO_TEST_SUITE(page_facts_test)

BOOST_AUTO_TEST_CASE(ReadsThePageThatPrometheusRefuses) {
  const std::string text = FixtureText("page.txt");
  BOOST_TEST_REQUIRE(text.find("# TYPE kailash_performance_response_time timer\n") !=
                     std::string::npos);
  const PageFacts facts = FactsIn(text);

  BOOST_TEST_REQUIRE(facts.workflows.size() == 2U);
  BOOST_TEST(facts.workflows.at("orders").succeeded == 1);
  BOOST_TEST(facts.workflows.at("orders").failed == 0);
  BOOST_TEST(facts.workflows.at("broken").failed == 1);
  const PageHistogram::Series& orders = facts.durations.series.at("orders");
  BOOST_TEST(facts.durations.bounds.size() == 16U);
  BOOST_TEST(orders.counts.size() == 17U);
  BOOST_TEST(orders.counts[2] == 1U);  // 0.021 s.
  BOOST_TEST(orders.sum == 0.021115779876708984);

  // Two of the producers name the pool, each in its own spelling: it is one pool.
  BOOST_TEST_REQUIRE(facts.pools.size() == 1U);
  const PoolReport& pool = facts.pools.at("main_db");
  BOOST_TEST(pool.active.value() == 3);
  BOOST_TEST(pool.idle.value() == 2);
  BOOST_TEST(pool.exhaustions.value() == 2);
  BOOST_TEST(facts.node_errors.empty());
  BOOST_TEST(!facts.connection_timeouts);
}

BOOST_AUTO_TEST_CASE(ANodeThatIsOkHasNoErrors) {
  const std::string name = "kailash_node_execution_duration_seconds";
  const PageFacts facts = FactsIn("# TYPE " + name + " histogram\n" +  //
                                  name + "_bucket{node_id=\"a\",status=\"ok\",le=\"+Inf\"} 5\n" +
                                  name + "_count{node_id=\"a\",status=\"ok\"} 5\n" + name +
                                  "_sum{node_id=\"a\",status=\"ok\"} 1\n" + name +
                                  "_bucket{node_id=\"b\",status=\"error\",le=\"+Inf\"} 2\n" + name +
                                  "_count{node_id=\"b\",status=\"error\"} 2\n" + name +
                                  "_sum{node_id=\"b\",status=\"error\"} 1\n" + name +
                                  "_count{node_id=\"b\",status=\"ok\"} 7\n");
  BOOST_TEST(facts.node_errors.at("a") == 0);
  BOOST_TEST(facts.node_errors.at("b") == 2);
}

BOOST_AUTO_TEST_CASE(TimeoutsAreAddedUpOverPools) {
  const PageFacts facts = FactsIn(
      "# TYPE asyncsql_lock_acquisitions_total counter\n"
      "asyncsql_lock_acquisitions_total{pool_key=\"a|x\",status=\"timeout\"} 2\n"
      "asyncsql_lock_acquisitions_total{pool_key=\"b|y\",status=\"timeout\"} 3\n"
      "asyncsql_lock_acquisitions_total{pool_key=\"a|x\",status=\"success\"} 100\n");
  BOOST_TEST(facts.connection_timeouts.value() == 5);
}

BOOST_AUTO_TEST_CASE(SeriesThatDifferInOtherLabelsAreAddedUp) {
  std::string more = kBuckets;
  for (std::size_t at = more.find("workflow_name"); at != std::string::npos;
       at = more.find("workflow_name", at + 40)) {
    more.insert(at, "otel_scope_name=\"two\",");
  }
  const PageFacts facts = FactsIn(kBuckets + more);
  const PageHistogram::Series& series = facts.durations.series.at("w");
  BOOST_TEST(series.counts == (std::vector<std::uint64_t>{2, 4, 2}));
  BOOST_TEST(series.sum == 60);
}

BOOST_AUTO_TEST_CASE(WhatIsNoHistogramIsLeftOut) {
  const struct {
    std::string what;
    std::string from;
    std::string to;
    bool is_kept;
  } rows[] = {
      {"whole", "", "", true},
      {"buckets that fall", "} 3\n", "} 0.5\n", false},
      {"more than there are", "} 3\n", "} 5\n", false},
      {"not a number", "} 3\n", "} NaN\n", false},
      {"negative", "} 1\n", "} -1\n", false},
      {"a bound that is none", "le=\"10.0\"", "le=\"ten\"", false},
      {"a bound below all", "le=\"0.5\"", "le=\"-Inf\"", false},
      {"a bound that is no number", "le=\"0.5\"", "le=\"NaN\"", false},
      {"a sum that is infinite", "} 30\n", "} +Inf\n", false},
      {"beyond what a double counts", "le=\"+Inf\",workflow_name=\"w\"} 4\n",
       "le=\"+Inf\",workflow_name=\"w\"} 1e300\n", false},
      {"no workflow", "workflow_name=\"w\"", "workflow_name=\"\"", false},
  };
  for (const auto& row : rows) {
    BOOST_TEST_CONTEXT(row.what) {
      const std::string text =
          row.from.empty() ? kBuckets : dagster::Replaced(kBuckets, row.from, row.to);
      BOOST_TEST(FactsIn(text).durations.series.contains("w") == row.is_kept);
    }
  }
}

BOOST_AUTO_TEST_CASE(SamplesThatMakeNoSenseCostThemselvesOnly) {
  const PageFacts facts = FactsIn(
      "kailash_workflow_executions_total{success=\"true\",workflow_name=\"a\"} 5\n"
      "kailash_workflow_executions_total{success=\"maybe\",workflow_name=\"a\"} 7\n"
      "kailash_workflow_executions_total{success=\"true\"} 7\n"
      "kailash_workflow_executions_total{success=\"false\",workflow_name=\"a\"} NaN\n"
      "kailash_workflow_executions_total{success=\"false\",workflow_name=\"a} 1\n"
      "kailash_connection_active_connections{pool=\"p\"} -3\n"
      "kailash_connection_active_connections 4\n");
  BOOST_TEST(facts.workflows.size() == 1U);
  BOOST_TEST(facts.workflows.at("a").succeeded == 5);
  BOOST_TEST(facts.workflows.at("a").failed == 0);
  BOOST_TEST(facts.pools.empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::kailash

#include "collectors/postgres/topics.h"

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "collectors/postgres/collector.h"

namespace tocsin::collectors::postgres {
namespace {

std::string StatementOf(std::string_view name, const Server& server) {
  for (const Topic& topic : Topics()) {
    if (topic.name == name) return topic.statement(server);
  }
  BOOST_TEST_REQUIRE(false, "no topic " + std::string(name));
  return {};
}

bool Has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(postgres_topics_test)

BOOST_AUTO_TEST_CASE(EveryMetricHasOneNameAndAHelp) {
  std::set<std::string_view> names;
  for (const MetricDesc& metric : Metrics()) {
    BOOST_TEST(names.insert(metric.name).second, metric.name);
    BOOST_TEST(IsMetricName(metric.name));
    BOOST_TEST(!metric.help.empty());
    BOOST_TEST((metric.type != MetricType::kCounter || metric.name.ends_with("_total")));
  }
}

BOOST_AUTO_TEST_CASE(ExtensionVersionsCompare) {
  const std::vector<std::pair<std::string, int>> table = {
      {"1.8", 1008}, {"1.10", 1010}, {"2.0", 2000}, {"", 0}, {"1", 0}, {"1.x", 0}, {"x.1", 0},
  };
  for (const auto& [text, expected] : table) BOOST_TEST(ExtensionVersion(text) == expected, text);
}

// Source: PostgreSQL's documentation of each version, "The Cumulative Statistics System", and the
// release notes of version 17.
BOOST_AUTO_TEST_CASE(TheCheckpointerHasItsOwnViewFromVersion17On) {
  for (const int version : {120022, 130018, 140015, 150020, 160006}) {
    BOOST_TEST(StatementOf("bgwriter", {.version = version}) == "SELECT * FROM pg_stat_bgwriter");
  }
  BOOST_TEST(StatementOf("bgwriter", {.version = 170002}) ==
             "SELECT * FROM pg_stat_bgwriter, pg_stat_checkpointer");
}

// Source: contrib/pg_stat_statements/pg_stat_statements--*.sql: 1.7 is of version 12, 1.8 of 13,
// 1.9 of 14, 1.10 of 15 and 16, 1.11 of 17. An upgraded server may still have an old one.
BOOST_AUTO_TEST_CASE(ColumnsOfStatementsFollowTheExtension) {
  struct Row {
    int extension;
    std::string_view total;
    std::string_view blocks;
  };
  for (const Row& row : {Row{1007, "sum(s.total_time)", "sum(s.blk_read_time)"},
                         Row{1008, "sum(s.total_exec_time)", "sum(s.blk_read_time)"},
                         Row{1010, "sum(s.total_exec_time)", "sum(s.blk_write_time)"},
                         Row{1011, "sum(s.total_exec_time)", "sum(s.shared_blk_write_time)"}}) {
    const std::string text = StatementOf("statements", {.version = 150020,
                                                        .statements_version = row.extension,
                                                        .statements_schema = "a\"b",
                                                        .top_statements = 7});
    BOOST_TEST_CONTEXT(text) {
      BOOST_TEST(Has(text, row.total));
      BOOST_TEST(Has(text, row.blocks));
      BOOST_TEST(Has(text, "\"a\"\"b\".pg_stat_statements(false)"));
      BOOST_TEST(text.ends_with("LIMIT 7"));
    }
  }
  BOOST_TEST(StatementOf("statements", {.version = 150020}) == "");
  BOOST_TEST(StatementOf("statements",
                         {.version = 150020, .statements_version = 1010, .top_statements = 0}) ==
             "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::postgres

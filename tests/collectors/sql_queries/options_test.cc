#include "collectors/sql_queries/options.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "base/yaml.h"

namespace tocsin::collectors::sql_queries {
namespace {

struct Read {
  std::shared_ptr<const Settings> settings;
  std::string mistakes;
};

Read ReadFrom(const std::string& yaml) {
  Diagnostics diagnostics("f.yaml");
  const std::optional<YamlNode> node = ParseYaml(yaml, diagnostics);
  BOOST_TEST_REQUIRE(node.has_value(), diagnostics.Text());
  Read read;
  {
    YamlMap map(*node, diagnostics);
    map.StringOr("labels", "");
    read.settings = ReadSettings(map);
  }
  read.mistakes = diagnostics.Text();
  return read;
}

/// A configuration with one query: `query` is added to its keys, `metric` to those of its metric.
std::string OneQuery(const std::string& query, const std::string& metric,
                     const std::string& type = "gauge") {
  return "sqlite: {path: /x.db}\n"
         "queries:\n"
         "  - {name: q, query: SELECT 1 WHERE 1 > $1" +
         query + ",\n     metrics: [{name: " + (type == "counter" ? "m_total" : "m") +
         ", type: " + type + metric + "}]}\n";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sql_queries_options_test)

BOOST_AUTO_TEST_CASE(AllKeysAreRead) {
  const Read read = ReadFrom(
      "sqlite: {path: data/x.db}\n"
      "queries:\n"
      "  - name: orders\n"
      "    query: |\n"
      "      SELECT id, region, price FROM orders -- all\n"
      "      WHERE id > $1;\n"
      "    interval: 5m\n"
      "    timeout: 3s\n"
      "    max_rows: 50\n"
      "    watermark: id\n"
      "    watermark_start: 7\n"
      "    watermark_start_query: SELECT max(id) FROM orders\n"
      "    watermark_id: id\n"
      "    watermark_overlap: 2m\n"
      "    metrics:\n"
      "      - {name: shop_orders_total, type: counter, labels: [region], static_labels: {a: b}}\n"
      "      - {name: shop_price, type: histogram, help: Prices., value: price, bounds: [1, "
      "2.5]}\n");
  BOOST_TEST_REQUIRE(read.mistakes.empty(), read.mistakes);
  BOOST_TEST(read.settings->source.sqlite->string() == "data/x.db");
  const QueryOptions& query = read.settings->queries.at(0);
  BOOST_TEST(query.name == "orders");
  BOOST_TEST(query.text == "SELECT id, region, price FROM orders -- all\nWHERE id > $1");
  BOOST_TEST((query.place == YamlPlace{4, 12}));
  BOOST_TEST((query.interval == std::chrono::minutes(5)));
  BOOST_TEST((query.timeout == std::chrono::seconds(3)));
  BOOST_TEST(query.max_rows == 50U);
  BOOST_TEST(query.watermark->column == "id");
  BOOST_TEST(query.watermark->start == "7");
  BOOST_TEST(query.watermark->start_query == "SELECT max(id) FROM orders");
  BOOST_TEST(query.watermark->id == "id");
  BOOST_TEST((query.watermark->overlap == std::chrono::minutes(2)));
  BOOST_TEST(StatementOf(query) ==
             "SELECT * FROM (SELECT id, region, price FROM orders -- all\nWHERE id > $1\n) AS "
             "tocsin_rows ORDER BY \"id\" LIMIT 51");
  const MetricDesc& total = query.metrics.at(0)->desc();
  BOOST_TEST(total.name == "shop_orders_total");
  BOOST_TEST((total.type == MetricType::kCounter));
  BOOST_TEST(total.help == "Rows of the query orders.");
  BOOST_TEST(total.labels.size() == 2U);
  BOOST_TEST(total.labels[0] == "region");
  BOOST_TEST(total.labels[1] == "a");
  const MetricDesc& price = query.metrics.at(1)->desc();
  BOOST_TEST(price.help == "Prices.");
  BOOST_TEST(price.bounds.size() == 2U);
  BOOST_TEST(price.bounds[1] == 2.5);
}

BOOST_AUTO_TEST_CASE(DefaultsAreThoseOfTheTable) {
  const Read read = ReadFrom(OneQuery("", ", value: a"));
  BOOST_TEST_REQUIRE(read.mistakes.empty(), read.mistakes);
  const QueryOptions& query = read.settings->queries.at(0);
  BOOST_TEST((query.interval == Duration(0)));
  BOOST_TEST(!query.timeout.has_value());
  BOOST_TEST(query.max_rows == 1000U);
  BOOST_TEST(!query.watermark.has_value());
  BOOST_TEST(query.metrics.at(0)->desc().help == "Column a of the query q.");
}

BOOST_AUTO_TEST_CASE(MistakesAreToldWithTheirPlace) {
  struct Row {
    std::string yaml;
    std::string expected;
  };
  const std::string mark = ", watermark: id, watermark_start: 0";
  const std::vector<Row> table = {
      {"queries: []", "f.yaml:1:1: expected either postgres or sqlite"},
      {"{postgres: {}, sqlite: {path: x}, queries: []}", "f.yaml:1:24: expected either"},
      {"sqlite: {path: x}", "expected at least one query"},
      {"sqlite: {path: x}\nqueries: 1", "f.yaml:2:10: queries: expected a list"},
      {OneQuery(", colour: red", ", value: a"), "unknown key \"colour\""},
      {OneQuery("", ", value: a, unit: s"), "unknown key \"unit\""},
      {OneQuery("", ""), "\"value\" is required"},
      {OneQuery("", ", value: a", "summary"), "type: expected gauge, counter or histogram"},
      {OneQuery("", ", value: a", "histogram"), "\"bounds\" is required for a histogram"},
      {OneQuery("", ", value: a, bounds: [1]"), "bounds: only a histogram has bounds"},
      {OneQuery("", ", value: a, bounds: [2, 1]", "histogram"), "bounds: expected ascending"},
      {OneQuery("", ", value: a, bounds: [1, .inf]", "histogram"), "bounds: expected a finite"},
      {OneQuery("", ", value: a, labels: [job]"),
       "f.yaml:4:58: labels: \"job\" is a reserved label name"},
      {OneQuery("", ", value: a, labels: [le]"), "\"le\" is a reserved"},
      {OneQuery("", ", value: a, labels: [__x]"), "\"__x\" is not a label name"},
      {OneQuery("", ", value: a, labels: [a b]"), "\"a b\" is not a label name"},
      {OneQuery("", ", value: a, labels: [x, x]"), "labels: \"x\" is there twice"},
      {OneQuery("", ", value: a, labels: [x], static_labels: {x: y}"),
       "static_labels: \"x\" is there twice"},
      {OneQuery("", ", value: a, static_labels: {instance: y}"), "\"instance\" is a reserved"},
      {"labels: {site: x}\n" + OneQuery("", ", value: a, labels: [site]"),
       "\"site\" is among the labels of the collector"},
      {OneQuery("", ", value: a, labels: [a, b, c, d, e, f, g, h, i, j, k, l, m]"),
       "expected at most 12 labels"},
      {OneQuery("", ", value: a, help: ''"), "help: expected a text that is not empty"},
      {OneQuery(", max_rows: 0", ", value: a"), "max_rows"},
      {OneQuery(", interval: -1s", ", value: a"), "interval"},
      {OneQuery(", watermark: id", "", "counter"), "watermark: needs watermark_start"},
      {OneQuery(", watermark_start: 0", ", value: a"), "watermark_start: does nothing without"},
      {OneQuery(", watermark_id: a", ", value: a"), "watermark_id: does nothing without"},
      {OneQuery(mark + ", watermark_overlap: 1m", "", "counter"),
       "watermark_overlap: needs watermark_id"},
      {OneQuery(mark, ", value: a"), "type: a query with a watermark gives new rows only"},
      {OneQuery(mark + ", watermark_start_query: DELETE FROM x", "", "counter"),
       "watermark_start_query: expected one statement that begins with SELECT"},
  };
  for (const Row& row : table) {
    BOOST_TEST_CONTEXT(row.yaml) {
      const Read read = ReadFrom(row.yaml);
      BOOST_TEST((read.mistakes.find(row.expected) != std::string::npos), read.mistakes);
    }
  }
}

BOOST_AUTO_TEST_CASE(NamesAreCheckedAcrossQueries) {
  const auto two = [](const std::string& first, const std::string& second) {
    return ReadFrom("sqlite: {path: x}\nqueries:\n  - {name: a, query: SELECT 1, metrics: [" +
                    first + "]}\n  - {name: b, query: SELECT 1, metrics: [" + second + "]}\n")
        .mistakes;
  };
  const std::string gauge = "{name: m, type: gauge, value: v}";
  const std::string histogram = "{name: m, type: histogram, value: v, bounds: [1]}";
  BOOST_TEST(two(gauge, "{name: n, type: gauge, value: v}") == "");
  BOOST_TEST(two(gauge, gauge) == "f.yaml:4:49: name: \"m\" is taken by the metric in line 3");
  BOOST_TEST(two(histogram, "{name: m_sum, type: gauge, value: v}") ==
             "f.yaml:4:49: name: \"m_sum\" is taken by the metric in line 3");
  BOOST_TEST(two("{name: m_count, type: gauge, value: v}", histogram) ==
             "f.yaml:4:49: name: \"m_count\" is taken by the metric in line 3");
  const std::string counter = "{name: m_total, type: counter, value: v}";
  BOOST_TEST(two(gauge, counter) == "f.yaml:4:49: name: \"m\" is taken by the metric in line 3");
  BOOST_TEST(two(counter, histogram) ==
             "f.yaml:4:49: name: \"m\" is taken by the metric in line 3");
  for (const std::string name : {"tocsin_x", "up", "ALERTS", "scrape_x", "1x", "a b", "é"}) {
    BOOST_TEST(two(gauge, "{name: " + name + ", type: gauge, value: v}") != "");
  }
  BOOST_TEST(two(gauge, "{name: n, type: counter, value: v}") ==
             "f.yaml:4:49: name: the name of a counter ends in _total, as in \"n_total\"");
  BOOST_TEST(ReadFrom("sqlite: {path: x}\nqueries:\n  - {name: a, query: SELECT 1, metrics: [" +
                      gauge + "]}\n  - {name: a, query: SELECT 1, metrics: []}\n")
                 .mistakes ==
             "f.yaml:4:12: name: \"a\" is taken by the query in line 3\n"
             "f.yaml:4:41: expected at least one metric");
}

BOOST_AUTO_TEST_CASE(StatementsAreQueries) {
  struct Row {
    std::string text;
    bool is_good;
  };
  const std::vector<Row> table = {
      {"SELECT 1 AS a", true},
      {"select 1 AS a;", true},
      {"  -- all\\n /* of \\n it */ With x AS (SELECT 1) SELECT * FROM x ; ", true},
      {"(SELECT 1) UNION (SELECT 2)", true},
      {"VALUES (1)", true},
      {"TABLE x", true},
      {"SHOW max_connections", false},
      {"DELETE FROM x", false},
      {"-- SELECT", false},
      {"/* SELECT", false},
      {"SELECTED", false},
      {"", false},
  };
  for (const Row& row : table) {
    BOOST_TEST_CONTEXT(row.text) {
      const Read read = ReadFrom("sqlite: {path: x}\nqueries:\n  - {name: a, query: \"" + row.text +
                                 "\", metrics: [{name: m, type: gauge, value: v}]}\n");
      BOOST_TEST(read.mistakes.empty() == row.is_good, read.mistakes);
    }
  }
}

BOOST_AUTO_TEST_CASE(AQueryEndsBeforeTheServerGivesItUp) {
  const std::string rest =
      "queries:\n  - {name: a, timeout: 20s, query: SELECT 1, metrics: [{name: m, type: gauge, "
      "value: v}]}\n";
  BOOST_TEST(ReadFrom("postgres: {}\n" + rest).mistakes ==
             "f.yaml:3:24: timeout: expected at most postgres.statement_timeout (10s)");
  BOOST_TEST(ReadFrom("postgres: {statement_timeout: 30s}\n" + rest).mistakes == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::sql_queries

#include "collectors/sql_queries/collector.h"

#include <array>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <functional>
#include <string>
#include <system_error>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/collectors/sql/scripted_connection.h"
#include "tests/collectors/sql_queries/database.h"

namespace tocsin::collectors::sql_queries {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr const char* kItems =
    "CREATE TABLE item (id integer PRIMARY KEY, kind text, price real, at text);"
    "INSERT INTO item VALUES (1, 'a', 1.5, '2026-01-01'), (2, 'b', 2, '2026-01-02'), "
    "(3, 'a', 0.5, '2026-01-03');";

constexpr const char* kCounted =
    "  - name: items\n"
    "    query: SELECT id, kind, price FROM item WHERE id > $1\n"
    "    watermark: id\n"
    "    watermark_start: 0\n"
    "    max_rows: 3\n"
    "    metrics:\n"
    "      - {name: shop_items_total, type: counter, labels: [kind]}\n"
    "      - {name: shop_turnover_total, type: counter, value: price}\n"
    "      - {name: shop_price, type: histogram, value: price, bounds: [1, 2]}\n";

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// The only complaint of the last collection has `part` in it.
void CheckOnlyPart(const SqlWatcher& watcher, const std::string& part) {
  BOOST_TEST_REQUIRE(static_cast<bool>(watcher.status));
  BOOST_TEST_REQUIRE(watcher.parts.size() == 1U);
  BOOST_TEST(Has(watcher.parts[0], part), watcher.parts[0]);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sql_queries_collector_test)

BOOST_AUTO_TEST_CASE(RowsBecomeSeries) {
  OnEachDatabase([](TestDatabase& database) {
    database.Execute(kItems);
    SqlWatcher watcher = database.Watch(
        "  - name: by_kind\n"
        "    query: SELECT kind, count(*) AS n, sum(price) AS price FROM item GROUP BY kind;\n"
        "    metrics:\n"
        "      - {name: shop_items, type: gauge, value: n, labels: [kind], static_labels: {s: t}}\n"
        "      - {name: shop_price_by_kind, type: gauge, value: price, labels: [kind]}\n"
        "  - name: prices\n"
        "    query: SELECT price FROM item\n"
        "    metrics: [{name: shop_price, type: histogram, value: price, bounds: [1, 2]}]\n");
    Values values = watcher.CollectWhole();
    BOOST_TEST(At(values, R"(shop_items{kind="a",s="t"})") == 2);
    BOOST_TEST(At(values, R"(shop_items{kind="b",s="t"})") == 1);
    BOOST_TEST(At(values, R"(shop_price_by_kind{kind="a"})") == 2);
    BOOST_TEST(At(values, "shop_price_count") == 3);
    BOOST_TEST(At(values, "shop_price_sum") == 4);
    // What is no longer there is no longer said.
    database.Execute("DELETE FROM item WHERE kind = 'b'");
    values = watcher.CollectWhole();
    BOOST_TEST(!values.contains(R"(shop_items{kind="b",s="t"})"));
    BOOST_TEST(At(values, "shop_price_count") == 2);
    database.Execute("DELETE FROM item");
    BOOST_TEST(watcher.CollectWhole().empty());
  });
}

BOOST_AUTO_TEST_CASE(CellsAreNumbersOrNothingOrAnError) {
  struct Row {
    std::string value;
    std::optional<double> expected;
    std::string complaint;
  };
  const std::vector<Row> table = {
      {"1", 1, ""},
      {"-2.5e3", -2500, ""},
      {"NULL", std::nullopt, ""},
      {"'12'", 12, ""},
      {"'twelve'", std::nullopt, "q: m: column v: expected a number, got \"twelve\""},
      {"''", std::nullopt, "expected a number, got \"\""},
      {"'2026-01-01 00:00:00'", std::nullopt, "expected a number"},
      {"'1 2'", std::nullopt, "expected a number"},
      {"9e999", INFINITY, ""},
  };
  OnEachDatabase([&](TestDatabase& database) {
    for (const Row& row : table) {
      if (row.value == "9e999" && Has(database.Source(), "postgres")) continue;  // Out of range.
      BOOST_TEST_CONTEXT(row.value) {
        SqlWatcher watcher = database.Watch(
            "  - {name: q, query: \"SELECT 'x' AS l, " + row.value +
            " AS v UNION ALL SELECT 'y', NULL\", metrics: [{name: m, type: gauge, value: v, "
            "labels: [l]}]}\n");
        const Values values = watcher.Collect();
        BOOST_TEST(!values.contains(R"(m{l="y"})"));
        BOOST_TEST(values.contains(R"(m{l="x"})") == row.expected.has_value());
        if (row.expected) BOOST_TEST(At(values, R"(m{l="x"})") == *row.expected);
        if (row.complaint.empty()) {
          BOOST_TEST(watcher.parts.empty());
        } else {
          CheckOnlyPart(watcher, row.complaint);
        }
      }
    }
  });
}

BOOST_AUTO_TEST_CASE(AQueryThatFailsCostsItsOwnMetricsOnly) {
  struct Row {
    std::string query;
    std::string complaint;
  };
  const std::vector<Row> table = {
      {"SELECT 1 AS v FROM missing", "missing"},
      {"SELECT 1 AS w", "bad: m: the query gives no column \"v\"; it gives w"},
      {"SELECT 1 AS w WHERE 1 = 0", "the query gives no column \"v\""},
      {"SELECT 1 AS v UNION ALL SELECT 2 UNION ALL SELECT 3", "more than 2 rows (max_rows)"},
      {"SELECT 1 AS v UNION ALL SELECT 2", "two rows have the same labels"},
      {"SELECT", ""},
      {"SELECT 1 AS v; DELETE FROM item", ""},
  };
  OnEachDatabase([&](TestDatabase& database) {
    for (const Row& row : table) {
      BOOST_TEST_CONTEXT(row.query) {
        SqlWatcher watcher =
            database.Watch("  - {name: bad, query: " + row.query +
                           ", max_rows: 2, metrics: [{name: m, type: gauge, value: v}]}\n"
                           "  - {name: good, query: SELECT 7 AS v, metrics: [{name: n, type: "
                           "gauge, value: v}]}\n");
        const Values values = watcher.Collect();
        CheckOnlyPart(watcher, row.complaint);
        BOOST_TEST(At(values, "n") == 7);
      }
    }
  });
}

BOOST_AUTO_TEST_CASE(ATableThatComesAndGoes) {
  OnEachDatabase([](TestDatabase& database) {
    SqlWatcher watcher = database.Watch(
        "  - {name: q, query: SELECT count(*) AS v FROM item, metrics: [{name: m, type: gauge, "
        "value: v}]}\n");
    BOOST_TEST(watcher.Collect().empty());
    BOOST_TEST(watcher.parts.size() == 1U);
    database.Execute(kItems);
    BOOST_TEST(At(watcher.CollectWhole(), "m") == 3);
    database.Execute("DROP TABLE item");
    BOOST_TEST(watcher.Collect().empty());
    database.Execute("CREATE TABLE item (kind text, id integer)");
    BOOST_TEST(At(watcher.CollectWhole(), "m") == 0);
  });
}

BOOST_AUTO_TEST_CASE(AResultIsPublishedUntilTheNextIsDue) {
  OnEachDatabase([](TestDatabase& database) {
    database.Execute(kItems);
    SqlWatcher watcher = database.Watch(
        "  - {name: q, query: SELECT count(*) AS v FROM item, interval: 5m, metrics: [{name: m, "
        "type: gauge, value: v}]}\n");
    BOOST_TEST(At(watcher.CollectWhole(), "m") == 3);
    database.Execute("DELETE FROM item");
    BOOST_TEST(At(watcher.CollectWhole(minutes(4)), "m") == 3);
    BOOST_TEST(At(watcher.CollectWhole(minutes(1)), "m") == 0);
    // One that failed is tried again earlier, and says nothing meanwhile.
    database.Execute("DROP TABLE item");
    BOOST_TEST(watcher.Collect(minutes(5)).empty());
    BOOST_TEST(watcher.Collect(seconds(30)).empty());
    BOOST_TEST(watcher.parts.size() == 1U);
    database.Execute(kItems);
    BOOST_TEST(At(watcher.CollectWhole(seconds(30)), "m") == 3);
  });
}

BOOST_AUTO_TEST_CASE(RowsAreCountedOnce) {
  OnEachDatabase([](TestDatabase& database) {
    database.Execute(kItems);
    SqlWatcher watcher = database.Watch(kCounted);
    Values values = watcher.CollectWhole();
    BOOST_TEST(At(values, R"(shop_items_total{kind="a"})") == 2);
    BOOST_TEST(At(values, "shop_turnover_total") == 4);
    BOOST_TEST(At(values, "shop_price_count") == 3);
    // Rows that are deleted take nothing back, and more than a page are read at once.
    database.Execute("DELETE FROM item WHERE kind = 'a'");
    for (int id = 4; id < 14; ++id) {
      database.Execute("INSERT INTO item VALUES (" + std::to_string(id) + ", 'c', 1, '')");
    }
    values = watcher.CollectWhole();
    BOOST_TEST(At(values, R"(shop_items_total{kind="a"})") == 2);
    BOOST_TEST(At(values, R"(shop_items_total{kind="c"})") == 10);
    BOOST_TEST(At(values, "shop_price_sum") == 14);
    // A new process counts on.
    database.Execute("INSERT INTO item VALUES (14, 'a', 100, '')");
    watcher.Restart();
    values = watcher.CollectWhole();
    BOOST_TEST(At(values, R"(shop_items_total{kind="a"})") == 3);
    BOOST_TEST(At(values, "shop_turnover_total") == 114);
    BOOST_TEST(At(values, "shop_price_count") == 14);
    BOOST_TEST(watcher.CollectWhole() == values);
  });
}

BOOST_AUTO_TEST_CASE(CountersBeginAtZero) {
  OnEachDatabase([](TestDatabase& database) {
    database.Execute(kItems);
    SqlWatcher watcher = database.Watch(
        "  - name: items\n"
        "    query: SELECT id FROM item WHERE id > $1\n"
        "    watermark: id\n"
        "    watermark_start: 0\n"
        "    watermark_start_query: SELECT max(id) FROM item\n"
        "    metrics: [{name: shop_items_total, type: counter}]\n");
    BOOST_TEST(At(watcher.CollectWhole(), "shop_items_total") == 0);
    database.Execute("INSERT INTO item (id) VALUES (4)");
    BOOST_TEST(At(watcher.CollectWhole(), "shop_items_total") == 1);
  });
}

BOOST_AUTO_TEST_CASE(ABacklogIsReadInSeveralCollections) {
  SqliteTestDatabase database;
  database.Execute(
      "CREATE TABLE item (id integer PRIMARY KEY, kind text, price real); WITH RECURSIVE n(i) AS "
      "(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100) INSERT INTO item SELECT i, 'a', 1 "
      "FROM n");
  SqlWatcher watcher = database.Watch(kCounted);
  BOOST_TEST(At(watcher.CollectWhole(), "shop_turnover_total") == 15);  // Five pages of three.
  for (int i = 0; i < 6; ++i) watcher.CollectWhole(Duration(1));
  BOOST_TEST(At(watcher.CollectWhole(), "shop_turnover_total") == 100);
}

BOOST_AUTO_TEST_CASE(BytesThatAreNotUtf8AreReplaced) {
  SqliteTestDatabase database;
  SqlWatcher watcher = database.Watch(
      "  - {name: q, query: \"SELECT CAST(x'636166e9' AS TEXT) AS l, 1 AS v\", metrics: [{name: m, "
      "type: gauge, value: v, labels: [l]}]}\n");
  BOOST_TEST(At(watcher.CollectWhole(), "m{l=\"caf\xEF\xBF\xBD\"}") == 1);
}

BOOST_AUTO_TEST_CASE(RowsWithTheSameWatermarkStayTogether) {
  OnEachDatabase([](TestDatabase& database) {
    database.Execute(
        "CREATE TABLE item (id integer, at text);"
        "INSERT INTO item VALUES (1, '2026-01-01'), (2, '2026-01-02'), (3, '2026-01-02'), "
        "(4, '2026-01-03')");
    SqlWatcher watcher = database.Watch(
        "  - name: items\n"
        "    query: SELECT at FROM item WHERE at > $1\n"
        "    watermark: at\n"
        "    watermark_start: '2000-01-01'\n"
        "    max_rows: 2\n"
        "    metrics: [{name: shop_items_total, type: counter}]\n");
    BOOST_TEST(At(watcher.CollectWhole(), "shop_items_total") == 4);
    database.Execute(
        "INSERT INTO item VALUES (5, '2026-01-04'), (6, '2026-01-04'), "
        "(7, '2026-01-04')");
    watcher.Collect();
    CheckOnlyPart(watcher, "more than 2 rows (max_rows) with the same watermark");
  });
}

BOOST_AUTO_TEST_CASE(BadRowsAreLeftOutOfTotals) {
  SqliteTestDatabase database;
  database.Execute(
      "CREATE TABLE item (id integer PRIMARY KEY, kind text, price);"
      "INSERT INTO item VALUES (1, 'a', 1), (2, 'a', -5), (3, 'a', 'x'), (4, 'a', 9e999), "
      "(5, 'a', NULL), (6, 'a', 2)");
  SqlWatcher watcher = database.Watch(kCounted);
  Values values = watcher.Collect();
  CheckOnlyPart(watcher, "items: shop_turnover_total: column price: -5 would make a counter fall");
  BOOST_TEST(At(values, R"(shop_items_total{kind="a"})") == 6);
  BOOST_TEST(At(values, "shop_turnover_total") == 3);
  BOOST_TEST(At(values, "shop_price_sum") == -2);  // Observations may be negative.
  // They stand in nobody's way.
  database.Execute("INSERT INTO item VALUES (7, 'a', 4)");
  BOOST_TEST(At(watcher.CollectWhole(), "shop_turnover_total") == 7);
  // A watermark of nothing would.
  SqlWatcher null = database.Watch(
      "  - {name: q, query: SELECT NULL AS id WHERE 1 > $1, watermark: id, watermark_start: 0, "
      "metrics: [{name: m_total, type: counter}]}\n");
  null.Collect();
  CheckOnlyPart(null, "the watermark is NULL");
}

BOOST_AUTO_TEST_CASE(LateCommitsAreFoundByTheirIds) {
  OnEachDatabase([](TestDatabase& database) {
    database.Execute(kItems);
    SqlWatcher watcher = database.Watch(
        "  - name: items\n"
        "    query: SELECT id FROM item WHERE id > $1\n"
        "    watermark: id\n"
        "    watermark_start: 0\n"
        "    watermark_id: id\n"
        "    metrics: [{name: shop_items_total, type: counter}]\n");
    BOOST_TEST(At(watcher.CollectWhole(), "shop_items_total") == 3);
    database.Execute("INSERT INTO item (id) VALUES (10)");
    BOOST_TEST(At(watcher.CollectWhole(), "shop_items_total") == 4);
    database.Execute("INSERT INTO item (id) VALUES (7)");
    watcher.Restart();
    BOOST_TEST(At(watcher.CollectWhole(), "shop_items_total") == 5);
    BOOST_TEST(At(watcher.CollectWhole(minutes(10)), "shop_items_total") == 5);
    BOOST_TEST(At(watcher.CollectWhole(minutes(10)), "shop_items_total") == 5);
  });
}

BOOST_AUTO_TEST_CASE(TheOrderIsTheDatabases) {
  SqliteTestDatabase database;
  database.Execute("CREATE TABLE item (name text COLLATE NOCASE); INSERT INTO item VALUES ('b')");
  SqlWatcher watcher = database.Watch(
      "  - name: items\n"
      "    query: SELECT name FROM item WHERE name > $1\n"
      "    watermark: name\n"
      "    watermark_start: a\n"
      "    max_rows: 1\n"
      "    metrics: [{name: shop_items_total, type: counter}]\n");
  BOOST_TEST(At(watcher.CollectWhole(), "shop_items_total") == 1);
  // Byte by byte they stand before "b".
  database.Execute("INSERT INTO item VALUES ('C'), ('D')");
  BOOST_TEST(At(watcher.CollectWhole(), "shop_items_total") == 3);
  BOOST_TEST(At(watcher.CollectWhole(), "shop_items_total") == 3);
  watcher.Restart();
  BOOST_TEST(At(watcher.CollectWhole(), "shop_items_total") == 3);
}

BOOST_AUTO_TEST_CASE(AnOrderThatIsNotUnderstoodEndsTheCountingWithAnOverlap) {
  SqliteTestDatabase database;
  // Each row stands before the first byte by byte, and after it for the database.
  database.Execute(
      "CREATE TABLE item (name text COLLATE NOCASE); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
      "SELECT i + 1 FROM n WHERE i < 100001) INSERT INTO item SELECT 'B' || i FROM n");
  SqlWatcher watcher = database.Watch(
      "  - name: items\n"
      "    query: SELECT name FROM item WHERE name > $1\n"
      "    watermark: name\n"
      "    watermark_start: a\n"
      "    watermark_id: name\n"
      "    max_rows: 100000\n"
      "    metrics: [{name: shop_items_total, type: counter}]\n");
  BOOST_TEST(At(watcher.CollectWhole(), "shop_items_total") == 100001);
  for (int i = 0; i < 2; ++i) {
    watcher.Collect();
    CheckOnlyPart(watcher, "items: column \"name\": the watermark stands still");
  }
}

BOOST_AUTO_TEST_CASE(SeriesOfTotalsAreCapped) {
  SqliteTestDatabase database;
  database.Execute(
      "CREATE TABLE item (id integer PRIMARY KEY, kind text, price real); WITH RECURSIVE n(i) AS "
      "(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10) INSERT INTO item SELECT i, 'k' || i, "
      "1 FROM n");
  SqlWatcher watcher(
      Configured(Configure, "max_series: 4\n" + database.Source() + "\nqueries:\n" + kCounted),
      database.state_file());
  const Values values = watcher.CollectWhole();
  BOOST_TEST(At(values, R"(shop_items_total{kind="k3"})") == 1);
  BOOST_TEST(At(values, R"(shop_items_total{kind="__other__"})") == 7);
}

BOOST_AUTO_TEST_CASE(StateIsThatOfOneDatabaseAndOneWatermark) {
  SqliteTestDatabase database;
  database.Execute(kItems);
  const auto total = [&](SqlWatcher watcher) {
    return At(watcher.CollectWhole(), "shop_turnover_total");
  };
  BOOST_TEST(total(database.Watch(kCounted)) == 4);
  database.Execute("DELETE FROM item");
  BOOST_TEST(total(database.Watch(kCounted)) == 4);
  const std::filesystem::path other = database.folder() / "y.db";
  std::filesystem::copy_file(database.folder() / "x.db", other);
  BOOST_TEST(total(SqlWatcher(Configured(Configure, "sqlite: {path: " + other.string() +
                                                        "}\nqueries:\n" + kCounted),
                              database.state_file())) == 0);
  BOOST_TEST(total(database.Watch(kCounted)) == 4);
  std::string by_price = kCounted;
  by_price.replace(by_price.find("watermark: id"), 13, "watermark: price");
  BOOST_TEST(total(database.Watch(by_price)) == 0);
}

BOOST_AUTO_TEST_CASE(WhileStateCannotBeReadNothingIsCounted) {
  SqliteTestDatabase database;
  database.Execute(kItems);
  std::filesystem::create_directory(database.state_file());  // Cannot be read as a file.
  SqlWatcher watcher = database.Watch(std::string(kCounted) +
                                      "  - {name: q, query: SELECT 1 AS v, metrics: [{name: m, "
                                      "type: gauge, value: v}]}\n");
  Values values = watcher.Collect();
  CheckOnlyPart(watcher, "state: ");
  BOOST_TEST(values.size() == 1U);
  BOOST_TEST(At(values, "m") == 1);
  std::filesystem::remove(database.state_file());
  BOOST_TEST(At(watcher.CollectWhole(), "shop_turnover_total") == 4);
}

BOOST_AUTO_TEST_CASE(ADatabaseThatIsGoneFailsTheCollection) {
  SqliteTestDatabase database;
  SqlWatcher watcher = database.Watch(
      "  - {name: q, query: SELECT 1 AS v, interval: 1h, metrics: [{name: m, type: gauge, "
      "value: v}]}\n");
  watcher.CollectWhole();
  std::filesystem::rename(database.folder() / "x.db", database.folder() / "gone.db");
  watcher.Collect();  // Nothing is due, and it shows all the same.
  BOOST_TEST_REQUIRE(!watcher.status);
  BOOST_TEST((watcher.status.error().code == ErrorCode::kUnavailable));
  std::filesystem::rename(database.folder() / "gone.db", database.folder() / "x.db");
  BOOST_TEST(At(watcher.CollectWhole(), "m") == 1);
}

BOOST_AUTO_TEST_CASE(TheDeadlineEndsTheCollection) {
  SqliteTestDatabase database;
  const std::string endless =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) AS v FROM n";
  const std::string good =
      "  - {name: good, query: SELECT 1 AS v, metrics: [{name: n, type: gauge, value: v}]}\n";
  const auto query = [&](const std::string& timeout) {
    return "  - {name: slow, query: \"" + endless + "\"" + timeout +
           ", metrics: [{name: m, type: gauge, value: v}]}\n" + good;
  };
  SqlWatcher own = database.Watch(query(", timeout: 50ms"));
  BOOST_TEST(At(own.Collect(), "n") == 1);
  BOOST_TEST(own.parts.size() == 1U);
  SqlWatcher whole = database.Watch(query(""));
  whole.time_allowed = std::chrono::milliseconds(50);
  whole.Collect();
  BOOST_TEST_REQUIRE(!whole.status);
  BOOST_TEST((whole.status.error().code == ErrorCode::kTimeout));
  BOOST_TEST(Has(whole.status.error().message, "slow"));
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

/// Buffers that the statement of a watermark query touches at the end of a table of `rows`.
std::int64_t BuffersAtTheEnd(PostgresTestDatabase& database, int rows) {
  const std::string last = std::to_string(rows - 10);
  database.Execute(
      "DROP TABLE IF EXISTS big; CREATE TABLE big (id int PRIMARY KEY, kind int); INSERT INTO big "
      "SELECT g, g % 7 FROM generate_series(1, " +
      std::to_string(rows) + ") AS g");
  database.server().Execute("VACUUM ANALYZE shop.big");
  QueryOptions query;
  query.text = "SELECT id, kind FROM big WHERE id > " + last;
  query.watermark = WatermarkOptions{.column = "id"};
  const std::string plan = database.server().Execute(
      "SET search_path = shop; EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + StatementOf(query));
  const boost::json::value parsed = boost::json::parse(plan);
  const boost::json::object& top = parsed.as_array().at(0).at("Plan").as_object();
  return top.at("Shared Hit Blocks").as_int64() + top.at("Shared Read Blocks").as_int64();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sql_queries_postgres_test, *boost::unit_test::precondition(NeedsPostgres))

BOOST_AUTO_TEST_CASE(CellsOfPostgresql) {
  struct Row {
    std::string value;
    std::optional<double> expected;
  };
  const std::vector<Row> table = {
      {"true", 1},
      {"false", 0},
      {"12.50::numeric", 12.5},
      {"'Infinity'::float8", INFINITY},
      {"interval '1 h'", std::nullopt},
      {"now()", std::nullopt},
  };
  PostgresTestDatabase database;
  for (const Row& row : table) {
    BOOST_TEST_CONTEXT(row.value) {
      SqlWatcher watcher =
          database.Watch("  - {name: q, query: \"SELECT " + row.value +
                         " AS v\", metrics: [{name: m, type: gauge, value: v}]}\n");
      const Values values = watcher.Collect();
      BOOST_TEST(values.contains("m") == row.expected.has_value());
      BOOST_TEST(watcher.parts.empty() == row.expected.has_value());
      if (row.expected) BOOST_TEST(At(values, "m") == *row.expected);
    }
  }
  SqlWatcher watcher = database.Watch(
      "  - {name: q, query: \"SELECT 'NaN'::float8 AS v\", metrics: [{name: m, type: gauge, "
      "value: v}]}\n");
  BOOST_TEST(std::isnan(At(watcher.CollectWhole(), "m")));
}

BOOST_AUTO_TEST_CASE(TimesServeAsWatermarks) {
  struct Row {
    std::string type;
    std::string start;
    std::array<std::string, 3> values;
  };
  const std::array<std::string, 3> times = {"'2026-01-01 00:00:00'", "'2026-01-01 00:00:00.5'",
                                            "'2026-01-01 00:00:00.45'"};
  const std::vector<Row> table = {
      {"timestamp", "'2000-01-01'", times},
      {"timestamptz", "'2000-01-01'", times},
      {"uuid",
       "'00000000-0000-0000-0000-000000000000'",
       {"'018f0000-0000-7000-8000-000000000001'", "'018f0000-0000-7000-8000-00000000000b'",
        "'018f0000-0000-7000-8000-00000000000a'"}},
      {"numeric(40, 3)",
       "'0'",
       {"12345678901234567890.001", "12345678901234567890.003", "12345678901234567890.002"}},
      // The order is the database's own: that of the bytes would be another.
      {"pg_lsn", "'0/0'", {"'F/0'", "'10/5'", "'10/4'"}},
      {"int[]", "'{0}'", {"'{1,9}'", "'{1,11}'", "'{1,10}'"}},
  };
  PostgresTestDatabase database;
  for (const auto& [type, start, values] : table) {
    BOOST_TEST_CONTEXT(type) {
      database.Execute("DROP TABLE IF EXISTS item; CREATE TABLE item (at " + type + ")");
      std::filesystem::remove(database.state_file());
      SqlWatcher watcher = database.Watch(
          "  - {name: q, query: SELECT at FROM item WHERE at > $1, watermark: at, "
          "watermark_start: " +
          start + ", metrics: [{name: m_total, type: counter}]}\n");
      for (std::size_t i = 0; i < 2; ++i) {
        database.Execute("INSERT INTO item VALUES (" + values.at(i) + ")");
        BOOST_TEST(At(watcher.CollectWhole(), "m_total") == static_cast<double>(i + 1));
        BOOST_TEST(At(watcher.CollectWhole(), "m_total") == static_cast<double>(i + 1));
      }
      watcher.Restart();
      database.Execute("INSERT INTO item VALUES (" + values[2] + ")");  // Before the watermark.
      BOOST_TEST(At(watcher.CollectWhole(), "m_total") == 2);
    }
  }
}

// The server does not hand them out to a session in UTF-8.
BOOST_AUTO_TEST_CASE(BytesThatAreNotUtf8CostTheQuery) {
  PostgresTestDatabase database;
  PostgresServer& server = database.server();
  server.Execute("DROP DATABASE IF EXISTS bytes");
  server.Execute(
      "CREATE DATABASE bytes TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'");
  SqlWatcher watcher(Configured(
      Configure,
      "postgres: " + PostgresYaml(server, "shop_reader", "reader", "bytes") +
          "\nqueries:\n  - {name: bad, query: \"SELECT E'caf\\\\351' AS l, 1 AS v\", metrics: "
          "[{name: m, type: gauge, value: v, labels: [l]}]}\n"
          "  - {name: good, query: SELECT 1 AS v, metrics: [{name: n, type: gauge, value: v}]}\n"));
  BOOST_TEST(At(watcher.Collect(), "n") == 1);
  CheckOnlyPart(watcher, "bad: invalid byte sequence for encoding \"UTF8\"");
}

BOOST_AUTO_TEST_CASE(RightsAndTimesThatAreRefusedCostTheQuery) {
  PostgresTestDatabase database;
  database.Execute("CREATE TABLE item (id int); REVOKE SELECT ON item FROM shop_reader");
  SqlWatcher watcher = database.Watch(
      "  - {name: denied, query: SELECT id FROM item, metrics: [{name: a, type: gauge, value: "
      "id}]}\n"
      "  - {name: slow, query: \"SELECT pg_sleep(60)::text AS s, 1 AS v\", timeout: 50ms, metrics: "
      "[{name: b, type: gauge, value: v}]}\n"
      "  - {name: million, query: \"SELECT g AS v FROM generate_series(1, 1000000) AS g\", "
      "metrics: [{name: c, type: gauge, value: v}]}\n"
      "  - {name: good, query: SELECT 1 AS v, metrics: [{name: d, type: gauge, value: v}]}\n");
  const Values values = watcher.Collect();
  BOOST_TEST(values.size() == 1U);
  BOOST_TEST(At(values, "d") == 1);
  BOOST_TEST_REQUIRE(watcher.parts.size() == 3U);
  BOOST_TEST(Has(watcher.parts[0], "denied: permission denied"), watcher.parts[0]);
  BOOST_TEST(Has(watcher.parts[1], "slow: no answer in time"), watcher.parts[1]);
  BOOST_TEST(watcher.parts[2] == "million: more than 1000 rows (max_rows)");
  BOOST_TEST(database.server().Await(
      "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tocsin' AND state <> 'idle'",
      "0"));
}

BOOST_AUTO_TEST_CASE(ARestartedServerIsReadAgain) {
  PostgresTestDatabase database;
  database.Execute(kItems);
  SqlWatcher watcher = database.Watch(kCounted);
  BOOST_TEST(At(watcher.CollectWhole(), "shop_turnover_total") == 4);
  database.server().Stop();
  watcher.Collect();
  BOOST_TEST_REQUIRE(!watcher.status);
  BOOST_TEST((watcher.status.error().code == ErrorCode::kUnavailable));
  database.server().Start();
  database.Execute("INSERT INTO item VALUES (4, 'a', 1, '')");
  BOOST_TEST(At(watcher.CollectWhole(), "shop_turnover_total") == 5);
  database.server().Pause();
  watcher.time_allowed = std::chrono::milliseconds(200);
  watcher.Collect();
  const Status paused = watcher.status;
  database.server().Resume();
  BOOST_TEST_REQUIRE(!paused);
  BOOST_TEST((paused.error().code == ErrorCode::kTimeout));
  watcher.time_allowed = seconds(60);
  BOOST_TEST(At(watcher.CollectWhole(), "shop_turnover_total") == 5);
}

BOOST_AUTO_TEST_CASE(CheckFindsWhatTheDatabaseRefuses) {
  PostgresTestDatabase database;
  database.Execute(kItems);
  database.Execute(
      "CREATE TABLE big (id int PRIMARY KEY, kind int); INSERT INTO big SELECT g, g % 7 FROM "
      "generate_series(1, 150000) AS g; ANALYZE big;"
      "CREATE TABLE wide (id int PRIMARY KEY, note text); INSERT INTO wide SELECT g, repeat('x', "
      "200) FROM generate_series(1, 150000) AS g");
  database.server().Execute("VACUUM ANALYZE shop.wide");  // An index suffices only after it.
  const auto check = [&](const std::string& query) {
    SqlWatcher watcher = database.Watch("  - {name: q, query: " + query + "}\n");
    std::string text;
    for (const Finding& finding : watcher.Check()) {
      BOOST_TEST(finding.place.has_value());
      text += (finding.kind == Finding::Kind::kWarning ? "warning " : "") + finding.message;
    }
    return text;
  };
  const std::string gauge = ", metrics: [{name: m, type: gauge, value: v}]";
  BOOST_TEST(check("SELECT count(*) AS v FROM item" + gauge) == "");
  BOOST_TEST(Has(check("SELECT 1 AS v FROM missing" + gauge), "missing"));
  BOOST_TEST(Has(check("SELECT 1 AS w" + gauge), "the query gives no column \"v\"; it gives w"));
  BOOST_TEST(Has(check("SELECT count(*) AS v FROM big WHERE kind = 3" + gauge),
                 "warning query \"q\": reads all of shop.big (about 150000 rows)"));
  const std::string all = "warning query \"q\": reads all of shop.wide (about 150000 rows)";
  BOOST_TEST(Has(check("SELECT count(*) AS v FROM wide" + gauge), all));
  BOOST_TEST(Has(check("SELECT id AS v FROM wide WHERE id % 1000 = 7 ORDER BY id" + gauge), all));
  for (const std::string few :
       {"SELECT max(id) AS v FROM wide", "SELECT id AS v FROM wide ORDER BY id DESC LIMIT 3",
        "SELECT count(*) AS v FROM wide WHERE id < 7",
        "SELECT v FROM (SELECT id AS v FROM wide ORDER BY id LIMIT 3) AS w"}) {
    BOOST_TEST(check(few + gauge) == "");
  }
  const std::string counter =
      ", watermark: id, watermark_start: 149990, metrics: [{name: m_total, type: counter}]";
  BOOST_TEST(check("SELECT id FROM big WHERE id > $1" + counter) == "");
  BOOST_TEST(Has(check("SELECT kind FROM big WHERE id > $1" + counter), "\"id\""));
  BOOST_TEST(
      Has(check("SELECT id FROM big WHERE id > $1, watermark_start_query: SELECT x" + counter),
          "watermark_start_query: "));
}

BOOST_AUTO_TEST_CASE(NewRowsCostTheSameHoweverManyOldOnesThereAre) {
  PostgresTestDatabase database;
  const std::int64_t few = BuffersAtTheEnd(database, 50'000);
  const std::int64_t many = BuffersAtTheEnd(database, 500'000);
  BOOST_TEST(few < 20);
  BOOST_TEST(many <= few + 3);  // The index may have a level more.
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::sql_queries

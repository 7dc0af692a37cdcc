// What must be the same for every database, and the accessors of SqlRows.

#include "collectors/sql/connection.h"

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "base/sqlite.h"
#include "collectors/sql/postgres_connection.h"
#include "collectors/sql/sqlite_connection.h"
#include "tests/collectors/sql/attempt_for.h"
#include "tests/support/await.h"
#include "tests/support/postgres_server.h"

namespace tocsin::collectors {
namespace {

BOOST_AUTO_TEST_SUITE(connection_test)

BOOST_AUTO_TEST_CASE(CellsReadAsTextNumberOrInteger) {
  struct Row {
    SqlRows::Cell cell;
    std::string text;
    std::optional<double> number;
    std::optional<std::int64_t> integer;
  };
  const std::vector<Row> table = {
      {std::nullopt, "", std::nullopt, std::nullopt},
      {"", "", std::nullopt, std::nullopt},
      {"42", "42", 42.0, 42},
      {"-7", "-7", -7.0, -7},
      {"1.5", "1.5", 1.5, std::nullopt},
      {"1e3", "1e3", 1000.0, std::nullopt},
      {"12x", "12x", std::nullopt, std::nullopt},
      {" 1", " 1", std::nullopt, std::nullopt},
      {"9223372036854775807", "9223372036854775807", 9223372036854775807.0, INT64_MAX},
      {"9223372036854775808", "9223372036854775808", 9223372036854775808.0, std::nullopt},
  };
  for (const Row& row : table) {
    BOOST_TEST_CONTEXT("cell " << row.cell.value_or("NULL")) {
      SqlRows rows(1);
      rows.Append(row.cell);
      BOOST_TEST(rows.size() == 1);
      BOOST_TEST(rows.Text(0, 0) == row.text);
      BOOST_TEST((rows.Number(0, 0) == row.number));
      BOOST_TEST((rows.Integer(0, 0) == row.integer));
    }
  }
}

/// A statement, what is bound to it, and its only row's cells joined with '|', or the code of its
/// error.
struct Behaviour {
  std::string statement;
  std::vector<SqlParameter> parameters;
  std::string row;
  std::optional<ErrorCode> error = std::nullopt;
};

const std::vector<Behaviour> kBehaviours = {
    {"SELECT id, name, score FROM item WHERE id = $1", {std::int64_t{1}}, "1|one|1.5"},
    {"SELECT id, name, score FROM item WHERE name = $1", {std::string("two")}, "2|two|NULL"},
    {"SELECT id FROM item WHERE score > $1", {1.25}, "1"},
    {"SELECT id FROM item WHERE name = $2 AND id = $1", {std::int64_t{2}, std::string("two")}, "2"},
    {"SELECT id FROM item WHERE id = $1 AND id + 0 = $1", {std::int64_t{2}}, "2"},
    {"SELECT CASE WHEN CAST($1 AS text) IS NULL THEN 'null' END", {nullptr}, "null"},
    {"SELECT CAST($1 AS text)",
     {std::string("p@ss 'x' \" \\ \xC3\xA9 $1")},
     "p@ss 'x' \" \\ \xC3\xA9 $1"},
    {"SELECT CAST($1 AS text)", {std::string()}, ""},
    {"SELECT CAST($1 AS bigint)", {INT64_MIN}, "-9223372036854775808"},
    {"SELECT CAST($1 AS double precision)", {0.1}, "0.1"},
    {"SELECT id FROM item WHERE id > $1", {std::int64_t{99}}, ""},
    {"SELECT 1 FROM no_such_table", {}, "", ErrorCode::kNotFound},
    {"SELECT no_such_column FROM item", {}, "", ErrorCode::kNotFound},
    {"SELEC 1", {}, "", ErrorCode::kInvalidInput},
    {"INSERT INTO item VALUES (3, 'three', 3)", {}, "", ErrorCode::kInvalidInput},
    {"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i <= 200000) SELECT i "
     "FROM n",
     {},
     "",
     ErrorCode::kTooLarge},
};

constexpr const char* kSchema =
    "CREATE TABLE item (id bigint PRIMARY KEY, name text, score double precision);"
    "INSERT INTO item VALUES (1, 'one', 1.5), (2, 'two', NULL)";

std::string Joined(const SqlRows& rows) {
  std::string joined;
  for (std::size_t column = 0; !rows.empty() && column < rows.columns(); ++column) {
    joined += (column > 0 ? "|" : "") + rows.At(0, column).value_or("NULL");
  }
  return joined;
}

/// Columns have the names of the statement, with rows and without.
void CheckNames(SqlConnection& connection) {
  for (const std::string condition : {"id = 1", "id = 99"}) {
    const Result<SqlRows> rows = connection.Query(
        "SELECT id, name AS \"Full name\", score AS id FROM item WHERE " + condition, {},
        LongAttempt());
    BOOST_TEST_REQUIRE(static_cast<bool>(rows));
    const std::vector<std::string> expected = {"id", "Full name", "id"};
    BOOST_TEST(rows->names() == expected, boost::test_tools::per_element());
    BOOST_TEST((rows->Find("Full name") == 1U));
    BOOST_TEST((rows->Find("id") == 0U));
    BOOST_TEST(!rows->Find("full name").has_value());
  }
}

void CheckBehaviours(SqlConnection& connection) {
  BOOST_TEST(!connection.is_open());
  // Twice, so that prepared statements are used again, after errors too.
  for (int round = 1; round <= 2; ++round) {
    for (const Behaviour& behaviour : kBehaviours) {
      BOOST_TEST_CONTEXT("round " << round << ": " << behaviour.statement) {
        const Result<SqlRows> rows =
            connection.Query(behaviour.statement, behaviour.parameters, LongAttempt());
        BOOST_TEST(static_cast<bool>(rows) == !behaviour.error.has_value());
        if (rows) {
          BOOST_TEST(rows->size() <= 1);
          BOOST_TEST(Joined(*rows) == behaviour.row);
        } else {
          BOOST_TEST_INFO(rows.error().message);
          BOOST_TEST((rows.error().code == behaviour.error));
          BOOST_TEST(rows.error().message.find('\n') == std::string::npos);
        }
      }
    }
  }
  BOOST_TEST(connection.is_open());
  BOOST_TEST(connection.generation() == 1);
}

void CheckAttempt(SqlConnection& connection, const Attempt& attempt) {
  const auto start = std::chrono::steady_clock::now();
  const Result<SqlRows> rows = connection.Query(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM item, "
      "n",
      {}, attempt);
  BOOST_REQUIRE(!rows);
  BOOST_TEST((rows.error().code == ErrorCode::kTimeout));
  BOOST_TEST((std::chrono::steady_clock::now() - start < std::chrono::seconds(2)));
}

/// `is_running` says whether the database is at work on a statement of this connection.
void CheckLimits(SqlConnection& connection, const std::function<bool()>& is_running) {
  CheckAttempt(connection, AttemptFor(Duration(300)));
  std::stop_source stop;
  bool was_running = false;
  std::thread stopper([&] {
    was_running = AwaitThat(is_running);
    stop.request_stop();
  });
  CheckAttempt(connection, {LongAttempt().deadline, stop.get_token()});
  stopper.join();
  BOOST_TEST(was_running);
  CheckAttempt(connection, {LongAttempt().deadline, stop.get_token()});  // Stopped before it began.
  const Result<SqlRows> rows = connection.Query("SELECT 1", {}, LongAttempt());
  BOOST_REQUIRE(rows);
  BOOST_TEST(rows->Text(0, 0) == "1");
  BOOST_TEST(connection.generation() == 1);
}

BOOST_AUTO_TEST_CASE(SqliteBehavesLikeAnyOther) {
  const auto file = std::filesystem::temp_directory_path() /
                    ("tocsin-connection-test-" + std::to_string(::getpid()) + ".db");
  BOOST_REQUIRE(SqliteDatabase::Open(file, SqliteDatabase::Mode::kReadWrite)->Execute(kSchema));
  SqliteConnection connection(file);
  CheckBehaviours(connection);
  CheckNames(connection);
  // What reads the table keeps others from locking the file.
  Result<SqliteDatabase> other = SqliteDatabase::Open(file, SqliteDatabase::Mode::kReadWrite);
  BOOST_REQUIRE(other);
  CheckLimits(connection, [&] { return !other->Execute("BEGIN EXCLUSIVE; ROLLBACK"); });
  std::filesystem::remove(file);
}

BOOST_AUTO_TEST_CASE(PostgresBehavesLikeAnyOther, *boost::unit_test::precondition(NeedsPostgres)) {
  const PostgresServer& server = PostgresServer::Shared();
  server.Execute(std::string("DROP TABLE IF EXISTS item;") + kSchema);
  PostgresOptions options;
  options.host = server.socket_folder();
  options.port = server.port();
  PostgresConnection connection(options);
  CheckBehaviours(connection);
  CheckNames(connection);
  CheckLimits(connection, [&] {
    return server.Execute(
               "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tocsin' AND state "
               "= 'active' AND query LIKE 'WITH RECURSIVE%'") == "1";
  });
  BOOST_TEST(
      server.Await("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tocsin' "
                   "AND state <> 'idle'",
                   "0"));
}

BOOST_AUTO_TEST_CASE(NamesAreQuoted) {
  BOOST_TEST(SqlIdentifier("id") == "\"id\"");
  BOOST_TEST(SqlIdentifier("a\"; DROP b\"") == "\"a\"\"; DROP b\"\"\"");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::collectors

#include "collectors/sql/postgres_connection.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/collectors/sql/attempt_for.h"
#include "tests/support/postgres_server.h"

namespace tocsin::collectors {
namespace {

const std::string kHardPassword = "p@ss:w/ord%27 '\"\\#\xC3\xA9,=&?";
const std::string kOurSessions =
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tocsin'";
const std::string kOurStatements = kOurSessions + " AND state <> 'idle'";

std::string Quoted(std::string text) {
  for (std::size_t at = text.find('\''); at != std::string::npos; at = text.find('\'', at + 2)) {
    text.insert(at, 1, '\'');
  }
  return "'" + text + "'";
}

SecretSource Password(const std::string& text) {
  return SecretSource::Inline(Secret(text));
}

/// Wakes the server whatever becomes of the test.
class Paused {
 public:
  explicit Paused(PostgresServer& server) : server_(server) { server_.Pause(); }
  ~Paused() { server_.Resume(); }
  Paused(const Paused&) = delete;
  Paused& operator=(const Paused&) = delete;

 private:
  PostgresServer& server_;
};

/// A running server and, over TCP, a role "watcher" whose password is a hard one.
struct Fixture {
  Fixture() {
    server.Start();
    server.Execute(
        "DROP TABLE IF EXISTS secret, item; DROP ROLE IF EXISTS watcher; CREATE TABLE secret (id "
        "int);"
        "CREATE ROLE watcher LOGIN PASSWORD " +
        Quoted(kHardPassword));
    options.host = "127.0.0.1";
    options.port = server.port();
    options.user = "watcher";
    options.password = Password(kHardPassword);
  }

  /// No session of an earlier test is left to be counted.
  void AwaitNoSessions() const { BOOST_TEST(server.Await(kOurSessions, "0")); }

  PostgresServer& server = PostgresServer::Shared();
  PostgresOptions options;
};

Result<SqlRows> AskOne(SqlConnection& connection, const Attempt& attempt = LongAttempt()) {
  return connection.Query("SELECT 1", {}, attempt);
}

/// The message of a failure, for a check that must not fail.
std::string Why(const Result<SqlRows>& rows) {
  return rows ? "" : rows.error().message;
}

void CheckAnswers(SqlConnection& connection) {
  const Result<SqlRows> rows = AskOne(connection);
  BOOST_REQUIRE_MESSAGE(rows, Why(rows));
  BOOST_TEST(rows->Text(0, 0) == "1");
}

/// `query` fails with kTimeout, within a second of `time`.
void CheckTimesOut(Duration time, const std::function<Result<SqlRows>(const Attempt&)>& query) {
  const auto start = std::chrono::steady_clock::now();
  const Result<SqlRows> rows = query(AttemptFor(time));
  const auto took = std::chrono::steady_clock::now() - start;
  BOOST_REQUIRE(!rows);
  BOOST_TEST_INFO(rows.error().message);
  BOOST_TEST((rows.error().code == ErrorCode::kTimeout));
  BOOST_TEST((took + Duration(1) >= time));  // Deadlines have whole milliseconds.
  BOOST_TEST((took < time + std::chrono::seconds(1)));
}

BOOST_FIXTURE_TEST_SUITE(postgres_connection_test, Fixture,
                         *boost::unit_test::precondition(NeedsPostgres))

BOOST_AUTO_TEST_CASE(SessionIsReadOnlyInUtcWithTimeouts) {
  PostgresConnection connection(options);
  const std::vector<std::pair<std::string, std::string>> table = {
      {"TimeZone", "UTC"},          {"default_transaction_read_only", "on"},
      {"statement_timeout", "10s"}, {"lock_timeout", "1s"},
      {"client_encoding", "UTF8"},  {"application_name", "tocsin"},
  };
  for (const auto& [setting, value] : table) {
    BOOST_TEST_CONTEXT(setting) {
      const Result<SqlRows> rows =
          connection.Query("SELECT current_setting($1)", {{SqlParameter(setting)}}, LongAttempt());
      BOOST_REQUIRE(rows);
      BOOST_TEST(rows->Text(0, 0) == value);
    }
  }
}

BOOST_AUTO_TEST_CASE(SimpleProtocolPreparesAndSetsNothing) {
  options.protocol = PostgresProtocol::kSimple;
  PostgresConnection connection(options);
  for (int round = 0; round < 2; ++round) {
    const Result<SqlRows> rows = connection.Query(
        "SELECT current_setting('default_transaction_read_only') AS read_only, "
        "(SELECT count(*) FROM pg_prepared_statements) AS prepared",
        {}, LongAttempt());
    BOOST_REQUIRE_MESSAGE(rows, Why(rows));
    BOOST_TEST((rows->Find("prepared") == 1U));
    BOOST_TEST(rows->Text(0, 0) == "off");
    BOOST_TEST(rows->Text(0, 1) == "0");
    const Result<SqlRows> refused = connection.Query("SELEC", {}, LongAttempt());
    BOOST_REQUIRE(!refused);
    BOOST_TEST((refused.error().code == ErrorCode::kInvalidInput));
  }
  CheckTimesOut(Duration(200), [&](const Attempt& attempt) {
    return connection.Query("SELECT pg_sleep(300)", {}, attempt);
  });
  BOOST_TEST(server.Await(kOurStatements, "0"));
  CheckAnswers(connection);
}

BOOST_AUTO_TEST_CASE(ConnectionErrorsHaveTheirCodeAndTheTrueReason) {
  struct Row {
    std::string name;
    std::function<void(PostgresOptions&)> spoil;
    ErrorCode code;
    std::string reason;
  };
  const std::vector<Row> table = {
      {"wrong password", [](auto& o) { o.password = Password("letmein"); }, ErrorCode::kDenied,
       "28P01: password authentication failed for user \"watcher\""},
      {"no password", [](auto& o) { o.password = {}; }, ErrorCode::kDenied, "no password supplied"},
      {"unknown role", [](auto& o) { o.user = "nobody"; }, ErrorCode::kDenied, "\"nobody\""},
      {"no such database", [](auto& o) { o.database = "nowhere"; }, ErrorCode::kUnavailable,
       "database \"nowhere\" does not exist"},
      {"refused", [](auto& o) { o.port = 1; }, ErrorCode::kUnavailable, "Connection refused"},
      {"no such socket", [](auto& o) { o.host = "/nonexistent"; }, ErrorCode::kUnavailable,
       "No such file or directory"},
      {"unknown host", [](auto& o) { o.host = "nowhere.invalid"; }, ErrorCode::kUnavailable,
       "looking up \"nowhere.invalid\": "},
      {"no TLS", [](auto& o) { o.sslmode = "require"; }, ErrorCode::kUnavailable, "SSL"},
      {"missing password file",
       [](auto& o) { o.password = SecretSource::File("/nonexistent/password"); },
       ErrorCode::kDenied, "/nonexistent/password"},
  };
  for (const Row& row : table) {
    BOOST_TEST_CONTEXT(row.name) {
      PostgresOptions spoilt = options;
      row.spoil(spoilt);
      PostgresConnection connection(spoilt);
      const Result<SqlRows> rows = AskOne(connection);
      BOOST_REQUIRE(!rows);
      const std::string& message = rows.error().message;
      BOOST_TEST_INFO(message);
      BOOST_TEST((rows.error().code == row.code));
      BOOST_TEST(message.find(row.reason) != std::string::npos);
      BOOST_TEST(message.find_first_of("\n\t") == std::string::npos);
      BOOST_TEST(message.find("letmein") == std::string::npos);
      BOOST_TEST(!connection.is_open());
      BOOST_TEST(connection.generation() == 0);
    }
  }
}

BOOST_AUTO_TEST_CASE(StatementErrorsHaveTheirCode) {
  PostgresConnection connection(options);
  const std::vector<std::pair<std::string, ErrorCode>> table = {
      {"SELECT * FROM secret", ErrorCode::kDenied},
      {"SELECT * FROM nowhere.at_all", ErrorCode::kNotFound},
      {"SELECT no_such_function()", ErrorCode::kNotFound},
      {"SELECT 1/0", ErrorCode::kInvalidInput},
      {"COPY (SELECT 1) TO STDOUT", ErrorCode::kInvalidInput},
  };
  for (const auto& [statement, code] : table) {
    BOOST_TEST_CONTEXT(statement) {
      const Result<SqlRows> rows = connection.Query(statement, {}, LongAttempt());
      BOOST_REQUIRE(!rows);
      BOOST_TEST_INFO(rows.error().message);
      BOOST_TEST((rows.error().code == code));
      CheckAnswers(connection);
    }
  }
}

BOOST_AUTO_TEST_CASE(NamesAreLookedUpAndAllAddressesTried) {
  options.host = "localhost";  // Where IPv6 exists, the server does not listen on ::1.
  PostgresConnection connection(options);
  CheckAnswers(connection);
}

BOOST_AUTO_TEST_CASE(StatementsArePreparedOnceAndAgainAfterTheTableChanged) {
  server.Execute(
      "DROP TABLE IF EXISTS item; CREATE TABLE item AS SELECT 1 AS id;"
      "GRANT SELECT ON item TO watcher");
  PostgresConnection connection(options);
  const std::string prepared =
      "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%item'";
  for (int i = 0; i < 3; ++i)
    BOOST_TEST(connection.Query("SELECT * FROM item", {}, LongAttempt())->columns() == 1);
  BOOST_TEST(connection.Query(prepared, {}, LongAttempt())->Text(0, 0) == "1");
  server.Execute("ALTER TABLE item ADD COLUMN name text");
  const Result<SqlRows> rows = connection.Query("SELECT * FROM item", {}, LongAttempt());
  BOOST_REQUIRE_MESSAGE(rows, Why(rows));
  BOOST_TEST(rows->columns() == 2);
  // The old one is not left behind.
  BOOST_TEST(connection.Query(prepared, {}, LongAttempt())->Text(0, 0) == "1");
  BOOST_TEST(connection.generation() == 1);
}

BOOST_AUTO_TEST_CASE(StatementsThatAreNotSupportedDoNotPileUp) {
  server.Execute(
      "CREATE OR REPLACE FUNCTION unsupported() RETURNS int LANGUAGE plpgsql AS "
      "$$ BEGIN RAISE EXCEPTION 'not here' USING ERRCODE = '0A000'; END $$");
  PostgresConnection connection(options);
  for (int i = 0; i < 5; ++i) {
    const Result<SqlRows> rows = connection.Query("SELECT unsupported()", {}, LongAttempt());
    BOOST_TEST_REQUIRE(!rows);
    BOOST_TEST(rows.error().message == "not here");
  }
  const std::string prepared =
      "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%unsupported()'";
  BOOST_TEST(connection.Query(prepared, {}, LongAttempt())->Text(0, 0) == "1");
  BOOST_TEST(connection.generation() == 1);
}

BOOST_AUTO_TEST_CASE(PasswordFileIsReadAtEachConnect) {
  const std::string file = server.socket_folder() + "/password";
  const auto write = [&](const std::string& text) { std::ofstream(file) << text << '\n'; };
  write(kHardPassword);
  options.password = SecretSource::File(file);
  PostgresConnection connection(options);
  CheckAnswers(connection);
  server.Execute("ALTER ROLE watcher PASSWORD 'rotated'");
  server.Execute(
      "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
      " WHERE application_name = 'tocsin'");
  const Result<SqlRows> refused = AskOne(connection);
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == ErrorCode::kDenied));
  write("rotated");
  CheckAnswers(connection);
}

BOOST_AUTO_TEST_CASE(TerminatedSessionIsReplacedByTheNextStatement) {
  PostgresConnection connection(options);
  CheckAnswers(connection);
  BOOST_TEST(connection.generation() == 1);
  server.Execute(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
      " WHERE application_name = 'tocsin'");
  CheckAnswers(connection);
  BOOST_TEST(connection.generation() == 2);
  BOOST_TEST(server.Await(kOurSessions, "1"));
}

BOOST_AUTO_TEST_CASE(SlowStatementIsCancelledOnTheServer) {
  PostgresConnection connection(options);
  CheckAnswers(connection);
  CheckTimesOut(Duration(300), [&](const Attempt& attempt) {
    return connection.Query("SELECT pg_sleep(60)", {}, attempt);
  });
  BOOST_TEST(server.Execute(kOurStatements) == "0");
  CheckAnswers(connection);
  BOOST_TEST(connection.generation() == 1);
}

BOOST_AUTO_TEST_CASE(ServerGivesUpByItself) {
  options.statement_timeout = Duration(100);
  PostgresConnection slow(options);
  const Result<SqlRows> rows = slow.Query("SELECT pg_sleep(60)", {}, LongAttempt());
  BOOST_REQUIRE(!rows);
  BOOST_TEST((rows.error().code == ErrorCode::kTimeout));
  BOOST_TEST(rows.error().message.find("statement timeout") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(LockIsNotWaitedForLong) {
  server.Execute("GRANT SELECT ON secret TO watcher");
  PostgresOptions owner = options;
  owner.host = server.socket_folder();
  owner.user = "postgres";
  owner.statement_timeout = std::chrono::minutes(1);
  PostgresConnection holder(owner);
  BOOST_REQUIRE(holder.Query("BEGIN READ WRITE", {}, LongAttempt()));
  BOOST_REQUIRE(holder.Query("LOCK TABLE secret", {}, LongAttempt()));
  options.lock_timeout = Duration(100);
  PostgresConnection waiter(options);
  const Result<SqlRows> rows = waiter.Query("SELECT * FROM secret", {}, LongAttempt());
  BOOST_REQUIRE(!rows);
  BOOST_TEST((rows.error().code == ErrorCode::kTimeout));
  BOOST_TEST(rows.error().message.find("lock timeout") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(StoppedServerIsRefusedAndComesBack) {
  PostgresConnection connection(options);
  CheckAnswers(connection);
  server.Stop();
  for (int i = 0; i < 2; ++i) {
    const Result<SqlRows> rows = AskOne(connection);
    BOOST_REQUIRE(!rows);
    BOOST_TEST((rows.error().code == ErrorCode::kUnavailable));
    BOOST_TEST(rows.error().message.find("Connection refused") != std::string::npos);
    BOOST_TEST(!connection.is_open());
  }
  server.Start();
  CheckAnswers(connection);
  BOOST_TEST(connection.generation() == 2);
}

/// When the server freezes, as seen from the connection.
enum class Moment { kIdle, kBeforeConnect };

void CheckFrozenServer(Fixture& fixture, Moment moment) {
  fixture.AwaitNoSessions();
  PostgresConnection connection(fixture.options);
  if (moment != Moment::kBeforeConnect) CheckAnswers(connection);
  {
    const Paused paused(fixture.server);
    for (int i = 0; i < 4; ++i) {
      CheckTimesOut(Duration(200),
                    [&](const Attempt& attempt) { return AskOne(connection, attempt); });
    }
  }
  CheckAnswers(connection);
  CheckAnswers(connection);
  // A session in which the server did not even take a cancellation is given up.
  BOOST_TEST(connection.generation() == (moment == Moment::kBeforeConnect ? 1U : 2U));
  BOOST_TEST(fixture.server.Await(kOurSessions, "1"));
  // Nor a half-open one, which has no name yet.
  BOOST_TEST(fixture.server.Await(
      "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
      " AND application_name <> 'test'",
      "1"));
}

BOOST_AUTO_TEST_CASE(FrozenWhileIdleKeepsOneConnection) {
  CheckFrozenServer(*this, Moment::kIdle);
}

BOOST_AUTO_TEST_CASE(FrozenBeforeConnectingKeepsOneConnection) {
  CheckFrozenServer(*this, Moment::kBeforeConnect);
}

BOOST_AUTO_TEST_CASE(FrozenInAStatementKeepsOneConnection) {
  AwaitNoSessions();
  options.statement_timeout = std::chrono::minutes(5);
  PostgresConnection connection(options);
  CheckAnswers(connection);
  Result<SqlRows> outcome = Error{ErrorCode::kInvalidInput, "not run"};
  std::stop_source stop;
  std::thread asker([&] {
    outcome =
        connection.Query("SELECT pg_sleep(300)", {}, {LongAttempt().deadline, stop.get_token()});
  });
  BOOST_TEST(server.Await(kOurStatements, "1"));
  {
    const Paused paused(server);
    const auto stopped = std::chrono::steady_clock::now();
    stop.request_stop();
    asker.join();
    BOOST_TEST((std::chrono::steady_clock::now() - stopped < std::chrono::seconds(1)));
    BOOST_REQUIRE(!outcome);
    BOOST_TEST((outcome.error().code == ErrorCode::kTimeout));
    for (int i = 0; i < 3; ++i) {
      CheckTimesOut(Duration(200),
                    [&](const Attempt& attempt) { return AskOne(connection, attempt); });
    }
  }
  CheckAnswers(connection);
  BOOST_TEST(connection.generation() == 2);
  BOOST_TEST(server.Await(kOurStatements, "0"));
  BOOST_TEST(server.Await(kOurSessions, "1"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::collectors

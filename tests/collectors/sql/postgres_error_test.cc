#include "collectors/sql/postgres_error.h"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace tocsin::collectors {

BOOST_AUTO_TEST_SUITE(postgres_error_test)

BOOST_AUTO_TEST_CASE(SqlStatesHaveACode) {
  struct Row {
    std::string state;
    ErrorCode code;
  };
  const std::vector<Row> table = {
      {"42P01", ErrorCode::kNotFound},     {"42703", ErrorCode::kNotFound},
      {"42883", ErrorCode::kNotFound},     {"3F000", ErrorCode::kNotFound},
      {"42501", ErrorCode::kDenied},       {"28P01", ErrorCode::kDenied},
      {"28000", ErrorCode::kDenied},       {"57014", ErrorCode::kTimeout},
      {"55P03", ErrorCode::kTimeout},      {"57P01", ErrorCode::kUnavailable},
      {"57P03", ErrorCode::kUnavailable},  {"53300", ErrorCode::kUnavailable},
      {"08006", ErrorCode::kUnavailable},  {"3D000", ErrorCode::kUnavailable},
      {"40001", ErrorCode::kUnavailable},  {"58030", ErrorCode::kUnavailable},
      {"XX001", ErrorCode::kCorrupt},      {"42601", ErrorCode::kInvalidInput},
      {"22P02", ErrorCode::kInvalidInput}, {"99999", ErrorCode::kInvalidInput},
      {"", ErrorCode::kInvalidInput},
  };
  for (const Row& row : table) {
    BOOST_TEST_CONTEXT("state " << row.state) {
      BOOST_TEST((CodeOfSqlState(row.state) == row.code));
    }
  }
}

BOOST_AUTO_TEST_CASE(MessagesFitInOneLine) {
  struct Row {
    std::string message;
    std::string line;
  };
  const std::vector<Row> table = {
      {"", ""},
      {"\n\n", ""},
      {"one", "one"},
      {"one\n", "one"},
      {"one\ntwo\n", "one; two"},
      {"one\n\n\ntwo", "one; two"},
      {"ERROR:  42P01: no such table\nLOCATION:  parserOpenTable, parse_relation.c:1392\n",
       "ERROR:  42P01: no such table"},
      {"refused\n\tIs the server running on that host?\n", "refused"},
  };
  for (const Row& row : table) {
    BOOST_TEST_CONTEXT(row.message) {
      BOOST_TEST(InOneLine(row.message) == row.line);
    }
  }
}

BOOST_AUTO_TEST_CASE(WhyAConnectionWasNotMade) {
  struct Row {
    std::string message;
    ErrorCode code;
  };
  const std::vector<Row> table = {
      {"", ErrorCode::kUnavailable},
      {"connection to server at \"db\" (10.0.0.1), port 5432 failed: Connection refused\n"
       "\tIs the server running on that host and accepting TCP/IP connections?\n",
       ErrorCode::kUnavailable},
      {"connection to server at \"db\", port 5432 failed: FATAL:  28P01: password authentication "
       "failed for user \"tocsin\"\nLOCATION:  auth_failed, auth.c:326\n",
       ErrorCode::kDenied},
      {"FATAL:  3D000: database \"dagster\" does not exist\n", ErrorCode::kUnavailable},
      {"FATAL:  53300: sorry, too many clients already\n", ErrorCode::kUnavailable},
      // The first word is translated by the server's lc_messages.
      {"FATALER FEHLER:  28000: Rolle \"tocsin\" existiert nicht\n", ErrorCode::kDenied},
      // Of several addresses, the first with a SQLSTATE.
      {"connection to server at \"db\" (::1) failed: Connection refused\n"
       "connection to server at \"db\" (127.0.0.1) failed: FATAL:  28P01: password ...\n",
       ErrorCode::kDenied},
      // PgBouncer has one state for all that it refuses.
      {"FATAL:  08P01: password authentication failed\n", ErrorCode::kDenied},
      {"connection to server at \"db\", port 6432 failed: FATAL:  08P01: not allowed\n",
       ErrorCode::kDenied},
      {"FATAL:  08P01: login rejected\n", ErrorCode::kDenied},
      {"FATAL:  08P01: no more connections allowed (max_client_conn)\n", ErrorCode::kUnavailable},
      {"FATAL:  08P01: database does not allow connections: shop\n", ErrorCode::kUnavailable},
      {"FATAL:  53300: not allowed\n", ErrorCode::kUnavailable},
      // What only looks like one.
      {"FATAL:  28p01: small letters", ErrorCode::kUnavailable},
      {"FATAL:  28P01", ErrorCode::kUnavailable},
      {"FATAL: 28P01: one space", ErrorCode::kUnavailable},
  };
  for (const Row& row : table) {
    BOOST_TEST_CONTEXT(row.message) {
      BOOST_TEST((ConnectError(row.message).code == row.code));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors

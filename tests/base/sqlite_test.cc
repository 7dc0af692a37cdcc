#include "base/sqlite.h"

#include <cstdint>
#include <string>

#include <boost/test/unit_test.hpp>

#include "tests/support/temporary_folder.h"

namespace tocsin {
namespace {

/// What a statement of one row gives when 1 is bound to one, 2 to two, and so on up to 4.
std::string Answer(const std::string& statement) {
  const TemporaryFolder folder;
  Result<SqliteDatabase> database =
      SqliteDatabase::Open(folder.path() / "test.db", SqliteDatabase::Mode::kReadWrite);
  BOOST_TEST_REQUIRE(static_cast<bool>(database));
  Result<SqliteStatement> prepared = database->Prepare(statement);
  BOOST_TEST_REQUIRE(static_cast<bool>(prepared));
  for (int number = 1; number <= 4; ++number) prepared->Bind(number, std::int64_t{number});
  const Result<bool> row = prepared->Step();
  BOOST_TEST_REQUIRE((row && *row));
  std::string answer;
  for (int column = 0; column < prepared->columns(); ++column) {
    answer += prepared->IsNull(column) ? "-" : prepared->Text(column);
  }
  return answer;
}

BOOST_AUTO_TEST_SUITE(sqlite_test)

BOOST_AUTO_TEST_CASE(ParametersGoByTheirNumbers) {
  BOOST_TEST(Answer("SELECT ?1, ?2") == "12");
  BOOST_TEST(Answer("SELECT ?2, ?1, ?2") == "212");
  BOOST_TEST(Answer("SELECT $1, $2") == "12");
  // To SQLite these are names, the first of which is parameter 1.
  BOOST_TEST(Answer("SELECT $3, $1, $3") == "313");
  BOOST_TEST(Answer("SELECT 7, $2") == "72");
}

BOOST_AUTO_TEST_CASE(ParametersThatHaveNoNumberStayNull) {
  BOOST_TEST(Answer("SELECT 5") == "5");
  BOOST_TEST(Answer("SELECT :name, $1, $one, $01x") == "-1--");
  BOOST_TEST(Answer("SELECT $9, $99999999999999999999, $1") == "--1");
}

BOOST_AUTO_TEST_CASE(BorrowedTextsAreBoundAsOthersAre) {
  auto database = SqliteDatabase::Open(":memory:", SqliteDatabase::Mode::kReadWrite);
  BOOST_TEST_REQUIRE(static_cast<bool>(database));
  auto statement = database->Prepare("SELECT typeof(?1), ?1, typeof(?2), $4");
  BOOST_TEST_REQUIRE(static_cast<bool>(statement));
  for (const std::string text : {"a text longer than short ones", "another"}) {
    statement->BindBorrowed(1, text);
    statement->BindBorrowed(2, std::string_view());
    statement->BindBorrowed(3, "is ignored");
    const Result<bool> row = statement->Step();
    BOOST_TEST_REQUIRE((row && *row));
    BOOST_TEST(statement->Text(0) == "text");
    BOOST_TEST(statement->Text(1) == text);
    BOOST_TEST(statement->Text(2) == "text");
    BOOST_TEST(statement->IsNull(3));
    statement->Reset();
  }
}

BOOST_AUTO_TEST_CASE(ADollarGoesBeforeAQuestionMark) {
  BOOST_TEST(Answer("SELECT $2, ?2") == "2-");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin

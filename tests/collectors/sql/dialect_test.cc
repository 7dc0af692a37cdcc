#include "collectors/sql/dialect.h"

#include <boost/test/unit_test.hpp>

namespace tocsin::collectors {
namespace {

BOOST_AUTO_TEST_SUITE(dialect_test)

BOOST_AUTO_TEST_CASE(NowIsReplacedWhereverItStands) {
  const std::string postgres = WithNow("SELECT {now}, a, {now} FROM t", Dialect::kPostgres);
  BOOST_TEST(postgres.find("{now}") == std::string::npos);
  BOOST_TEST(postgres.starts_with("SELECT extract(epoch FROM clock_timestamp())::float8, a, "));
  BOOST_TEST(WithNow("{now}", Dialect::kSqlite).starts_with("(julianday('now')"));
  BOOST_TEST(WithNow("SELECT a", Dialect::kSqlite) == "SELECT a");
}

BOOST_AUTO_TEST_CASE(ListsOfTextsAreLiteralsOfTheirKind) {
  using Texts = std::vector<std::string>;
  const Texts texts = {"a", "", "b,c", R"(q"\)", "{NULL}"};
  BOOST_TEST(ListParameter(Dialect::kPostgres, texts) == R"({"a","","b,c","q\"\\","{NULL}"})");
  BOOST_TEST(ListParameter(Dialect::kSqlite, texts) == R"(["a","","b,c","q\"\\","{NULL}"])");
  BOOST_TEST(ListParameter(Dialect::kPostgres, Texts()) == "{}");
  BOOST_TEST(ListParameter(Dialect::kSqlite, Texts()) == "[]");
}

BOOST_AUTO_TEST_CASE(ListsOfNumbersAreLiteralsOfTheirKind) {
  using Numbers = std::vector<std::int64_t>;
  BOOST_TEST(ListParameter(Dialect::kPostgres, Numbers{1, -2}) == "{1,-2}");
  BOOST_TEST(ListParameter(Dialect::kSqlite, Numbers{1, -2}) == "[1,-2]");
  BOOST_TEST(ListParameter(Dialect::kSqlite, Numbers()) == "[]");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::collectors

#include "base/state_file.h"

#include <array>
#include <string_view>

#include <boost/test/unit_test.hpp>

#include "tests/support/temporary_folder.h"

namespace tocsin {

BOOST_AUTO_TEST_SUITE(state_file_test)

BOOST_AUTO_TEST_CASE(AnUpgradeMayTakeLongerThanSomebodyWaitsForALock) {
  constexpr std::array<std::string_view, 2> kUpgrades = {
      "CREATE TABLE numbers (n INTEGER);"
      "INSERT INTO numbers WITH RECURSIVE all_of_them(n) AS "
      "(SELECT 1 UNION ALL SELECT n + 1 FROM all_of_them WHERE n < 100000) "
      "SELECT n FROM all_of_them;",
      "DELETE FROM numbers WHERE n % 2 = 0;"};
  const TemporaryFolder folder;
  Result<SqliteDatabase> database =
      SqliteDatabase::Open(folder.path() / "state.db", SqliteDatabase::Mode::kReadWrite);
  BOOST_REQUIRE(database);
  // Whatever takes more than a few instructions is interrupted.
  database->SetLimit(SteadyPoint::min(), {});
  BOOST_REQUIRE(
      !database->Execute("SELECT max(value) FROM (WITH RECURSIVE a(value) AS (SELECT 1 "
                         "UNION ALL SELECT value + 1 FROM a LIMIT 10000) "
                         "SELECT value FROM a)"));
  const Status upgraded = UpgradeSchema(*database, {.application = 7, .upgrades = kUpgrades});
  BOOST_REQUIRE_MESSAGE(upgraded, (upgraded ? "" : upgraded.error().message));
  BOOST_TEST(*ReadInteger(*database, "SELECT count(*) FROM numbers") == 50'000);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin

#include <boost/test/unit_test.hpp>

#include "tests/collectors/dagster/topic.h"

namespace tocsin::collectors::dagster {

BOOST_AUTO_TEST_SUITE(database_test)

BOOST_AUTO_TEST_CASE(TheRevisionOfTheTables) {
  CheckTopic({
      {"none",
       Store::kRuns,
       [](const Watcher&) { return "DELETE FROM alembic_version"; },
       {},
       {"dagster_schema_info"}},
      {"one",
       Store::kRuns,
       [](const Watcher&) {
         return "DELETE FROM alembic_version; INSERT INTO alembic_version VALUES ('16e3115a602a')";
       },
       {{R"(dagster_schema_info{version_num="16e3115a602a"})", 1}}},
  });
}

BOOST_AUTO_TEST_CASE(SqliteHasNeitherConnectionsNorSizes) {
  SqliteInstance instance;
  Watcher watcher(instance);
  const Values values = watcher.CollectWhole();
  BOOST_TEST(!HasSeriesLike(values, "dagster_database_connections"));
  BOOST_TEST(!HasSeriesLike(values, "dagster_relation_"));
}

BOOST_AUTO_TEST_CASE(ConnectionsByApplicationAndState,
                     *boost::unit_test::precondition(NeedsPostgres)) {
  PostgresInstance instance;
  Watcher watcher(instance);
  const Values values = watcher.CollectWhole();
  BOOST_TEST(At(values, R"(dagster_database_connections{application="tocsin",state="active"})") ==
             1);
  BOOST_TEST(At(values, "dagster_database_connections_max") ==
             std::stod(instance.server().Execute("SHOW max_connections")));
}

BOOST_AUTO_TEST_CASE(SizesAndVacuumOfTheTables, *boost::unit_test::precondition(NeedsPostgres)) {
  PostgresInstance instance;
  Watcher watcher(instance);
  const std::string runs = R"({relation="runs"})";
  Values values = watcher.CollectWhole();
  const double before = At(values, "dagster_relation_bytes" + runs);
  BOOST_TEST(At(values, "dagster_relation_dead_rows" + runs) == 0);
  BOOST_TEST(!HasSeriesLike(values, "dagster_relation_last_vacuum_timestamp_seconds" + runs));

  instance.Execute(Store::kRuns,
                   "INSERT INTO runs (run_id, status) SELECT 'r' || i, 'SUCCESS' "
                   "FROM generate_series(1, 1000) AS i");
  instance.server().Execute("VACUUM dagster.runs");
  const std::string vacuums =
      "SELECT vacuum_count FROM pg_stat_user_tables WHERE relid = 'dagster.runs'::regclass";
  BOOST_TEST_REQUIRE(instance.server().Await(vacuums, "1"));
  values = watcher.CollectWhole(std::chrono::minutes(4));
  BOOST_TEST(At(values, "dagster_relation_bytes" + runs) == before);
  values = watcher.CollectWhole(std::chrono::minutes(1));
  BOOST_TEST(At(values, "dagster_relation_bytes" + runs) > before);
  BOOST_TEST(At(values, "dagster_relation_last_vacuum_timestamp_seconds" + runs) > 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::dagster

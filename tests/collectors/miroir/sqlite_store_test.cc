#include <chrono>
#include <string>

#include <boost/test/unit_test.hpp>

#include "tests/collectors/miroir/stores.h"

namespace tocsin::collectors::miroir {
namespace {

/// The clock of the host stands at 1000000 s.
struct Fixture {
  Reading Read(const StoreSettings& settings = {}) {
    if (!store) store = file.Open(settings, clock);
    return ReadingOf(*store);
  }

  FakeClock clock{TimePoint(std::chrono::seconds(1'000'000))};
  SqliteFile file;
  std::unique_ptr<TaskStore> store;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(miroir_sqlite_store_test, Fixture)

BOOST_AUTO_TEST_CASE(AnEmptyStoreHasAnEmptyQueueAndFreeLeases) {
  const Reading reading = Read();
  BOOST_TEST(FailedParts(reading) == "");
  BOOST_TEST((reading.queue_depth == 0));
  BOOST_TEST((reading.schema_version == 6));
  BOOST_TEST(reading.leaders.at("drift_reconciler").holder == "");
  BOOST_TEST(!reading.jobs_known);
}

BOOST_AUTO_TEST_CASE(WhatIsInTheTablesIsRead) {
  file.Execute(
      "INSERT INTO jobs (id, type, params, state, progress, created_at) VALUES "
      "('1', 'rebalance', '', 'queued', '', 999900000), ('2', 'rebalance', '', 'queued', '', "
      "999990000), ('3', 'ttl', '', 'completed', '', 999990000), ('4', 'ttl', '', 'queued', '', "
      "NULL);"
      "INSERT INTO leader_lease VALUES ('ilm', 'pod-0', 1000009000), ('old', 'pod-1', 999999000);"
      "INSERT INTO canary_runs (canary_id, ran_at, status, latency_ms) VALUES ('c', 999000000, "
      "'failed', 1), ('c', 999500000, 'passed', 1), ('d', 999000000, 'error', 1);"
      "INSERT INTO cdc_cursors VALUES ('s', 'i', 7, 999990000);"
      "INSERT INTO mode_b_operations VALUES ('a', 'ilm', 'ilm', 'p', 999940000, 0, 5, '', "
      "'running'), ('b', 'ilm', 'ilm', 'p', 1, 0, 9, '', 'failed')");
  StoreSettings settings;
  settings.lease_scopes = {"ilm", "old"};
  settings.operation_scopes = {"ilm", "none"};
  const Reading reading = Read(settings);
  BOOST_TEST(FailedParts(reading) == "");
  BOOST_TEST((reading.queue_depth == 3));
  BOOST_TEST(reading.sample->depth_by_type.at("rebalance") == 2);
  BOOST_TEST((reading.sample->oldest_at == 999'900));
  BOOST_TEST(reading.leaders.at("ilm").holder == "pod-0");
  BOOST_TEST((reading.leaders.at("ilm").ttl_seconds == 9));
  BOOST_TEST(reading.leaders.at("old").holder == "");
  BOOST_TEST_REQUIRE(reading.canaries.size() == 2U);
  BOOST_TEST(reading.canaries[0].ran_at == 999'500);
  BOOST_TEST(reading.canaries[0].passed);
  BOOST_TEST(!reading.canaries[1].passed);
  BOOST_TEST_REQUIRE(reading.cursors.size() == 1U);
  BOOST_TEST(reading.cursors[0].updated_at == 999'990);
  BOOST_TEST_REQUIRE(reading.operations.size() == 1U);
  BOOST_TEST(reading.operations[0].phase_age == 60);
}

BOOST_AUTO_TEST_CASE(OfVeryManyCanariesOnlyNamedOnesAreRead) {
  const auto add = [&](int from, int to) {
    std::string rows;
    for (int i = from; i < to; ++i) {
      rows +=
          (rows.empty() ? "('c" : ",('c") + std::to_string(1000 + i) + "', 999000000, 'passed', 1)";
    }
    file.Execute("INSERT INTO canary_runs (canary_id, ran_at, status, latency_ms) VALUES " + rows);
  };
  add(0, 200);
  BOOST_TEST(Read().canaries.size() == 200U);
  add(200, 201);
  Reading reading = Read();
  BOOST_TEST(reading.canaries.empty());
  BOOST_TEST_REQUIRE(reading.parts.size() == 1U);
  BOOST_TEST(reading.parts[0].source == "canaries");
  BOOST_TEST((reading.parts[0].status.error().code == ErrorCode::kTooLarge));
  store.reset();
  StoreSettings settings;
  settings.canaries = {"c1200", "c1000", "gone"};
  reading = Read(settings);
  BOOST_TEST(FailedParts(reading) == "");
  BOOST_TEST_REQUIRE(reading.canaries.size() == 2U);
  BOOST_TEST(reading.canaries[1].canary == "c1200");
  BOOST_TEST(reading.canaries[1].passed);
}

BOOST_AUTO_TEST_CASE(AMissingTableCostsItsOwnTopic) {
  for (const std::string table : {"jobs", "leader_lease", "canary_runs", "cdc_cursors"}) {
    BOOST_TEST_CONTEXT(table) {
      Fixture fresh;
      fresh.file.Execute("DROP TABLE " + table);
      const Reading reading = fresh.Read();
      BOOST_TEST_REQUIRE(reading.parts.size() == 1U);
      BOOST_TEST((reading.parts[0].status.error().code == ErrorCode::kNotFound));
    }
  }
}

BOOST_AUTO_TEST_CASE(AMissingFileIsAFailure) {
  std::filesystem::remove(file.path());
  store = file.Open({}, clock);
  const Result<Reading> reading = store->Read(LongAttempt());
  BOOST_TEST_REQUIRE(!reading);
  BOOST_TEST((reading.error().code == ErrorCode::kUnavailable));
  BOOST_TEST(!store->MakeReady(LongAttempt()));
}

BOOST_AUTO_TEST_CASE(ItIsProbedByOneRead) {
  store = file.Open({}, clock);
  BOOST_TEST(static_cast<bool>(store->MakeReady(LongAttempt())));
  BOOST_TEST_REQUIRE(store->operations().size() == 1U);
  BOOST_TEST(static_cast<bool>(store->Probe(store->operations()[0], LongAttempt())));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::miroir

#include "collectors/dagster/contracts.h"

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include "tests/collectors/dagster/instance.h"
#include "tests/collectors/dagster/topic.h"

namespace tocsin::collectors::dagster {
namespace {

/// floe's tables, beside Dagster's.
class Monitoring final : public Instance {
 public:
  Monitoring() {
    database_.Execute(Store::kRuns,
                      FixtureText("floe_monitoring.sql") +
                          "GRANT SELECT ON ALL TABLES IN SCHEMA dagster TO dagster_reader");
  }

  Dialect dialect() const override { return Dialect::kPostgres; }
  void Execute(Store store, const std::string& statements) override {
    database_.Execute(store, statements);
  }
  Database Open(std::shared_ptr<Wiretap> tap) override { return database_.Open(std::move(tap)); }

  /// Violations of that kind at `moment`, an expression.
  void Violate(const std::string& severity, const std::string& type, const std::string& moment,
               int count = 1) {
    Execute(
        Store::kRuns,
        fmt::format("INSERT INTO contract_violations (id, contract_name, contract_version, "
                    "violation_type, severity, message, \"timestamp\", affected_consumers, "
                    "check_duration_seconds, metadata) SELECT gen_random_uuid(), 'orders', '1', "
                    "'{}', '{}', 'late', {}, '[]', 1, '{{}}' FROM generate_series(1, {})",
                    type, severity, moment, count));
  }

 private:
  PostgresInstance database_;
};

Watcher Watch(Monitoring& instance, const std::filesystem::path& state_file = {}) {
  return Watcher(instance, {}, state_file, ContractsDatabaseKind());
}

/// The watcher's moment, `ago` before now, for a column with time zone.
std::string Zoned(const Watcher& watcher, Duration ago = {}) {
  return "timestamptz " + watcher.Naive(ago).insert(watcher.Naive(ago).size() - 1, "+00");
}

std::string Series(const std::string& severity, const std::string& type) {
  return fmt::format(R"(floe_contract_violations_total{{severity="{}",violation_type="{}"}})",
                     severity, type);
}

const std::string kErrorQuality = Series("error", "quality");

}  // namespace

BOOST_AUTO_TEST_SUITE(contracts_test, *boost::unit_test::precondition(NeedsPostgres))

BOOST_AUTO_TEST_CASE(AnEmptyDatabaseHasNoViolationsOfAnyKind) {
  Monitoring instance;
  Watcher watcher = Watch(instance);
  const Values values = watcher.CollectWhole();
  BOOST_TEST(At(values, Series("info", "freshness")) == 0);
  BOOST_TEST(At(values, Series("critical", "deprecation")) == 0);
  BOOST_TEST(At(values, R"(floe_contracts_registered{active="true"})") == 0);
  BOOST_TEST(At(values, R"(floe_contracts_registered{active="false"})") == 0);
  BOOST_TEST(!HasSeriesLike(values, "floe_contract_sla"));
  BOOST_TEST(!HasSeriesLike(values, "floe_contract_last_check"));
}

BOOST_AUTO_TEST_CASE(StatesOfContractsAreReadAsTheyAre) {
  Monitoring instance;
  Watcher watcher = Watch(instance);
  const std::string now = Zoned(watcher);
  instance.Execute(
      Store::kRuns,
      "INSERT INTO contract_sla_status VALUES (gen_random_uuid(), 'orders', 'quality', 'breached', "
      "62.5, NULL, 3, " +
          now +
          "), (gen_random_uuid(), 'fresh', 'quality', 'compliant', 100, NULL, "
          "0, 'infinity');"
          "INSERT INTO registered_contracts SELECT gen_random_uuid(), 'c' || i, '1', '{}', '{}', "
          "NULL, " +
          now +
          ", '{}', i > 1 FROM generate_series(1, 3) AS i;"
          "INSERT INTO contract_check_results SELECT gen_random_uuid(), 'orders', k, 'pass', 1, t, "
          "'{}' "
          "FROM (VALUES ('quality'), ('freshness')) AS kinds(k), (VALUES (" +
          now + "), (" + now + " - interval '1 h')) AS moments(t)");
  const Values values = watcher.CollectWhole(Duration(0));
  const double unix_now = tocsin::UnixSeconds(watcher.clock.Now() - Duration(1));
  const std::vector<std::pair<std::string, double>> expected = {
      {R"(floe_contract_sla_compliance_ratio{contract="orders"})", 0.625},
      {R"(floe_contract_sla_compliance_ratio{contract="fresh"})", 1},
      {R"(floe_contract_sla_status{contract="orders",status="breached"})", 1},
      {R"(floe_contract_sla_status{contract="fresh",status="compliant"})", 1},
      {R"(floe_contract_consecutive_violations{contract="orders"})", 3},
      {R"(floe_contract_sla_updated_timestamp_seconds{contract="orders"})", unix_now},
      {R"(floe_contract_last_check_timestamp_seconds{check_type="quality"})", unix_now},
      {R"(floe_contract_last_check_timestamp_seconds{check_type="freshness"})", unix_now},
      {R"(floe_contracts_registered{active="true"})", 2},
      {R"(floe_contracts_registered{active="false"})", 1},
  };
  for (const auto& [series, value] : expected) {
    BOOST_TEST_CONTEXT(series) {
      BOOST_TEST(At(values, series) == value);
    }
  }
}

BOOST_AUTO_TEST_CASE(WhatWasThereAtTheStartIsNotCounted) {
  Monitoring instance;
  Watcher watcher = Watch(instance);
  instance.Violate("error", "quality", Zoned(watcher, std::chrono::hours(1)), 5);
  // A clock that runs ahead wrote these.
  instance.Violate("error", "quality", Zoned(watcher, -std::chrono::hours(14)), 3);
  BOOST_TEST(At(watcher.CollectWhole(), kErrorQuality) == 0);
  BOOST_TEST(At(watcher.CollectWhole(std::chrono::hours(15)), kErrorQuality) == 0);
}

BOOST_AUTO_TEST_CASE(EachViolationCountsOnce) {
  Monitoring instance;
  Watcher watcher = Watch(instance);
  watcher.CollectWhole();
  instance.Violate("error", "quality", Zoned(watcher), 2);
  instance.Violate("info", "freshness", Zoned(watcher));
  Values values = watcher.CollectWhole();
  BOOST_TEST(At(values, kErrorQuality) == 2);
  BOOST_TEST(At(values, Series("info", "freshness")) == 1);
  BOOST_TEST(At(watcher.CollectWhole(std::chrono::minutes(10)), kErrorQuality) == 2);
  // Committed late, and stamped by a clock that is 14 hours ahead.
  instance.Violate("error", "quality", Zoned(watcher));
  watcher.CollectWhole();
  instance.Violate("error", "quality", Zoned(watcher, std::chrono::minutes(4)));
  instance.Violate("error", "quality", Zoned(watcher, -std::chrono::hours(14)));
  BOOST_TEST(At(watcher.CollectWhole(), kErrorQuality) == 5);
  // That row did not carry the watermark along.
  instance.Violate("error", "quality", Zoned(watcher));
  BOOST_TEST(At(watcher.CollectWhole(), kErrorQuality) == 6);
  instance.Execute(Store::kRuns, "DELETE FROM contract_violations");
  BOOST_TEST(At(watcher.CollectWhole(), kErrorQuality) == 6);
  instance.Violate("error", "quality", Zoned(watcher));
  BOOST_TEST(At(watcher.CollectWhole(), kErrorQuality) == 7);
}

BOOST_AUTO_TEST_CASE(ManyAtOneMomentAreReadPageByPage) {
  Monitoring instance;
  Watcher watcher = Watch(instance);
  watcher.CollectWhole();
  instance.Violate("error", "quality", Zoned(watcher), 4500);
  BOOST_TEST(At(watcher.CollectWhole(), kErrorQuality) == 4500);
  BOOST_TEST(At(watcher.CollectWhole(), kErrorQuality) == 4500);
}

BOOST_AUTO_TEST_CASE(ASeverityThatIsNewCountsFromTheStart) {
  Monitoring instance;
  Watcher watcher = Watch(instance);
  watcher.CollectWhole();
  instance.Violate("fatal", "sabotage", Zoned(watcher));
  BOOST_TEST(At(watcher.CollectWhole(), Series("fatal", "sabotage")) == 1);
}

BOOST_AUTO_TEST_CASE(NoMomentIsNoViolation) {
  Monitoring instance;
  Watcher watcher = Watch(instance);
  watcher.CollectWhole();
  instance.Violate("error", "quality", "'infinity'");
  BOOST_TEST(At(watcher.CollectWhole(), kErrorQuality) == 0);
}

BOOST_AUTO_TEST_CASE(TotalsSurviveARestart) {
  const TemporaryFolder folder;
  Monitoring instance;
  Watcher watcher = Watch(instance, folder.path() / "state.json");
  watcher.CollectWhole();
  instance.Violate("error", "quality", Zoned(watcher), 2);
  watcher.CollectWhole();
  watcher.clock.Advance(std::chrono::hours(1));
  instance.Violate("error", "quality", Zoned(watcher), 3);  // While tocsin is down.
  watcher.Restart();
  BOOST_TEST(At(watcher.CollectWhole(), kErrorQuality) == 5);
}

BOOST_AUTO_TEST_CASE(AMissingTableCostsItsOwnMetricsOnly) {
  Monitoring instance;
  Watcher watcher = Watch(instance);
  instance.Execute(Store::kRuns, "DROP TABLE contract_violations");
  const Values values = watcher.Collect();
  BOOST_TEST_REQUIRE(static_cast<bool>(watcher.status));
  BOOST_TEST_REQUIRE(watcher.parts.size() == 1U);
  BOOST_TEST(watcher.parts[0].source == "contract_violations");
  BOOST_TEST((watcher.parts[0].status.error().code == ErrorCode::kNotFound));
  BOOST_TEST(!HasSeriesLike(values, "floe_contract_violations"));
  BOOST_TEST(HasSeriesLike(values, "floe_contracts_registered"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::dagster

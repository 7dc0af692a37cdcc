#include <boost/test/unit_test.hpp>

#include "tests/collectors/dagster/topic.h"

namespace tocsin::collectors::dagster {
namespace {

using std::chrono::minutes;

std::string Asset(const std::string& stored, const std::string& materialized) {
  return "INSERT INTO asset_keys (asset_key, last_materialization_timestamp) VALUES ('" + stored +
         "', " + materialized + ");";
}

/// An execution of a check of sales/orders, against the materialization with this id.
std::string Execution(const std::string& check, const std::string& status,
                      const std::string& materialization) {
  static int runs = 0;
  return fmt::format(
      "INSERT INTO asset_check_executions (asset_key, check_name, run_id, execution_status, "
      "materialization_event_storage_id) VALUES ('[\"sales\", \"orders\"]', '{}', 'r{}', '{}', "
      "{});",
      check, ++runs, status, materialization);
}

std::string CheckIs(const std::string& check, const std::string& status) {
  return "dagster_asset_check_last_status{asset_key=\"sales/orders\",check_name=\"" + check +
         "\",status=\"" + status + "\"}";
}

const std::string kLast = "dagster_asset_last_materialization_timestamp_seconds";

double Unix(Duration ago) {
  return tocsin::UnixSeconds(TimePoint(std::chrono::sys_days{std::chrono::year(2026) / 3 / 1}) -
                             ago);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(assets_test)

BOOST_AUTO_TEST_CASE(OnlyTheAssetsThatWereAskedFor) {
  Settings settings;
  settings.assets = {"sales/orders", "it's \"odd\""};
  CheckTopic(
      {
          {"no asset", Store::kEvents, [](const Watcher&) { return "SELECT 1"; }, {}, {kLast}},
          {"one that was asked for, one that was not",
           Store::kEvents,
           [](const Watcher& watcher) {
             return Asset(R"(["sales", "orders"])", watcher.Naive(minutes(3))) +
                    Asset(R"(["sales"])", watcher.Naive());
           },
           {{kLast + R"({asset_key="sales/orders"})", Unix(minutes(3))}},
           {kLast + R"({asset_key="sales"})"}},
          {"a key with quotes",
           Store::kEvents,
           [](const Watcher& watcher) {
             return Asset(R"(["it''s \"odd\""])", watcher.Naive(minutes(4)));
           },
           {{kLast + "{asset_key=\"it's \"odd\"\"}", Unix(minutes(4))}}},
          {"never materialized",
           Store::kEvents,
           [](const Watcher&) { return Asset(R"(["sales", "orders"])", "NULL"); },
           {},
           {kLast}},
          {"checks: the last execution against the newest checked materialization",
           Store::kEvents,
           [](const Watcher&) {
             return Execution("fresh", "FAILED", "7") + Execution("fresh", "SUCCEEDED", "7") +
                    Execution("unique", "SUCCEEDED", "7") + Execution("unique", "FAILED", "8") +
                    Execution("unbound", "FAILED", "NULL");
           },
           {{CheckIs("fresh", "SUCCEEDED"), 1}, {CheckIs("unique", "FAILED"), 1}},
           {CheckIs("fresh", "FAILED"), CheckIs("unique", "SUCCEEDED"),
            R"(dagster_asset_check_last_status{asset_key="sales/orders",check_name="unbound")"}},
      },
      settings);
}

BOOST_AUTO_TEST_CASE(WithoutTheOptionNothingIsRead) {
  SqliteInstance instance;
  Watcher watcher(instance);
  instance.Execute(Store::kEvents, Asset(R"(["sales", "orders"])", watcher.Naive()));
  BOOST_TEST(!HasSeriesLike(watcher.CollectWhole(), "dagster_asset_last"));
  for (const Ran& ran : watcher.tap->ran) {
    BOOST_TEST(ran.statement.find("asset_keys") == std::string::npos);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::dagster

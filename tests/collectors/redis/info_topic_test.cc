#include "collectors/redis/info_topic.h"

#include <set>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "collectors/redis/info_table.h"
#include "tests/collectors/redis/canned_redis.h"

namespace tocsin::collectors::redis {

BOOST_AUTO_TEST_SUITE(redis_info_topic_test)

BOOST_AUTO_TEST_CASE(ServersOfSeveralVersionsAndRolesAreRead) {
  struct Row {
    std::string file;
    Values expected;
    std::vector<std::string> absent;
  };
  const std::vector<Row> table = {
      {"info-7.0-master.txt",
       {
           {"redis_up", 1},
           {R"(redis_instance_info{role="master",redis_version="7.0.15",redis_mode="standalone",)"
            R"(os="Linux 6.1.0-18-amd64 x86_64",maxmemory_policy="noeviction",)"
            R"(run_id="7bf3ccf6312bac0a0ca878045d90253e07c89044"})",
            1},
           {"redis_uptime_in_seconds", 86461},
           {"redis_connected_clients", 3},
           {"redis_blocked_clients", 1},
           {"redis_memory_used_bytes", 1069280},
           {"redis_memory_max_bytes", 0},
           {"redis_mem_fragmentation_bytes", -5636224},
           {"redis_evicted_keys_total", 7},
           {"redis_expired_keys_total", 21},
           {"redis_rejected_connections_total", 2},
           {"redis_commands_processed_total", 70123},
           {"redis_keyspace_hits_total", 512},
           {"redis_keyspace_misses_total", 11},
           {"redis_latest_fork_seconds", 0.000321},
           {"redis_rdb_last_bgsave_status", 1},
           {"redis_rdb_last_save_timestamp_seconds", 1795317123},
           {"redis_aof_enabled", 0},
           {"redis_connected_slaves", 2},
           {R"(redis_connected_slave_offset_bytes{slave_ip="10.0.0.7",slave_port="6379",)"
            R"(slave_state="online"})",
            1234},
           {R"(redis_connected_slave_lag_seconds{slave_ip="10.0.0.7",slave_port="6379",)"
            R"(slave_state="online"})",
            1},
           {R"(redis_db_keys{db="db0"})", 2},
           {R"(redis_db_keys_expiring{db="db0"})", 1},
           {R"(redis_db_avg_ttl_seconds{db="db0"})", 1.5},
           {R"(redis_db_keys{db="db11"})", 40},
           {R"(redis_commands_total{cmd="xinfo|groups"})", 2},
           {R"(redis_commands_duration_seconds_total{cmd="get"})", 0.000005},
           {R"(redis_commands_failed_calls_total{cmd="lpush"})", 1},
           {R"(redis_errors_total{err="WRONGTYPE"})", 1},
           {R"(redis_command_latency_seconds{cmd="get",percentile="99.9"})", 5.023e-6},
       },
       {"redis_master_link_up", "redis_rdb_last_bgsave_duration_seconds",
        "redis_connected_slave_lag_seconds{slave_ip=\"10.0.0.8\"",
        "redis_latency_percentiles_usec"}},
      {"info-7.0-replica.txt",
       {
           {R"(redis_master_link_up{master_host="10.0.0.1",master_port="6379"})", 0},
           {R"(redis_master_link_down_since_seconds{master_host="10.0.0.1",master_port="6379"})",
            33},
           {R"(redis_master_sync_in_progress{master_host="10.0.0.1",master_port="6379"})", 0},
           {R"(redis_slave_repl_offset{master_host="10.0.0.1",master_port="6379"})", 1176},
           {"redis_slave_priority", 100},
           {"redis_slave_read_only", 1},
           {"redis_loading_dump_file", 0},
       },
       {"redis_master_last_io_seconds_ago", "redis_connected_slave_offset_bytes"}},
      {"info-6.0-master.txt",
       {
           {"redis_up", 1},
           {"redis_memory_max_bytes", 104857600},
           {"redis_rdb_last_bgsave_status", 0},
           {"redis_aof_last_write_status", 1},
           {"redis_rdb_last_bgsave_duration_seconds", 2},
           {R"(redis_commands_total{cmd="get"})", 9},
       },
       {"redis_evicted_clients_total", "redis_commands_failed_calls_total",
        "redis_command_latency_seconds", "redis_errors_total"}},
  };
  for (const Row& row : table) {
    BOOST_TEST_CONTEXT(row.file) {
      Watched redis;
      redis.server.replies["INFO ALL"] = TextReply(FixtureText(row.file));
      const Values values = redis.CollectWhole();
      for (const auto& [series, value] : row.expected) {
        BOOST_TEST_CONTEXT(series) {
          BOOST_TEST(At(values, series) == value, boost::test_tools::tolerance(1e-12));
        }
      }
      for (const std::string& begin : row.absent) {
        const auto found = values.lower_bound(begin);
        BOOST_TEST((found == values.end() || !found->first.starts_with(begin)), "has " + begin);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(EveryRowOfTheTableIsExported) {
  std::string text;
  std::set<std::string_view> fields;
  for (const InfoRow& row : kInfoTable) {
    if (fields.insert(row.field).second) text += std::string(row.field) + ":42\r\n";
  }
  Settings settings;
  settings.info.compatibility_names = true;
  Watched redis(settings);
  redis.server.replies["INFO ALL"] = TextReply(text);
  const Values values = redis.CollectWhole();
  for (const InfoRow& row : kInfoTable) {
    BOOST_TEST_CONTEXT(row.metric.name) {
      BOOST_TEST(At(values, std::string(row.metric.name)) == 42 * row.unit,
                 boost::test_tools::tolerance(1e-12));
    }
  }
}

BOOST_AUTO_TEST_CASE(NamesForCompatibilityComeOnlyIfAskedFor) {
  Settings settings;
  settings.info.compatibility_names = true;
  Watched redis(settings);
  redis.server.replies["INFO ALL"] = TextReply(FixtureText("info-7.0-master.txt"));
  const Values values = redis.CollectWhole();
  BOOST_TEST(At(values, R"(redis_latency_percentiles_usec{cmd="get",quantile="0.999"})") == 5.023);
}

BOOST_AUTO_TEST_CASE(AnInfoThatCannotBeReadCostsItsOwnMetricsOnly) {
  struct Row {
    RedisReply reply;
    ErrorCode code;
  };
  const std::vector<Row> table = {
      {ErrorReply("NOPERM this user has no permissions"), ErrorCode::kDenied},
      {ErrorReply("ERR unknown command 'INFO'"), ErrorCode::kNotFound},
      {TextReply("nothing at all"), ErrorCode::kCorrupt},
      {NilReply(), ErrorCode::kCorrupt},
      {ListReply({TextReply("redis_version:7")}), ErrorCode::kCorrupt},
  };
  for (const Row& row : table) {
    BOOST_TEST_CONTEXT(row.reply.text) {
      Watched redis;
      redis.server.replies["INFO ALL"] = row.reply;
      const Values values = redis.Collect();
      BOOST_TEST(static_cast<bool>(redis.status));
      BOOST_TEST((values == Values{{"redis_up", 1}}));
      BOOST_TEST_REQUIRE(redis.parts.size() == 1U);
      BOOST_TEST(redis.parts[0].source == "info");
      BOOST_TEST((redis.parts[0].status.error().code == row.code));
    }
  }
}

BOOST_AUTO_TEST_CASE(WithoutCommandStatisticsLessIsAskedFor) {
  Settings settings;
  settings.info.command_stats = false;
  Watched redis(settings);
  redis.CollectWhole();
  BOOST_TEST((redis.server.pipelines.back() == std::vector<std::string>{"TIME", "INFO"}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::redis

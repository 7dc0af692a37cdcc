#include <algorithm>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "collectors/miroir/queue_sample.h"
#include "tests/collectors/miroir/stores.h"

namespace tocsin::collectors::miroir {
namespace {

/// A store of the current generation: its schema's version is there.
struct Fixture {
  Fixture() {
    server.replies["EXISTS miroir:schema_version"] = IntegerReply(1);
    server.replies["GET miroir:schema_version"] = TextReply("6");
  }

  Reading Read(const StoreSettings& settings = {}) {
    if (!store) {
      store = MakeRedisStore(settings, std::make_unique<CannedConnection>(server), clock);
    }
    return ReadingOf(*store);
  }

  FakeClock clock;
  CannedRedis server;
  std::unique_ptr<TaskStore> store;
};

RedisReply Job(const std::string& state, const std::string& type, const std::string& created_at) {
  return ListReply({TextReply(state), TextReply(type), TextReply(created_at)});
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(miroir_redis_store_test, Fixture)

BOOST_AUTO_TEST_CASE(TheGenerationIsToldByItsKeys) {
  struct Row {
    std::string what;
    std::map<std::string, RedisReply> replies;
    std::optional<double> depth;
    std::string failed;
    std::string scopes;  ///< Of the leases that are told.
  };
  const std::vector<Row> table = {
      {"current, jobs wait",
       {{"TYPE miroir:jobs:_queued", StatusReply("set")},
        {"SCARD miroir:jobs:_queued", IntegerReply(7)}},
       7,
       "",
       "drift_reconciler"},
      {"current, empty queue",
       {{"EXISTS miroir:schema_version", IntegerReply(1)}},
       0,
       "",
       "drift_reconciler"},
      {"old, jobs wait",
       {{"TYPE miroir:jobs:enqueued", StatusReply("list")},
        {"LLEN miroir:jobs:enqueued", IntegerReply(3)}},
       3,
       "",
       "global"},
      {"old, empty queue", {{"EXISTS miroir:leader_lease", IntegerReply(1)}}, 0, "", "global"},
      {"neither", {}, std::nullopt, "queue", ""},
      {"neither, but a lease",
       {{"GET miroir:lease:drift_reconciler", TextReply("pod-0")}},
       std::nullopt,
       "queue",
       "drift_reconciler"},
      {"both: a migration",
       {{"TYPE miroir:jobs:_queued", StatusReply("set")},
        {"SCARD miroir:jobs:_queued", IntegerReply(7)},
        {"TYPE miroir:jobs:enqueued", StatusReply("list")},
        {"LLEN miroir:jobs:enqueued", IntegerReply(3)}},
       7,
       "",
       "drift_reconciler"},
      {"something else under that name",
       {{"EXISTS miroir:schema_version", IntegerReply(1)},
        {"TYPE miroir:jobs:_queued", StatusReply("string")},
        {"SCARD miroir:jobs:_queued", ErrorReply("WRONGTYPE Operation against a key")}},
       std::nullopt,
       "queue",
       "drift_reconciler"},
  };
  for (const Row& row : table) {
    BOOST_TEST_CONTEXT(row.what) {
      server.replies = row.replies;
      const Reading reading = Read();
      BOOST_TEST((reading.queue_depth == row.depth));
      BOOST_TEST(FailedParts(reading) == row.failed);
      std::string scopes;
      for (const auto& [scope, leader] : reading.leaders) scopes += scope;
      BOOST_TEST(scopes == row.scopes);
    }
  }
}

BOOST_AUTO_TEST_CASE(TheOldLeaseHasItsHolderInJson) {
  server.replies = {{"EXISTS miroir:leader_lease", IntegerReply(1)},
                    {"GET miroir:leader_lease", TextReply(R"({"holder":"pod-1"})")},
                    {"PTTL miroir:leader_lease", IntegerReply(2500)}};
  Reading reading = Read();
  BOOST_TEST(reading.leaders.at("global").holder == "pod-1");
  BOOST_TEST((reading.leaders.at("global").ttl_seconds == 2.5));
  server.replies["GET miroir:leader_lease"] = TextReply("{");
  BOOST_TEST(Read().leaders.at("global").holder == "unknown");
  for (const std::string command : {"GET", "PTTL"}) {
    BOOST_TEST_CONTEXT(command) {
      Fixture fresh;
      fresh.server.replies = server.replies;
      fresh.server.replies[command + " miroir:leader_lease"] =
          ErrorReply("WRONGTYPE Operation against a key");
      reading = fresh.Read();
      BOOST_TEST(FailedParts(reading) == "lease global");
      BOOST_TEST(reading.leaders.empty());
    }
  }
}

BOOST_AUTO_TEST_CASE(AReadingIsOnePipelineOfCheapCommands) {
  StoreSettings settings;
  settings.prefix = "other";
  settings.sinks = {"s"};
  settings.cursors = {{"s", "i"}};
  settings.canaries = {"c"};
  settings.operation_scopes = {"ilm"};
  Read(settings);
  Read();
  BOOST_TEST(server.pipelines.size() == 2U);
  for (const std::string& command : server.pipelines.back()) {
    BOOST_TEST_CONTEXT(command) {
      for (const std::string expensive : {"KEYS", "SCAN", "SMEMBERS", "LRANGE", "HGETALL"}) {
        BOOST_TEST(!command.starts_with(expensive));
      }
      BOOST_TEST(command.find("miroir") == std::string::npos);
    }
  }
}

BOOST_AUTO_TEST_CASE(LeasesSinksAndCursorsAreRead) {
  StoreSettings settings;
  settings.lease_scopes = {"ilm", "drift_reconciler", "bad"};
  settings.sinks = {"s", "empty", "bad"};
  settings.cursors = {{"s", "i"}, {"s", "missing"}};
  server.replies["GET miroir:lease:ilm"] = TextReply("pod-0");
  server.replies["PTTL miroir:lease:ilm"] = IntegerReply(9000);
  server.replies["GET miroir:lease:bad"] = ErrorReply("WRONGTYPE Operation against a key");
  server.replies["LLEN miroir:cdc:overflow:s"] = IntegerReply(4);
  server.replies["GET miroir:cdc:overflow_bytes:s"] = TextReply("1024");
  server.replies["GET miroir:cdc:overflow_bytes:bad"] = TextReply("many");
  server.replies["HMGET miroir:cdc_cursor:s:i updated_at"] =
      ListReply({TextReply("1576799990000")});
  server.replies["HMGET miroir:cdc_cursor:s:missing updated_at"] = ListReply({NilReply()});
  const Reading reading = Read(settings);
  BOOST_TEST(FailedParts(reading) == "lease bad; sink bad");
  BOOST_TEST(reading.leaders.size() == 2U);
  BOOST_TEST(reading.leaders.at("ilm").holder == "pod-0");
  BOOST_TEST((reading.leaders.at("ilm").ttl_seconds == 9));
  BOOST_TEST(reading.leaders.at("drift_reconciler").holder == "");
  BOOST_TEST_REQUIRE(reading.overflows.size() == 3U);
  BOOST_TEST((reading.overflows[0].events == 4));
  BOOST_TEST((reading.overflows[0].bytes == 1024));
  BOOST_TEST((reading.overflows[1].bytes == 0));
  BOOST_TEST_REQUIRE(reading.cursors.size() == 1U);
  BOOST_TEST(reading.cursors[0].updated_at == kServerNow - 10);
}

BOOST_AUTO_TEST_CASE(AnOperationIsReadOnceItsScopeHasToldWhichItIs) {
  StoreSettings settings;
  settings.operation_scopes = {"ilm"};
  const auto begin = [&](const std::string& id, const std::string& status) {
    server.replies["GET miroir:mode_b_ops_scope:ilm"] = TextReply(id);
    server.replies["HMGET miroir:mode_b_ops:" + id + " status phase_started_at"] =
        ListReply({TextReply(status), TextReply("1576799940000")});
  };
  begin("a", "running");
  BOOST_TEST(Read(settings).operations.empty());
  Reading reading = Read();
  BOOST_TEST_REQUIRE(reading.operations.size() == 1U);
  BOOST_TEST(reading.operations[0].phase_age == 60);
  begin("b", "paused");  // The hash that is asked for is still that of the one before.
  BOOST_TEST(Read().operations.empty());
  BOOST_TEST(Read().operations.size() == 1U);
  begin("b", "completed");
  BOOST_TEST(Read().operations.empty());
  server.replies.erase("GET miroir:mode_b_ops_scope:ilm");
  BOOST_TEST(Read().operations.empty());
  BOOST_TEST(FailedParts(Read()) == "");
}

BOOST_AUTO_TEST_CASE(CanariesAreThoseThatTheStoreLists) {
  server.replies["SCARD miroir:canary:_index"] = IntegerReply(2);
  server.replies["SRANDMEMBER miroir:canary:_index 200"] =
      ListReply({TextReply("b"), TextReply("a")});
  const auto ran = [&](const std::string& canary, const std::string& run) {
    server.replies["ZREVRANGE miroir:canary_runs:" + canary + " 0 0 WITHSCORES"] =
        ListReply({TextReply(run), TextReply("1576799000000")});
  };
  ran("a", R"({"status":"passed","latency_ms":3})");
  ran("b", R"({"status":"failed"})");
  BOOST_TEST(Read().canaries.empty());  // They are asked about from the next reading on.
  const Reading reading = Read();
  BOOST_TEST_REQUIRE(reading.canaries.size() == 2U);
  BOOST_TEST(reading.canaries[0].canary == "a");
  BOOST_TEST(reading.canaries[0].passed);
  BOOST_TEST(reading.canaries[0].ran_at == kServerNow - 1000);
  BOOST_TEST(!reading.canaries[1].passed);
  for (const std::string run : {"", "{", "[]", R"({"status":"error"})"}) {
    ran("a", run);
    BOOST_TEST(!Read().canaries[0].passed);
  }
  const auto lists = [&] {
    const std::vector<std::string>& last = server.pipelines.back();
    return std::find(last.begin(), last.end(), "SCARD miroir:canary:_index") != last.end();
  };
  BOOST_TEST(!lists());
  clock.Advance(std::chrono::minutes(5));
  server.replies["SCARD miroir:canary:_index"] = IntegerReply(201);
  BOOST_TEST(FailedParts(Read()) == "canaries");
  BOOST_TEST(lists());
  const Reading between = Read();
  BOOST_TEST(!lists());
  BOOST_TEST(between.canaries.empty());
  BOOST_TEST(FailedParts(between) == "canaries");  // It must not come and go.
  clock.Advance(std::chrono::minutes(5));
  server.replies["SCARD miroir:canary:_index"] = IntegerReply(2);
  BOOST_TEST(FailedParts(Read()) == "");
  BOOST_TEST(Read().canaries.size() == 2U);
}

BOOST_AUTO_TEST_CASE(SampledJobsTellAboutTheQueue) {
  StoreSettings settings;
  settings.sample_queue = true;
  server.replies["SCARD miroir:jobs:_queued"] = IntegerReply(400);
  server.replies["SRANDMEMBER miroir:jobs:_queued 64"] =
      ListReply({TextReply("1"), TextReply("2"), TextReply("3"), TextReply("4"), TextReply("5")});
  for (const std::string id : {"1", "2", "3", "4"}) {
    server.replies["SISMEMBER miroir:jobs:_queued " + id] = IntegerReply(1);
  }
  const auto job = [](const std::string& id) {
    return "HMGET miroir:jobs:" + id + " state type created_at";
  };
  server.replies[job("1")] = Job("queued", "rebalance", "1576799000000");
  server.replies[job("2")] = Job("queued", "ttl_sweep", "1576799900000");
  server.replies[job("3")] = Job("completed", "rebalance", "1");
  server.replies[job("4")] = ListReply({NilReply(), NilReply(), NilReply()});
  const Reading reading = Read(settings);
  BOOST_TEST(server.pipelines.size() == 2U);
  BOOST_TEST_REQUIRE(reading.sample.has_value());
  BOOST_TEST(reading.sample->depth_by_type.at("rebalance") == 100);
  BOOST_TEST(reading.sample->depth_by_type.size() == 2U);
  BOOST_TEST((reading.sample->stale_ratio == 0.5));
  BOOST_TEST((reading.sample->oldest_at == kServerNow - 1000));
  BOOST_TEST(Read().sample.has_value());
  BOOST_TEST(server.pipelines.size() == 3U);  // The next sample is due in a minute.
  clock.Advance(std::chrono::minutes(1));
  server.replies["SRANDMEMBER miroir:jobs:_queued 64"] = ListReply({});
  const Reading empty = Read();
  BOOST_TEST_REQUIRE(empty.sample.has_value());
  BOOST_TEST(empty.sample->depth_by_type.empty());
  BOOST_TEST(!empty.sample->stale_ratio);
}

BOOST_AUTO_TEST_CASE(AReplicaWithoutItsMasterIsReported) {
  server.replies["INFO ALL"] =
      TextReply("role:slave\r\nmaster_link_status:down\r\nused_memory:12\r\nmaxmemory:0\r\n");
  const Reading reading = Read();
  BOOST_TEST(FailedParts(reading) == "replica");
  BOOST_TEST((reading.redis.memory_used_bytes == 12));
  BOOST_TEST((reading.redis.memory_max_bytes == 0));
  BOOST_TEST(!reading.redis.evicted_keys);
}

BOOST_AUTO_TEST_CASE(AnAnswerOfAnotherKindCostsItsOwnTopic) {
  for (const std::string command :
       {"INFO ALL", "TYPE miroir:jobs:_queued", "SCARD miroir:jobs:_queued",
        "GET miroir:schema_version", "GET miroir:lease:drift_reconciler",
        "PTTL miroir:lease:drift_reconciler", "SCARD miroir:canary:_index",
        "SRANDMEMBER miroir:canary:_index 200"}) {
    BOOST_TEST_CONTEXT(command) {
      for (const RedisReply& reply :
           {ErrorReply("NOPERM no"), NilReply(), ListReply({}), TextReply("?"), IntegerReply(-5)}) {
        Fixture fresh;
        fresh.server.replies[command] = reply;
        static_cast<void>(fresh.Read());
        static_cast<void>(fresh.Read());
      }
    }
  }
  server.replies["TIME"] = ErrorReply("NOPERM no");
  const auto made = MakeRedisStore({}, std::make_unique<CannedConnection>(server), clock);
  BOOST_TEST(!made->Read(LongAttempt()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::miroir

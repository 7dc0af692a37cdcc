#include "collectors/kailash/redis_source.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include "tests/collectors/kailash/check_values.h"
#include "tests/collectors/kailash/watched.h"

namespace tocsin::collectors::kailash {
namespace {

RedisReply Text(std::string text) {
  return {.kind = RedisReply::Kind::kText, .text = std::move(text)};
}

RedisReply Integer(std::int64_t integer) {
  return {.kind = RedisReply::Kind::kInteger, .integer = integer};
}

RedisReply Refusal(std::string text) {
  return {.kind = RedisReply::Kind::kError, .text = std::move(text)};
}

RedisReply Texts(const std::vector<std::string>& texts) {
  RedisReply reply{.kind = RedisReply::Kind::kArray};
  for (const std::string& text : texts) reply.items.push_back(Text(text));
  return reply;
}

/// What a Redis holds, by the command as a line; whatever else is asked for is not there.
struct Script {
  std::map<std::string, RedisReply> replies;
  std::optional<Error> error;
  int pipelines = 0;
  std::vector<std::string> asked;

  void SetWorkers(const std::map<std::string, std::string>& heartbeats, std::int64_t dead = 0) {
    std::vector<std::string> members;
    for (const auto& [worker, heartbeat] : heartbeats) {
      members.push_back(worker);
      replies["GET kailash:worker:heartbeat:" + worker] = Text(heartbeat);
    }
    for (std::int64_t i = 0; i < dead; ++i) members.push_back(fmt::format("dead-{}", i));
    replies["SCARD kailash:workers"] = Integer(static_cast<std::int64_t>(members.size()));
    replies["SMEMBERS kailash:workers"] = Texts(members);
  }
};

class ScriptedConnection final : public RedisConnection {
 public:
  explicit ScriptedConnection(Script& script) : script_(script) {}
  Result<std::vector<RedisReply>> Pipeline(std::span<const RedisCommand> commands,
                                           const Attempt& /*attempt*/) override {
    ++script_.pipelines;
    if (script_.error) return *script_.error;
    std::vector<RedisReply> replies;
    for (const RedisCommand& command : commands) {
      std::string line;
      for (const std::string& word : command) line += (line.empty() ? "" : " ") + word;
      script_.asked.push_back(line);
      replies.push_back(ReplyTo(line));
    }
    return replies;
  }
  std::uint64_t generation() const override { return 1; }

 private:
  RedisReply ReplyTo(const std::string& line) const {
    const auto found = script_.replies.find(line);
    if (found != script_.replies.end()) return found->second;
    if (line.starts_with("GET ")) return {};
    if (line.starts_with("PTTL ")) return Integer(-2);
    if (line.starts_with("SMEMBERS ")) return Texts({});
    return Integer(0);
  }

  Script& script_;
};

struct Watched {
  explicit Watched(Settings settings = {})
      : source(std::make_unique<ScriptedConnection>(script), settings, clock) {
    script.replies["TIME"] = Texts({"1795265400", "500000"});
  }

  Values Read() {
    script.pipelines = 0;
    script.asked.clear();
    status = source.Read(LongAttempt());
    MetricSink sink({5000, {}}, nullptr);
    source.Publish(sink);
    parts.clear();
    for (const SourceReport& part : source.parts()) {
      parts.insert_or_assign(part.source, part.status);
    }
    for (const std::uint64_t count : sink.dropped()) BOOST_TEST(count == 0U);
    return ValuesOf(*sink.Finish(TimePoint()));
  }

  Script script;
  FakeClock clock{TimePoint(std::chrono::seconds(1795265400))};
  RedisSource source;
  Status status;
  std::map<std::string, Status> parts;
};

Settings Breakers(std::vector<std::string> names) {
  Settings settings;
  settings.breakers = std::move(names);
  settings.queues = {};
  settings.redis_workers = false;
  return settings;
}

std::string State(const std::string& name) {
  return fmt::format("kailash_circuit_breaker_state{{name=\"{}\"}}", name);
}

const std::string kBeat =
    R"({"worker_id":"a","timestamp":1795265390.5,"active_tasks":0,"concurrency":1,)"
    R"("queues":{"default":1,"fast":2}})";
const std::string kOldBeat = R"({"worker_id":"b","timestamp":1795265380.5})";
const std::string kRegistered = R"(kailash_workers{queue="__all__",backend="redis"})";
const std::string kAlive = R"(kailash_workers_alive{queue="default",backend="redis"})";

}  // namespace

BOOST_AUTO_TEST_SUITE(redis_source_test)

BOOST_AUTO_TEST_CASE(TheStatesOfBreakersAreNumbers) {
  const struct {
    std::optional<RedisReply> reply;
    std::optional<double> state;
    std::optional<ErrorCode> error;
  } rows[] = {
      {std::nullopt, 1, std::nullopt},  // Missing is closed.
      {Text("closed"), 1, std::nullopt},
      {Text("open"), 2, std::nullopt},
      {Text("half_open"), 3, std::nullopt},
      {Text("ajar"), -1, ErrorCode::kCorrupt},
      {Text(""), -1, ErrorCode::kCorrupt},
      {Refusal("WRONGTYPE Operation against a key holding the wrong kind of value"), std::nullopt,
       ErrorCode::kNotFound},
      {Refusal("NOPERM this user has no permissions"), std::nullopt, ErrorCode::kDenied},
      {Integer(2), std::nullopt, ErrorCode::kCorrupt},
  };
  for (const auto& row : rows) {
    Watched redis(Breakers({"database"}));
    if (row.reply) redis.script.replies["GET cb:database:state"] = *row.reply;
    const Values values = redis.Read();
    BOOST_TEST_CONTEXT((row.reply ? row.reply->text : "missing")) {
      BOOST_TEST_REQUIRE(static_cast<bool>(redis.status));
      BOOST_TEST(values.contains(State("database")) == row.state.has_value());
      if (row.state) {
        BOOST_TEST(At(values, State("database")) == *row.state);
        BOOST_TEST(At(values, R"(kailash_circuit_breaker_open{name="database"})") ==
                   (*row.state == 2 ? 1 : 0));
      }
      BOOST_TEST(redis.parts.contains("breakers") == row.error.has_value());
      if (row.error) BOOST_TEST((redis.parts.at("breakers").error().code == *row.error));
    }
  }
}

BOOST_AUTO_TEST_CASE(ABreakerHasFailuresAndATimeToLive) {
  Watched redis(Breakers({"a", "b"}));
  redis.script.replies["GET cb:a:state"] = Text("open");
  redis.script.replies["GET cb:a:failure_count"] = Text("12");
  redis.script.replies["GET cb:a:last_failure"] = Text("1795265390.25");
  redis.script.replies["PTTL cb:a:state"] = Integer(86'399'500);
  redis.script.replies["GET cb:b:state"] = Text("closed");
  redis.script.replies["GET cb:b:failure_count"] = Text("many");
  redis.script.replies["PTTL cb:b:state"] = Integer(-1);  // Kept for ever.
  const Values values = redis.Read();
  BOOST_TEST(At(values, R"(kailash_circuit_breaker_failures{name="a"})") == 12);
  BOOST_TEST(At(values, R"(kailash_circuit_breaker_last_failure_timestamp_seconds{name="a"})") ==
             1795265390.25);
  BOOST_TEST(At(values, R"(kailash_circuit_breaker_key_ttl_seconds{name="a"})") == 86399.5);
  BOOST_TEST(At(values, State("b")) == 1);
  BOOST_TEST(!values.contains(R"(kailash_circuit_breaker_failures{name="b"})"));
  BOOST_TEST(
      !values.contains(R"(kailash_circuit_breaker_last_failure_timestamp_seconds{name="b"})"));
  BOOST_TEST(!values.contains(R"(kailash_circuit_breaker_key_ttl_seconds{name="b"})"));
  BOOST_TEST((redis.parts.at("breakers").error().code == ErrorCode::kCorrupt));
  BOOST_TEST(redis.source.clock_skew_seconds().value() == 0.5);
}

BOOST_AUTO_TEST_CASE(TheDefaultQueueHasKeysWithoutItsName) {
  Settings settings;
  settings.queues = {"default", "fast", "wrong"};
  settings.redis_workers = false;
  Watched redis(settings);
  redis.script.replies["LLEN kailash:tasks:pending"] = Integer(3);
  redis.script.replies["LLEN kailash:tasks:processing"] = Integer(1);
  redis.script.replies["LLEN kailash:tasks:pending:fast"] = Integer(7);
  redis.script.replies["LLEN kailash:tasks:pending:wrong"] = Refusal("WRONGTYPE Operation");
  const Values expected = {
      {R"(kailash_task_queue_depth{queue="default",state="pending",backend="redis"})", 3},
      {R"(kailash_task_queue_depth{queue="default",state="processing",backend="redis"})", 1},
      {R"(kailash_task_queue_depth{queue="fast",state="pending",backend="redis"})", 7},
      {R"(kailash_task_queue_depth{queue="fast",state="processing",backend="redis"})", 0},
      {R"(kailash_task_queue_depth{queue="wrong",state="processing",backend="redis"})", 0},
  };
  CheckValues(redis.Read(), expected);
  BOOST_TEST((redis.parts.at("queues").error().code == ErrorCode::kNotFound));
}

BOOST_AUTO_TEST_CASE(WorkersLiveAsLongAsTheirHeartbeatIsThere) {
  Watched redis;
  redis.script.SetWorkers({{"a", kBeat}, {"b", kOldBeat}}, 2);
  for (int i = 0; i < 2; ++i) {
    const Values values = redis.Read();
    BOOST_TEST(At(values, kRegistered) == 4);
    BOOST_TEST(At(values, kAlive) == 2);
    BOOST_TEST(At(values, R"(kailash_workers_alive{queue="fast",backend="redis"})") == 1);
    BOOST_TEST(At(values, R"(kailash_worker_last_heartbeat_age_seconds{queue="default",)"
                          R"(backend="redis"})") == 20);
    BOOST_TEST(At(values, R"(kailash_worker_last_heartbeat_age_seconds{queue="fast",)"
                          R"(backend="redis"})") == 10);
    // Once the workers are known, all is asked for at once.
    BOOST_TEST(redis.script.pipelines == (i == 0 ? 3 : 1));
  }
  redis.script.replies.erase("GET kailash:worker:heartbeat:a");
  BOOST_TEST(At(redis.Read(), kAlive) == 1);
  redis.script.SetWorkers({{"c", kBeat}});
  BOOST_TEST(At(redis.Read(), kAlive) == 1);
  BOOST_TEST(redis.script.pipelines == 2);  // One is new.
  redis.script.SetWorkers({});
  const Values none = redis.Read();
  BOOST_TEST(At(none, kRegistered) == 0);
  BOOST_TEST(At(none, kAlive) == 0);
  BOOST_TEST(!none.contains(
      R"(kailash_worker_last_heartbeat_age_seconds{queue="default",backend="redis"})"));
}

BOOST_AUTO_TEST_CASE(AHeartbeatFromTheFutureIsNotNegative) {
  Watched redis;
  redis.script.SetWorkers({{"a", R"({"timestamp": 1795315800, "queues": {"default": 1}})"}});
  BOOST_TEST(At(redis.Read(), R"(kailash_worker_last_heartbeat_age_seconds{queue="default",)"
                              R"(backend="redis"})") == 0);
}

BOOST_AUTO_TEST_CASE(AHeartbeatThatMakesNoSenseIsOneStill) {
  for (const std::string beat : {"", "{", "[]", "{\"timestamp\": \"now\"}"}) {
    BOOST_TEST_CONTEXT(beat) {
      Watched redis;
      redis.script.SetWorkers({{"a", beat}});
      BOOST_TEST(At(redis.Read(), kAlive) == 1);
      BOOST_TEST((redis.parts.at("workers").error().code == ErrorCode::kCorrupt));
    }
  }
}

BOOST_AUTO_TEST_CASE(WhoLivesIsAbsentWhereItCannotBeTold) {
  const struct {
    std::string what;
    std::string command;
    RedisReply reply;
    ErrorCode code;
    bool is_counted;
  } rows[] = {
      {"wrong type", "SCARD kailash:workers", Refusal("WRONGTYPE"), ErrorCode::kNotFound, false},
      {"too many", "SCARD kailash:workers", Integer(1001), ErrorCode::kTooLarge, true},
      {"not to be listed", "SMEMBERS kailash:workers", Refusal("NOPERM"), ErrorCode::kDenied, true},
      {"not to be read", "GET kailash:worker:heartbeat:a", Refusal("NOPERM"), ErrorCode::kDenied,
       true},
  };
  for (const auto& row : rows) {
    for (const bool is_known : {false, true}) {
      BOOST_TEST_CONTEXT(row.what << (is_known ? ", later" : "")) {
        Watched redis;
        redis.script.SetWorkers({{"a", kBeat}});
        if (is_known) redis.Read();
        redis.script.replies[row.command] = row.reply;
        const Values values = redis.Read();
        BOOST_TEST_REQUIRE(static_cast<bool>(redis.status));
        BOOST_TEST(values.contains(kRegistered) == row.is_counted);
        BOOST_TEST(!values.contains(kAlive));
        BOOST_TEST((redis.parts.at("workers").error().code == row.code));
        redis.script.SetWorkers({{"a", kBeat}});
        BOOST_TEST(At(redis.Read(), kAlive) == 1);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(WhatRedisDoesNotAnswerIsAbsent) {
  Settings settings;
  settings.breakers = {"database"};
  Watched redis(settings);
  BOOST_TEST(!redis.Read().empty());
  redis.script.error = Error{ErrorCode::kUnavailable, "LOADING"};
  BOOST_TEST(redis.Read().empty());
  BOOST_TEST((redis.status.error().code == ErrorCode::kUnavailable));
  redis.script.error.reset();
  BOOST_TEST(At(redis.Read(), State("database")) == 1);
}

BOOST_AUTO_TEST_CASE(NoCommandCostsMoreTheMoreThereIs) {
  Settings settings;
  settings.breakers = {"database"};
  Watched redis(settings);
  redis.script.SetWorkers({{"a", kBeat}}, 5000);
  redis.Read();
  redis.Read();
  for (const std::string& line : redis.script.asked) {
    const std::string command = line.substr(0, line.find(' '));
    BOOST_TEST_CONTEXT(line) {
      BOOST_TEST((command == "TIME" || command == "GET" || command == "PTTL" || command == "LLEN" ||
                  command == "SCARD"));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::kailash

#include "collectors/redis/collector.h"

#include <fstream>
#include <set>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "collectors/redis/leases.h"
#include "tests/collectors/redis/canned_redis.h"
#include "tests/support/temporary_folder.h"

namespace tocsin::collectors::redis {
namespace {

/// The settings that `yaml` gives, in which nothing may be wrong.
Settings SettingsOf(const std::string& yaml) {
  Settings settings;
  const std::string mistakes = MistakesIn(yaml, [&](YamlMap& options) {
    settings.keys = ReadKeys(options);
    settings.leases = ReadLeases(options);
    settings.streams = options.StringsOr("streams", {});
  });
  BOOST_TEST(mistakes == "");
  return settings;
}

RedisReply Group(const std::string& name, std::optional<std::int64_t> lag) {
  return ListReply({TextReply("name"), TextReply(name), TextReply("consumers"), IntegerReply(2),
                    TextReply("pending"), IntegerReply(5), TextReply("last-delivered-id"),
                    TextReply("1-1"), TextReply("entries-read"), NilReply(), TextReply("lag"),
                    lag ? IntegerReply(*lag) : NilReply()});
}

const std::string kIlmLease = "leases: [{key: 'lease:ilm', name: ilm}]";
const std::string kIlmChanges = R"(redis_lease_holder_changes_total{lease="ilm"})";

}  // namespace

BOOST_AUTO_TEST_SUITE(redis_collector_test)

BOOST_AUTO_TEST_CASE(TheCatalogueIsSound) {
  std::set<std::string_view> names;
  for (const MetricDesc& metric : Metrics()) {
    BOOST_TEST_CONTEXT(metric.name) {
      BOOST_TEST(IsMetricName(metric.name));
      BOOST_TEST(metric.name.starts_with("redis_"));
      BOOST_TEST(names.insert(metric.name).second);
      BOOST_TEST(!metric.help.empty());
      BOOST_TEST((metric.type == MetricType::kCounter) == metric.name.ends_with("_total"));
    }
  }
}

BOOST_AUTO_TEST_CASE(AllOfACollectionIsOnePipeline) {
  Watched redis(
      SettingsOf("keys: [{key: q, command: llen}, {key: h, command: hget, field: f}]\n"
                 "leases: [{key: l}]\nstreams: [s]"));
  redis.CollectWhole();
  redis.CollectWhole();
  const std::vector<std::string> pipeline = {"TIME",  "INFO ALL", "LLEN q", "HGET h f",
                                             "GET l", "PTTL l",   "XLEN s", "XINFO GROUPS s"};
  BOOST_TEST((redis.server.pipelines == std::vector{pipeline, pipeline}));
}

BOOST_AUTO_TEST_CASE(KeysAreWhatTheirCommandSays) {
  struct Row {
    std::string key;  ///< An entry of `keys`.
    std::string asked;
    RedisReply reply;
    Values expected;
  };
  const std::vector<Row> table = {
      {"{key: a, command: llen}",
       "LLEN a",
       IntegerReply(7),
       {{R"(redis_key_size{db="db0",key="a"})", 7}}},
      {"{key: a, command: SCARD}",
       "SCARD a",
       IntegerReply(0),
       {{R"(redis_key_size{db="db0",key="a"})", 0}}},
      {"{key: a, command: get}",
       "GET a",
       TextReply("1.5"),
       {{R"(redis_key_value{db="db0",key="a"})", 1.5}}},
      {"{key: a, command: get}", "GET a", NilReply(), {}},
      {"{key: a, command: hget, field: f}",
       "HGET a f",
       TextReply("-2"),
       {{R"(redis_key_field_value{db="db0",key="a",field="f"})", -2}}},
      {"{key: a, command: pttl}",
       "PTTL a",
       IntegerReply(2500),
       {{R"(redis_key_ttl_seconds{db="db0",key="a"})", 2.5}}},
      {"{key: a, command: pttl}", "PTTL a", IntegerReply(-1), {}},
      {"{key: a, command: pttl}", "PTTL a", IntegerReply(-2), {}},
      {"{key: a, command: exists}",
       "EXISTS a",
       IntegerReply(1),
       {{R"(redis_key_exists{db="db0",key="a"})", 1}}},
      {"{key: a, command: zcard, metric: waiting, labels: {queue: fast}}",
       "ZCARD a",
       IntegerReply(3),
       {{R"(waiting{queue="fast"})", 3}}},
      {"{key: a, command: get, metric: done_total, type: counter}",
       "GET a",
       TextReply("12"),
       {{"done_total", 12}}},
  };
  for (const Row& row : table) {
    BOOST_TEST_CONTEXT(row.key) {
      Watched redis(SettingsOf("keys: [" + row.key + "]"));
      redis.server.replies[row.asked] = row.reply;
      Values values = redis.CollectWhole();
      std::erase_if(values, [](const auto& value) {
        return value.first == "redis_up" || value.first.starts_with("redis_instance_info");
      });
      BOOST_TEST((values == row.expected));
    }
  }
}

BOOST_AUTO_TEST_CASE(AKeyThatCannotBeReadCostsItselfOnly) {
  struct Row {
    RedisReply reply;
    ErrorCode code;
  };
  const std::vector<Row> table = {
      {ErrorReply("WRONGTYPE Operation against a key holding the wrong kind of value"),
       ErrorCode::kNotFound},
      {ErrorReply("NOPERM this user has no permissions to access one of the keys"),
       ErrorCode::kDenied},
      {TextReply("hunter2"), ErrorCode::kCorrupt},
      {ListReply({IntegerReply(1)}), ErrorCode::kCorrupt},
  };
  for (const Row& row : table) {
    BOOST_TEST_CONTEXT(row.reply.text) {
      Watched redis(SettingsOf("keys: [{key: bad, command: get}, {key: good, command: llen}]"));
      redis.server.replies["GET bad"] = row.reply;
      const Values values = redis.Collect();
      BOOST_TEST(static_cast<bool>(redis.status));
      BOOST_TEST(At(values, R"(redis_key_size{db="db0",key="good"})") == 0);
      BOOST_TEST(!values.contains(R"(redis_key_value{db="db0",key="bad"})"));
      BOOST_TEST_REQUIRE(redis.parts.size() == 1U);
      BOOST_TEST(redis.parts[0].source == "GET \"bad\"");
      const Error& error = redis.parts[0].status.error();
      BOOST_TEST((error.code == row.code));
      BOOST_TEST(error.message.find("hunter2") == std::string::npos);
    }
  }
}

BOOST_AUTO_TEST_CASE(KeysMayShareAMetric) {
  Watched redis(
      SettingsOf("keys:\n"
                 "  - {key: a, command: llen, metric: depth, labels: {queue: a}}\n"
                 "  - {key: b, command: scard, metric: depth, labels: {queue: b}}\n"));
  redis.server.replies["LLEN a"] = IntegerReply(1);
  redis.server.replies["SCARD b"] = IntegerReply(2);
  const Values values = redis.CollectWhole();
  BOOST_TEST(At(values, R"(depth{queue="a"})") == 1);
  BOOST_TEST(At(values, R"(depth{queue="b"})") == 2);
}

BOOST_AUTO_TEST_CASE(StreamsHaveTheirGroups) {
  Watched redis(SettingsOf("streams: [s, missing]"));
  redis.server.replies["XLEN s"] = IntegerReply(9);
  redis.server.replies["XINFO GROUPS s"] = ListReply({Group("g", 4), Group("h", std::nullopt)});
  const Values values = redis.CollectWhole();
  const std::vector<std::pair<std::string, double>> expected = {
      {R"(redis_stream_length{db="db0",stream="s"})", 9},
      {R"(redis_stream_groups{db="db0",stream="s"})", 2},
      {R"(redis_stream_group_consumers{db="db0",stream="s",group="g"})", 2},
      {R"(redis_stream_group_messages_pending{db="db0",stream="s",group="h"})", 5},
      {R"(redis_stream_group_lag{db="db0",stream="s",group="g"})", 4},
      {R"(redis_stream_length{db="db0",stream="missing"})", 0},
      {R"(redis_stream_groups{db="db0",stream="missing"})", 0},
  };
  for (const auto& [series, value] : expected) BOOST_TEST(At(values, series) == value);
  BOOST_TEST(!values.contains(R"(redis_stream_group_lag{db="db0",stream="s",group="h"})"));
}

BOOST_AUTO_TEST_CASE(AStreamOfAnotherTypeCostsItselfOnly) {
  Watched redis(SettingsOf("streams: [list, s]"));
  redis.server.replies["XLEN list"] = ErrorReply("WRONGTYPE Operation against a key");
  redis.server.replies["XINFO GROUPS s"] =
      ListReply({TextReply("no list"), ListReply({TextReply("name")}), Group("g", 1)});
  const Values values = redis.Collect();
  BOOST_TEST_REQUIRE(redis.parts.size() == 1U);
  BOOST_TEST(redis.parts[0].source == "stream list");
  BOOST_TEST(At(values, R"(redis_stream_group_lag{db="db0",stream="s",group="g"})") == 1);
}

BOOST_AUTO_TEST_CASE(ALeaseHasItsHolderAndItsTime) {
  const TemporaryFolder folder;
  const std::filesystem::path state = folder.path() / "state.json";
  const auto hold = [](Watched& redis, const std::string& holder) {
    redis.server.replies["GET lease:ilm"] = holder.empty() ? NilReply() : TextReply(holder);
    redis.server.replies["PTTL lease:ilm"] = IntegerReply(holder.empty() ? -2 : 9500);
    return redis.CollectWhole();
  };
  {
    Watched redis(SettingsOf(kIlmLease), state);
    Values values = hold(redis, "");
    BOOST_TEST(At(values, R"(redis_lease_held{lease="ilm"})") == 0);
    BOOST_TEST(!values.contains(R"(redis_lease_ttl_seconds{lease="ilm"})"));
    BOOST_TEST(At(values, kIlmChanges) == 0);
    values = hold(redis, "pod-0");
    BOOST_TEST(At(values, R"(redis_lease_held{lease="ilm"})") == 1);
    BOOST_TEST(At(values, R"(redis_lease_ttl_seconds{lease="ilm"})") == 9.5);
    BOOST_TEST(At(values, R"(redis_lease_info{lease="ilm",holder="pod-0"})") == 1);
    BOOST_TEST(At(values, kIlmChanges) == 0);  // Nobody was seen before.
    hold(redis, "");
    BOOST_TEST(At(hold(redis, "pod-0"), kIlmChanges) == 0);  // The same one again.
    values = hold(redis, "pod-1");
    BOOST_TEST(At(values, kIlmChanges) == 1);
    BOOST_TEST(!values.contains(R"(redis_lease_info{lease="ilm",holder="pod-0"})"));
  }
  Watched restarted(SettingsOf(kIlmLease), state);
  BOOST_TEST(At(hold(restarted, "pod-1"), kIlmChanges) == 1);
  BOOST_TEST(At(hold(restarted, "pod-0"), kIlmChanges) == 2);
}

BOOST_AUTO_TEST_CASE(ALeaseThatCannotBeReadHasOnlyItsTotal) {
  Watched redis(SettingsOf(kIlmLease));
  redis.server.replies["GET lease:ilm"] = ErrorReply("WRONGTYPE Operation against a key");
  const Values values = redis.Collect();
  BOOST_TEST_REQUIRE(redis.parts.size() == 1U);
  BOOST_TEST(redis.parts[0].source == "lease ilm");
  BOOST_TEST(!values.contains(R"(redis_lease_held{lease="ilm"})"));
  BOOST_TEST(At(values, kIlmChanges) == 0);
}

BOOST_AUTO_TEST_CASE(WhileTheStateCannotBeReadTheTotalIsLeftOut) {
  const TemporaryFolder folder;
  const std::filesystem::path state = folder.path() / "state.json";
  std::filesystem::create_directory(state);  // Reading a folder fails.
  Watched redis(SettingsOf(kIlmLease), state);
  const Values values = redis.Collect();
  BOOST_TEST(static_cast<bool>(redis.status));
  BOOST_TEST(!values.contains(kIlmChanges));
  BOOST_TEST(At(values, R"(redis_lease_held{lease="ilm"})") == 0);
  BOOST_TEST_REQUIRE(redis.parts.size() == 1U);
  BOOST_TEST(redis.parts[0].source == "state");
  std::filesystem::remove(state);
  BOOST_TEST(At(redis.CollectWhole(), kIlmChanges) == 0);
}

BOOST_AUTO_TEST_CASE(TheSkewIsThatOfAServerWhoseConnectionWasThere) {
  Watched redis;
  redis.clock.SetWall(TimePoint(std::chrono::seconds(1'576'800'000)));
  redis.server.replies["TIME"] = ListReply({TextReply("1576850400"), TextReply("500000")});
  redis.CollectWhole();
  BOOST_TEST_REQUIRE(redis.skew.has_value());
  BOOST_TEST(*redis.skew == 50400.5);  // Fourteen hours.
  redis.server.replies["TIME"] = ListReply({TextReply("soon")});
  redis.Collect();
  BOOST_TEST(!redis.skew.has_value());
  BOOST_TEST_REQUIRE(redis.parts.size() == 1U);
  BOOST_TEST(redis.parts[0].source == "time");
}

BOOST_AUTO_TEST_CASE(AServerThatCannotTellIsAFailure) {
  Watched redis;
  redis.server.failure = Error{ErrorCode::kUnavailable, "the server says LOADING"};
  redis.Collect();
  BOOST_TEST_REQUIRE(!redis.status);
  BOOST_TEST((redis.status.error().code == ErrorCode::kUnavailable));
  redis.server.failure.reset();
  redis.CollectWhole();
}

BOOST_AUTO_TEST_CASE(MistakesInTheOptionsAreTold) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"redis: {host: ''}", "expected a host name, an address or the path of a Unix socket"},
      {"redis: {host: 'redis://h'}", "expected a host name"},
      {"redis: {host: /" + std::string(107, 'x') + "}", "has at most 107 bytes"},
      {"redis: {tls: true}", "TLS is not supported"},
      {"redis: {port: 0}", "port"},
      {"redis: {database: -1}", "database"},
      {"keys: [{command: llen}]", "key"},
      {"keys: [{key: a, command: smembers}]", "expected llen, scard"},
      {"keys: [{key: a, command: hget}]", "hget needs the name of a field"},
      {"keys: [{key: a, command: get, field: f}]", "only hget has a field"},
      {"keys: [{key: a, command: get, labels: {x: y}}]", "expected the name of a metric beside it"},
      {"keys: [{key: a, command: get, metric: redis_up}]", "expected a name of the form"},
      {"keys: [{key: a, command: get, metric: 'a b'}]", "expected a name of the form"},
      {"keys: [{key: a, command: get, metric: m, type: histogram}]", "expected gauge or counter"},
      {"keys: [{key: a, command: get, metric: m, labels: {job: x}}]", "cannot be the name"},
      {"keys: [{key: a, command: get, metric: m}, {key: b, command: get, metric: m, type: "
       "counter}]",
       "another key gives this metric another type or other labels"},
      {"leases: [{key: a}, {key: b, name: a}]", "another lease has this name"},
      {"keys: [{key: a, command: llen}, {key: a, command: scard}]",
       "another key makes the same series"},
      {"keys: [{key: a, command: hget, field: f}, {key: a, command: hget, field: f}]",
       "another key makes the same series"},
      {"keys: [{key: a, command: llen, metric: m}, {key: b, command: llen, metric: m}]",
       "another key makes the same series"},
      {"keys: [{key: a, command: get, metric: m, labels: {x: y}}, {key: b, command: get, metric: "
       "m, labels: {x: y}}]",
       "another key makes the same series"},
      {"streams: [s, t, s]", "s is there twice"},
      {"streems: [a]", "did you mean"},
  };
  for (const auto& [yaml, mistake] : table) {
    BOOST_TEST_CONTEXT(yaml) {
      const std::string found = MistakesIn(yaml, [](YamlMap& options) { Configure(options); });
      BOOST_TEST(found.find(mistake) != std::string::npos, "found: " + found);
    }
  }
  const std::string several =
      "keys: [{key: a, command: llen}, {key: a, command: pttl}, {key: a, command: exists}, "
      "{key: a, command: hget, field: f}, {key: a, command: hget, field: g}, "
      "{key: a, command: get, metric: m, labels: {x: y}}, "
      "{key: a, command: get, metric: m, labels: {x: z}}, {key: a, command: llen, metric: n}]";
  BOOST_TEST(MistakesIn(several, [](YamlMap& options) { Configure(options); }) == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::redis

// A Redis connection that answers from a table, and a collector that reads it under a clock that
// the test moves.

#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "base/yaml.h"
#include "collectors/redis/collector.h"
#include "tests/collectors/dagster/values.h"
#include "tests/collectors/sql/attempt_for.h"
#include "tests/support/fake_clock.h"
#include "tests/support/recorded_log.h"
#include "tests/support/source_directory.h"

namespace tocsin::collectors::redis {

using dagster::At;
using dagster::Values;
using dagster::ValuesOf;

inline std::string FixtureText(const std::string& name) {
  const std::filesystem::path path = SourceDirectory() / "tests/fixtures/redis" / name;
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline RedisReply IntegerReply(std::int64_t value) {
  return {RedisReply::Kind::kInteger, value};
}
inline RedisReply TextReply(std::string text) {
  return {RedisReply::Kind::kText, 0, std::move(text)};
}
inline RedisReply ErrorReply(std::string text) {
  return {RedisReply::Kind::kError, 0, std::move(text)};
}
inline RedisReply ListReply(std::vector<RedisReply> items) {
  return {RedisReply::Kind::kArray, 0, "", std::move(items)};
}
inline RedisReply NilReply() {
  return {};
}

/// Answers commands, written with spaces between their words, from a table. What is not in it is
/// answered as by an empty server.
struct CannedRedis {
  std::map<std::string, RedisReply> replies;
  std::optional<Error> failure;  ///< Of the next pipelines.
  std::uint64_t generation = 1;
  std::vector<std::vector<std::string>> pipelines;  ///< All that were asked.

  Result<std::vector<RedisReply>> Answer(std::span<const RedisCommand> commands) {
    std::vector<RedisReply> answers;
    std::vector<std::string>& asked = pipelines.emplace_back();
    for (const RedisCommand& command : commands) {
      std::string words;
      for (const std::string& word : command) words += (words.empty() ? "" : " ") + word;
      const auto known = replies.find(words);
      answers.push_back(known != replies.end() ? known->second : Empty(command[0]));
      asked.push_back(std::move(words));
    }
    if (failure) return *failure;
    return answers;
  }

 private:
  static RedisReply Empty(const std::string& command) {
    if (command == "TIME") return ListReply({TextReply("1576800000"), TextReply("0")});
    if (command == "INFO") return TextReply("redis_version:7.0.15\r\n");
    if (command == "PTTL") return IntegerReply(-2);
    if (command == "GET" || command == "HGET") return NilReply();
    if (command == "TYPE") return {RedisReply::Kind::kStatus, 0, "none"};
    if (command == "XINFO") return ErrorReply("ERR no such key");
    if (command == "HMGET") return ListReply({});
    if (command == "ZREVRANGE" || command == "SRANDMEMBER") return ListReply({});
    if (command == "PING") return {RedisReply::Kind::kStatus, 0, "PONG"};
    return IntegerReply(0);
  }
};

class CannedConnection final : public RedisConnection {
 public:
  explicit CannedConnection(CannedRedis& server) : server_(server) {}
  Result<std::vector<RedisReply>> Pipeline(std::span<const RedisCommand> commands,
                                           const Attempt& /*attempt*/) override {
    return server_.Answer(commands);
  }
  std::uint64_t generation() const override { return server_.generation; }

 private:
  CannedRedis& server_;
};

/// A collector of a canned server.
struct Watched {
  explicit Watched(const Settings& settings = {}, const std::filesystem::path& state = {})
      : collector(settings, std::make_unique<CannedConnection>(server),
                  Environment{clock, log.log(), state}) {}

  /// Collects once and keeps what came of it.
  Values Collect() {
    MetricSink points({1000, {}}, nullptr);
    Collection collection{points};
    status = collector.Collect(LongAttempt(), collection);
    parts = std::move(collection.parts);
    skew = collection.clock_skew_seconds;
    const std::shared_ptr<const Snapshot> snapshot = points.Finish(clock.Now());
    dropped = points.dropped();
    return ValuesOf(*snapshot);
  }

  /// The same, where nothing may go wrong.
  Values CollectWhole() {
    Values values = Collect();
    BOOST_TEST_REQUIRE(static_cast<bool>(status), (status ? "" : status.error().message));
    for (const SourceReport& part : parts) {
      BOOST_TEST(false, part.source + ": " + part.status.error().message);
    }
    return values;
  }

  FakeClock clock;
  RecordedLog log;
  CannedRedis server;
  RedisCollector collector;
  Status status;
  std::vector<SourceReport> parts;
  std::optional<double> skew;
  DropCounts dropped{};
};

/// What is wrong with the options of a collector, as a text. `settings`, if given, is called with
/// the map before its unknown keys are reported.
template <class Read>
std::string MistakesIn(const std::string& yaml, Read read) {
  Diagnostics diagnostics("f.yaml");
  const std::optional<YamlNode> node = ParseYaml(yaml, diagnostics);
  BOOST_TEST_REQUIRE(node.has_value());
  {
    YamlMap options(*node, diagnostics);
    read(options);
  }
  return diagnostics.Text();
}

}  // namespace tocsin::collectors::redis

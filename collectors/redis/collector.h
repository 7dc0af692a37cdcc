// The Redis collector: what a Redis server says about itself, and keys, streams and leases in it.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "collectors/collector.h"
#include "collectors/counter_state.h"
#include "collectors/redis/connection.h"
#include "collectors/redis/info_topic.h"
#include "collectors/redis/keys.h"
#include "collectors/redis/lease.h"
#include "collectors/redis/topic.h"
#include "collectors/registry.h"

namespace tocsin::collectors::redis {

struct Settings {
  RedisOptions redis = {};
  InfoSettings info = {};
  std::vector<WatchedKey> keys = {};
  std::vector<RedisLease> leases = {};
  std::vector<std::string> streams = {};
};

/// Reads one Redis server: all commands of all topics, and TIME, go out in one pipeline, so that a
/// collection costs one round trip however much is watched. What a single command is refused is a
/// part of the collection; LOADING, MOVED and their like are its failure.
///
/// The number of a lease's changes is kept in Environment::state_file. While that file cannot be
/// read, the number is left out and each collection tries again. One thread at a time.
class RedisCollector final : public Collector {
 public:
  RedisCollector(const Settings& settings, std::unique_ptr<RedisConnection> connection,
                 const Environment& environment);

  Status Collect(const Attempt& attempt, Collection& collection) override;

 private:
  void Add(std::unique_ptr<Topic> topic);
  void PublishTopics(std::span<const RedisReply> replies, Collection& collection);
  Status TakeUpState();
  Status KeepState();

  const Environment environment_;
  std::unique_ptr<RedisConnection> connection_;
  std::vector<std::unique_ptr<Topic>> topics_;
  std::vector<RedisCommand> pipeline_;  // TIME, then those of each topic.
  CounterState state_;
  bool is_restored_ = false;
};

/// The metrics of all topics.
std::span<const MetricDesc> Metrics();

/// The options, for the registry.
std::span<const OptionDesc> Options();

/// Reads the options, for the registry.
MakeCollector Configure(YamlMap& options);

}  // namespace tocsin::collectors::redis

#include <array>
#include <optional>

#include "collectors/nested_options.h"
#include "collectors/redis/collector.h"
#include "collectors/redis/leases.h"
#include "collectors/redis/options.h"
#include "collectors/redis/streams.h"

namespace tocsin::collectors::redis {
namespace {

constexpr std::array kOwnOptions = {
    OptionDesc{"command_stats", "true/false", "true",
               "Also read calls, times and errors by command: INFO ALL instead of INFO."},
    OptionDesc{"compatibility_names", "true/false", "false",
               "Also export names that promtool refuses, and aliases for other dashboards."},
    OptionDesc{"keys", "list of maps", "[]", "Keys whose size or value becomes a metric."},
    OptionDesc{"keys[].key", "text", "", "The key."},
    OptionDesc{"keys[].command", "text", "",
               "What is asked about it: llen, scard, zcard, hlen, xlen, strlen, get, hget, pttl or "
               "exists."},
    OptionDesc{"keys[].field", "text", "", "The field that hget asks for."},
    OptionDesc{"keys[].metric", "text", "",
               "The name of the metric; without one it is redis_key_size and its like."},
    OptionDesc{"keys[].help", "text", "", "Its description."},
    OptionDesc{"keys[].type", "text", "gauge", "gauge, or counter for what only grows."},
    OptionDesc{"keys[].labels", "map of texts", "{}", "Its labels. The key is not one of them."},
    OptionDesc{"leases", "list of maps", "[]",
               "Keys that hold the name of whoever holds a lease, and expire."},
    OptionDesc{"leases[].key", "text", "", "The key."},
    OptionDesc{"leases[].name", "text", "", "The label; the key by default."},
    OptionDesc{"streams", "list of texts", "[]",
               "Keys of streams whose length and consumer groups are read."},
};

RedisOptions ReadRedis(YamlMap& options) {
  const YamlNode* const node = options.Node("redis");
  if (node == nullptr) return {};
  YamlMap redis(*node, options.diagnostics());
  return ReadRedisOptions(redis);
}

}  // namespace

std::span<const MetricDesc> Metrics() {
  static const std::vector<MetricDesc> kAll = [] {
    std::vector<MetricDesc> all;
    for (const auto& metrics : {InfoMetrics(), KeyMetrics(), LeaseMetrics(), StreamMetrics()}) {
      all.insert(all.end(), metrics.begin(), metrics.end());
    }
    return all;
  }();
  return kAll;
}

std::span<const OptionDesc> Options() {
  static const std::vector<OptionDesc> kAll = [] {
    std::vector<OptionDesc> all(kRedisOptions.begin(), kRedisOptions.end());
    all.insert(all.end(), kOwnOptions.begin(), kOwnOptions.end());
    return all;
  }();
  return kAll;
}

MakeCollector Configure(YamlMap& options) {
  Settings settings;
  settings.redis = ReadRedis(options);
  settings.info.command_stats = options.BoolOr("command_stats", settings.info.command_stats);
  settings.info.compatibility_names =
      options.BoolOr("compatibility_names", settings.info.compatibility_names);
  settings.keys = ReadKeys(options);
  settings.leases = ReadLeases(options);
  settings.streams = options.StringsOr("streams", {});
  RefuseRepeated(options, "streams", settings.streams);
  return [settings](const Environment& environment) {
    return std::make_unique<RedisCollector>(settings, MakeRedisConnection(settings.redis),
                                            environment);
  };
}

}  // namespace tocsin::collectors::redis

#include "collectors/redis/keys.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/quote.h"
#include "base/text.h"

namespace tocsin::collectors::redis {

/// A command that tells one number about one key, in a time that does not grow with it.
struct KeyCommand {
  enum class Reading {
    kCount,         ///< An integer; 0 for a key that is not there.
    kValue,         ///< A text that is a number; nothing for a key that is not there.
    kMilliseconds,  ///< An integer; -2 for a key that is not there, -1 for one that never expires.
  };

  std::string_view option;  ///< As in the configuration.
  const char* name;         ///< As the server knows it.
  Reading reading;
  MetricDesc metric;  ///< For keys that are given no name.
};

namespace {

using Reading = KeyCommand::Reading;

constexpr MetricDesc kSize = {"redis_key_size",
                              MetricType::kGauge,
                              "Items of a list, set, hash or stream, or bytes of a text; 0 for a "
                              "key that is not there.",
                              {"db", "key"}};
constexpr MetricDesc kValue = {
    "redis_key_value", MetricType::kGauge, "A key's value, where it is a number.", {"db", "key"}};
constexpr MetricDesc kFieldValue = {"redis_key_field_value",
                                    MetricType::kGauge,
                                    "The value of one field of a hash, where it is a number.",
                                    {"db", "key", "field"}};
constexpr MetricDesc kTtl = {
    "redis_key_ttl_seconds",
    MetricType::kGauge,
    "Time until a key expires; absent for one that is not there or never expires.",
    {"db", "key"}};
constexpr MetricDesc kExists = {
    "redis_key_exists", MetricType::kGauge, "Whether a key is there.", {"db", "key"}};

constexpr std::array kCommands = {
    KeyCommand{"llen", "LLEN", Reading::kCount, kSize},
    KeyCommand{"scard", "SCARD", Reading::kCount, kSize},
    KeyCommand{"zcard", "ZCARD", Reading::kCount, kSize},
    KeyCommand{"hlen", "HLEN", Reading::kCount, kSize},
    KeyCommand{"xlen", "XLEN", Reading::kCount, kSize},
    KeyCommand{"strlen", "STRLEN", Reading::kCount, kSize},
    KeyCommand{"get", "GET", Reading::kValue, kValue},
    KeyCommand{"hget", "HGET", Reading::kValue, kFieldValue},
    KeyCommand{"pttl", "PTTL", Reading::kMilliseconds, kTtl},
    KeyCommand{"exists", "EXISTS", Reading::kCount, kExists},
};

constexpr std::string_view kHget = "hget";
constexpr std::array<std::string_view, 2> kReservedLabels = {"job", "instance"};

const KeyCommand* FindCommand(std::string_view option) {
  const auto* const found =
      std::find_if(kCommands.begin(), kCommands.end(),
                   [&](const KeyCommand& command) { return command.option == option; });
  return found == kCommands.end() ? nullptr : found;
}

/// Nothing if the server has no such key, and so no number.
Result<std::optional<double>> NumberIn(const RedisReply& reply, Reading reading,
                                       std::string_view what) {
  const bool is_value = reading == Reading::kValue;
  if (is_value && reply.is_nil()) return std::optional<double>();
  const auto expected = is_value ? RedisReply::Kind::kText : RedisReply::Kind::kInteger;
  if (Status good = CheckReply(reply, expected, what); !good) return good.error();
  const std::optional<double> number = reply.Number();
  // The value is not shown: it may be anything, also a secret.
  if (!number) return Error{ErrorCode::kCorrupt, "the value is no number"}.Within(what);
  if (reading != Reading::kMilliseconds) return number;
  return *number < 0 ? std::optional<double>() : *number / 1000;
}

class KeysTopic final : public Topic {
 public:
  KeysTopic(std::vector<WatchedKey> keys, int database)
      : keys_(std::move(keys)), database_("db" + std::to_string(database)) {
    commands_.reserve(keys_.size());
    for (const WatchedKey& key : keys_) {
      RedisCommand& command = commands_.emplace_back(RedisCommand{key.command->name, key.key});
      if (key.command->option == kHget) command.push_back(key.field);
    }
  }

  std::span<const RedisCommand> commands() const override { return commands_; }
  void Publish(std::span<const RedisReply> replies, Collection& collection) override;

 private:
  void PublishOne(const WatchedKey& key, double value, MetricSink& points) const;

  const std::vector<WatchedKey> keys_;
  const std::string database_;
  std::vector<RedisCommand> commands_;
};

void KeysTopic::Publish(std::span<const RedisReply> replies, Collection& collection) {
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    const std::string what = std::string(keys_[i].command->name) + " " + Quoted(keys_[i].key);
    const Result<std::optional<double>> value =
        NumberIn(replies[i], keys_[i].command->reading, what);
    if (!value) {
      collection.parts.push_back({what, value.error()});
    } else if (*value) {
      PublishOne(keys_[i], **value, collection.points);
    }
  }
}

void KeysTopic::PublishOne(const WatchedKey& key, double value, MetricSink& points) const {
  if (key.metric) {
    const std::vector<std::string_view> labels(key.label_values.begin(), key.label_values.end());
    points.Add(key.metric->desc, labels, value);
  } else if (key.command->option == kHget) {
    points.Add(kFieldValue, {database_, key.key, key.field}, value);
  } else {
    points.Add(key.command->metric, {database_, key.key}, value);
  }
}

/// The metrics that the keys of one list have named so far.
class NamedMetrics {
 public:
  /// The metric of one key, or null if it is given no name. Sets the values of its labels.
  std::shared_ptr<const NamedMetric> Read(YamlMap& entry, const WatchedKey& key,
                                          std::vector<std::string>& label_values);

 private:
  static void CheckLabels(YamlMap& entry, const NamedMetric& metric);

  std::map<std::string, std::shared_ptr<const NamedMetric>> by_name_;
};

void NamedMetrics::CheckLabels(YamlMap& entry, const NamedMetric& metric) {
  for (const std::string& label : metric.label_names) {
    if (!IsLabelName(label) ||
        std::find(kReservedLabels.begin(), kReservedLabels.end(), label) != kReservedLabels.end()) {
      entry.Refuse("labels", Quoted(label) + " cannot be the name of a label");
    }
  }
  if (metric.label_names.size() > LabelNames::kMost) {
    entry.Refuse("labels", fmt::format("expected at most {} labels", LabelNames::kMost));
  }
}

std::shared_ptr<const NamedMetric> NamedMetrics::Read(YamlMap& entry, const WatchedKey& key,
                                                      std::vector<std::string>& label_values) {
  auto metric = std::make_shared<NamedMetric>();
  metric->name = entry.StringOr("metric", "");
  metric->help = entry.StringOr("help", "");
  const std::string type = entry.StringOr("type", "gauge");
  for (auto& [label, value] : entry.StringMap("labels")) {
    metric->label_names.push_back(label);
    label_values.push_back(std::move(value));
  }
  if (type != "gauge" && type != "counter") entry.Refuse("type", "expected gauge or counter");
  if (metric->name.empty()) {
    for (const std::string_view needless : {"help", "type", "labels"}) {
      if (entry.Has(needless)) entry.Refuse(needless, "expected the name of a metric beside it");
    }
    return nullptr;
  }
  if (!IsMetricName(metric->name) || metric->name.starts_with("redis_") ||
      metric->name.starts_with("tocsin_")) {
    entry.Refuse("metric",
                 "expected a name of the form [a-zA-Z_:][a-zA-Z0-9_:]*, not redis_ or tocsin_");
  }
  CheckLabels(entry, *metric);
  if (metric->label_names.size() > LabelNames::kMost) return nullptr;
  if (metric->help.empty() && key.command != nullptr) {
    metric->help = fmt::format("{} {} in Redis.", key.command->name, key.key);
  }
  const std::vector<std::string_view> names(metric->label_names.begin(), metric->label_names.end());
  metric->desc = {metric->name, type == "counter" ? MetricType::kCounter : MetricType::kGauge,
                  metric->help, LabelNames(std::span(names))};
  const auto [known, is_new] = by_name_.emplace(metric->name, metric);
  if (!is_new && (known->second->desc.type != metric->desc.type ||
                  known->second->label_names != metric->label_names)) {
    entry.Refuse("metric", "another key gives this metric another type or other labels");
  }
  return known->second;
}

/// What tells the series of one key from those of others.
std::vector<std::string> SeriesOf(const WatchedKey& key) {
  if (key.metric == nullptr) return {std::string(key.command->metric.name), key.key, key.field};
  std::vector<std::string> series = {key.metric->name};
  series.insert(series.end(), key.label_values.begin(), key.label_values.end());
  return series;
}

}  // namespace

std::vector<WatchedKey> ReadKeys(YamlMap& options) {
  std::vector<WatchedKey> keys;
  NamedMetrics metrics;
  std::set<std::vector<std::string>> series;
  for (const YamlNode& node : options.List("keys")) {
    YamlMap entry(node, options.diagnostics());
    WatchedKey& key = keys.emplace_back();
    key.key = entry.RequiredString("key");
    const std::string command = entry.RequiredString("command");
    key.command = FindCommand(LowerCase(command));
    if (key.command == nullptr && !command.empty()) {
      entry.Refuse("command",
                   "expected llen, scard, zcard, hlen, xlen, strlen, get, hget, pttl or exists");
    }
    key.field = entry.StringOr("field", "");
    const bool needs_field = key.command != nullptr && key.command->option == kHget;
    if (needs_field && key.field.empty()) entry.Refuse("field", "hget needs the name of a field");
    if (!needs_field && entry.Has("field")) entry.Refuse("field", "only hget has a field");
    key.metric = metrics.Read(entry, key, key.label_values);
    if (key.command != nullptr && !series.insert(SeriesOf(key)).second) {
      entry.Refuse("key",
                   "another key makes the same series: expected other labels or another metric");
    }
  }
  return keys;
}

std::unique_ptr<Topic> MakeKeysTopic(std::vector<WatchedKey> keys, int database) {
  return std::make_unique<KeysTopic>(std::move(keys), database);
}

std::vector<MetricDesc> KeyMetrics() {
  return {kSize, kValue, kFieldValue, kTtl, kExists};
}

}  // namespace tocsin::collectors::redis

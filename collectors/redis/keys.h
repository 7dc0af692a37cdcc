// Keys whose size or value the operator wants as a metric.

#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/metric.h"
#include "base/yaml.h"
#include "collectors/redis/topic.h"

namespace tocsin::collectors::redis {

struct KeyCommand;

/// A metric that the configuration names. It owns the texts of its description, so it must not
/// move.
struct NamedMetric {
  std::string name;
  std::string help;
  std::vector<std::string> label_names;
  MetricDesc desc;
};

/// One key and what is asked about it.
struct WatchedKey {
  std::string key;
  const KeyCommand* command = nullptr;
  std::string field = {};                          ///< HGET's.
  std::shared_ptr<const NamedMetric> metric = {};  ///< Null: the command's own metric.
  std::vector<std::string> label_values = {};      ///< Of `metric`.
};

/// Reads the option `keys`. Mistakes go to its diagnostics.
std::vector<WatchedKey> ReadKeys(YamlMap& options);

/// `database` is the number that becomes the label `db`.
std::unique_ptr<Topic> MakeKeysTopic(std::vector<WatchedKey> keys, int database);

/// The metrics of keys that are given no name, for the catalogue.
std::vector<MetricDesc> KeyMetrics();

}  // namespace tocsin::collectors::redis

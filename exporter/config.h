// The configuration file.

#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/labels.h"
#include "base/metric_sink.h"
#include "base/result.h"
#include "base/yaml.h"
#include "collectors/instance.h"
#include "collectors/registry.h"
#include "exporter/rules_config.h"
#include "notify/notify_config.h"

namespace tocsin {

/// The port that tocsin listens on unless told otherwise.
inline constexpr int kDefaultPort = 10061;

/// The storage path that keeps nothing.
inline constexpr std::string_view kNoStorage = ":memory:";

/// A configuration that was read and found good. Immutable once loaded.
struct Config {
  struct Global {
    Duration collection_interval = std::chrono::seconds(15);
    Duration evaluation_interval = std::chrono::seconds(15);
    std::string job = "tocsin";  ///< The `job` label of what is stored.
    std::string instance;        ///< The `instance` label; empty: the external address.
    Labels external_labels;      ///< Of alerts and of a federation, where they lack.
  } global;

  struct Server {
    std::vector<std::string> listen = {"127.0.0.1:" + std::to_string(kDefaultPort)};
    std::string external_url;  ///< How others reach this server; empty if the file does not say.
    bool remote_write_receiver = false;
  } server;

  struct Storage {
    std::filesystem::path path;  ///< Empty for ":memory:": nothing is kept over a restart.
    /// Of samples; 0 keeps everything. `auto` is what the rules look back to, and six hours at
    /// least.
    Duration retention = std::chrono::hours(6);
    std::size_t max_series = 1'000'000;
    std::size_t max_bytes = std::size_t{4} << 30;
  } storage;
  struct Promql {
    Duration lookback_delta = std::chrono::minutes(5);
    Duration timeout = std::chrono::minutes(2);
    std::size_t max_samples = 50'000'000;
    std::size_t max_concurrency = 20;
    bool experimental = false;
  } promql;

  RulesConfig rules;
  /// Never null.
  std::shared_ptr<const notify::NotifyConfig> notify =
      std::make_shared<const notify::NotifyConfig>();
  std::vector<std::shared_ptr<const collectors::InstanceConfig>> collectors;
  std::string text;  ///< As it was read, in YAML's block form, with its secrets hidden.
};

/// Reads and checks a file. Fails with every mistake found, one line each, `file:line:col:
/// message`. Reads the file, and looks whether the files it names exist, but connects to nothing.
/// Relative paths in it are relative to its folder.
Result<Config> LoadConfig(const std::filesystem::path& file);

/// The same for text that is already here. `kinds` are the collectors that it may use.
Result<Config> ParseConfig(
    std::string_view text, const std::filesystem::path& file,
    std::span<const collectors::CollectorEntry> kinds = collectors::AllCollectors());

}  // namespace tocsin

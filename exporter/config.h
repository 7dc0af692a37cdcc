// The configuration file.

#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/metric_sink.h"
#include "base/result.h"
#include "base/yaml.h"
#include "collectors/instance.h"

namespace tocsin {

/// The port that tocsin listens on unless told otherwise.
inline constexpr int kDefaultPort = 10061;

/// A configuration that was read and found good. Immutable once loaded.
struct Config {
  struct Global {
    Duration collection_interval = std::chrono::seconds(15);
  } global;

  struct Server {
    std::vector<std::string> listen = {"127.0.0.1:10061"};
    std::string external_url;
  } server;

  struct Storage {
    std::filesystem::path path = "data";  ///< Empty for ":memory:": nothing is kept over a restart.
  } storage;

  std::vector<std::shared_ptr<const collectors::InstanceConfig>> collectors;
};

/// Reads and checks a file. Fails with every mistake found, one line each, `file:line:col: message`.
/// Reads the file, and looks whether the files it names exist, but connects to nothing.
Result<Config> LoadConfig(const std::filesystem::path& file);

/// The same, for text that is already here.
Result<Config> ParseConfig(std::string_view text, const std::filesystem::path& file);

}  // namespace tocsin

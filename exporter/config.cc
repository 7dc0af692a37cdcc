#include "exporter/config.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/file.h"
#include "base/yaml_printer.h"
#include "exporter/collector_config.h"

namespace tocsin {
namespace {

constexpr std::string_view kNotBuiltYet =
    "is reserved: this version of tocsin does not have it yet";
constexpr std::string_view kDefaultStoragePath = "data";

/// The retention that follows from what the rules look back at.
constexpr std::string_view kAutoRetention = "auto";

/// Each query that runs has a thread.
constexpr std::int64_t kMostConcurrency = 1000;

/// Beyond any machine, and far from what overflows.
constexpr std::int64_t kLargestSize = std::int64_t{1} << 50;

/// Some thousand collectors. What is far larger is no configuration, and parsing it takes minutes.
constexpr std::size_t kLargestConfig = 1UL << 20;

/// Keys of later versions, refused so that nobody believes that they do something.
constexpr std::array<std::string_view, 2> kReservedTopKeys = {"remote", "cluster"};

/// What is wrong with an address to listen on; empty if nothing is.
std::string ListenProblem(std::string_view address) {
  constexpr std::string_view kExpected =
      "expected an address with a port, such as 127.0.0.1:10061, [::1]:10061 or :10061, got \"{}\"";
  const std::size_t colon = address.rfind(':');
  if (colon == std::string_view::npos) return fmt::format(kExpected, address);
  const std::string_view host = address.substr(0, colon);
  const std::string_view port = address.substr(colon + 1);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (host.find_first_of(" /@") != std::string_view::npos ||
      (!bracketed && host.find_first_of(":[]") != std::string_view::npos)) {
    return fmt::format(kExpected, address);
  }
  unsigned number = 0;
  const auto [after, problem] = std::from_chars(port.data(), port.data() + port.size(), number);
  const bool is_too_large = problem == std::errc::result_out_of_range || number > 65535;
  if (problem == std::errc::invalid_argument || after != port.data() + port.size()) {
    return fmt::format(kExpected, address);
  }
  if (is_too_large) return fmt::format("expected a port from 0 to 65535, got \"{}\"", address);
  return {};
}

/// The texts of `key`, which may be one text or a list of them, with their places.
std::vector<const YamlNode*> OneOrMore(YamlMap& options, std::string_view key) {
  std::vector<const YamlNode*> texts;
  const YamlNode* const node = options.Node(key);
  if (node == nullptr) return texts;
  if (node->kind == YamlNode::Kind::kScalar) return {node};
  if (node->kind != YamlNode::Kind::kList || node->items.empty()) {
    options.Refuse(key, "expected a text or a list of texts");
    return texts;
  }
  for (const YamlNode& item : node->items) {
    if (item.kind == YamlNode::Kind::kScalar) {
      texts.push_back(&item);
    } else {
      options.diagnostics().Add(item.place, fmt::format("{}: expected a text", key));
    }
  }
  return texts;
}

void ReadGlobal(const YamlNode* node, Diagnostics& diagnostics, Config::Global& global) {
  if (node == nullptr) return;
  YamlMap options(*node, diagnostics);
  global.collection_interval =
      options.PositiveDurationOr("collection_interval", global.collection_interval);
  global.evaluation_interval =
      options.PositiveDurationOr("evaluation_interval", global.evaluation_interval);
  global.job = options.StringOr("job", global.job);
  if (global.job.empty()) options.Refuse("job", "expected a text that is not empty");
  global.instance = options.StringOr("instance", "");
  LabelsBuilder external;
  for (const auto& [name, value] : options.StringMap("external_labels")) {
    if (name == kMetricNameLabel || !IsUtf8Name(name)) {
      options.Refuse("external_labels", fmt::format("\"{}\" is not a valid label name", name));
    }
    external.Set(name, value);
  }
  global.external_labels = external.Build();
}

void ReadListen(YamlMap& options, std::vector<std::string>& listen) {
  const std::vector<const YamlNode*> texts = OneOrMore(options, "listen");
  if (texts.empty()) return;
  listen.clear();
  std::set<std::string_view> seen;
  for (const YamlNode* const text : texts) {
    std::string problem = ListenProblem(text->text);
    if (problem.empty() && !seen.insert(text->text).second) {
      problem = fmt::format("\"{}\" is there twice", text->text);
    }
    if (!problem.empty()) options.diagnostics().Add(text->place, "listen: " + problem);
    listen.push_back(text->text);
  }
}

void ReadExternalUrl(YamlMap& options, std::string& url) {
  url = options.StringOr("external_url", "");
  if (url.empty()) return;
  const std::size_t scheme = url.find("://");
  const std::string_view name = std::string_view(url).substr(0, scheme);
  if ((name != "http" && name != "https") || url.size() == scheme + 3 ||
      url.find_first_of(" \t\n@?#") != std::string::npos) {
    options.Refuse("external_url", fmt::format("expected a URL such as https://tocsin.example.org, "
                                               "without user, query or fragment, got \"{}\"",
                                               url));
  }
}

void ReadServer(const YamlNode* node, Diagnostics& diagnostics, Config::Server& server) {
  if (node == nullptr) return;
  YamlMap options(*node, diagnostics);
  ReadListen(options, server.listen);
  ReadExternalUrl(options, server.external_url);
  server.remote_write_receiver =
      options.BoolOr("remote_write_receiver", server.remote_write_receiver);
}

std::size_t SizeOr(YamlMap& options, std::string_view key, std::size_t otherwise) {
  return static_cast<std::size_t>(
      options.IntegerOr(key, static_cast<std::int64_t>(otherwise), 1, kLargestSize));
}

void ReadStorage(const YamlNode* node, const std::filesystem::path& folder,
                 Diagnostics& diagnostics, Config::Storage& storage, bool& auto_retention) {
  static const YamlNode kNothing;
  YamlMap options(node == nullptr ? kNothing : *node, diagnostics);
  const std::string path = options.StringOr("path", kDefaultStoragePath);
  if (path.empty()) options.Refuse("path", "expected a folder, or \":memory:\" to keep nothing");
  if (path != kNoStorage) storage.path = folder / path;
  auto_retention = options.StringOr("retention", kAutoRetention) == kAutoRetention;
  if (!auto_retention) {
    storage.retention = options.DurationOr("retention", storage.retention);
  }
  storage.max_series = SizeOr(options, "max_series", storage.max_series);
  storage.max_bytes = SizeOr(options, "max_bytes", storage.max_bytes);
}

void ReadPromql(const YamlNode* node, Diagnostics& diagnostics, Config::Promql& promql) {
  if (node == nullptr) return;
  YamlMap options(*node, diagnostics);
  promql.lookback_delta = options.PositiveDurationOr("lookback_delta", promql.lookback_delta);
  promql.timeout = options.PositiveDurationOr("timeout", promql.timeout);
  promql.max_samples = SizeOr(options, "max_samples", promql.max_samples);
  promql.max_concurrency = static_cast<std::size_t>(options.IntegerOr(
      "max_concurrency", static_cast<std::int64_t>(promql.max_concurrency), 1, kMostConcurrency));
  promql.experimental = options.BoolOr("experimental", promql.experimental);
}

std::shared_ptr<const notify::NotifyConfig> ReadNotify(const YamlNode* node,
                                                       Diagnostics& diagnostics,
                                                       std::string& file_mistakes) {
  static const YamlNode kNothing;
  YamlMap options(node == nullptr ? kNothing : *node, diagnostics);
  return std::make_shared<const notify::NotifyConfig>(notify::ReadNotify(options, file_mistakes));
}

/// Two texts of lines as one.
std::string Joined(std::string first, const std::string& second) {
  if (!first.empty() && !second.empty()) first += '\n';
  return first + second;
}

std::string WithoutLastNewline(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

}  // namespace

Result<Config> LoadConfig(const std::filesystem::path& file) {
  const Result<std::string> text = ReadFile(file, kLargestConfig);
  if (!text) return text.error();
  return ParseConfig(*text, file);
}

Result<Config> ParseConfig(std::string_view text, const std::filesystem::path& file,
                           std::span<const collectors::CollectorEntry> kinds) {
  Diagnostics diagnostics(file.string());
  const std::optional<YamlNode> root = ParseYaml(text, diagnostics);
  if (!root) return diagnostics.ToStatus().error();
  Config config;
  bool auto_retention = true;
  std::string rule_mistakes;
  std::string notify_mistakes;
  {
    YamlMap options(*root, diagnostics);  // Reports unknown keys when it goes.
    ReadGlobal(options.Node("global"), diagnostics, config.global);
    ReadServer(options.Node("server"), diagnostics, config.server);
    ReadStorage(options.Node("storage"), file.parent_path(), diagnostics, config.storage,
                auto_retention);
    ReadPromql(options.Node("promql"), diagnostics, config.promql);
    config.rules =
        ReadRules(options, file.parent_path(), config.promql.experimental, rule_mistakes);
    config.notify = ReadNotify(options.Node("notify"), diagnostics, notify_mistakes);
    config.collectors = ReadCollectors(options.List("collectors"), kinds,
                                       config.global.collection_interval, diagnostics);
    for (const std::string_view key : kReservedTopKeys) options.Reserve(key, kNotBuiltYet);
  }
  const std::string mistakes =
      Joined(Joined(diagnostics.Text(), rule_mistakes), WithoutLastNewline(notify_mistakes));
  if (!mistakes.empty()) return Error{ErrorCode::kInvalidInput, mistakes};
  if (auto_retention) {
    config.storage.retention =
        std::max(config.storage.retention,
                 LongestLookBack(config.rules, config.promql.lookback_delta,
                                 config.global.evaluation_interval, config.promql.experimental));
  }
  config.text = PrintYaml(*root, diagnostics.secrets());
  return config;
}

}  // namespace tocsin

#include "exporter/config.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/file.h"
#include "exporter/collector_config.h"

namespace tocsin {
namespace {

constexpr std::string_view kNotBuiltYet =
    "is reserved: this version of tocsin does not have it yet";
constexpr std::string_view kDefaultStoragePath = "data";

/// Some thousand collectors. What is far larger is no configuration, and parsing it takes minutes.
constexpr std::size_t kLargestConfig = 1UL << 20;

/// Keys of later versions, refused so that nobody believes that they do something.
constexpr std::array<std::string_view, 7> kReservedTopKeys = {
    "promql", "rule_files", "rules", "rule_policies", "notify", "remote", "cluster"};

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
  if (problem != std::errc{} || after != port.data() + port.size() || number > 65535) {
    return fmt::format(kExpected, address);
  }
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
  options.Reserve("evaluation_interval", kNotBuiltYet);
  options.Reserve("external_labels", kNotBuiltYet);
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

void ReadServer(const YamlNode* node, Diagnostics& diagnostics, Config::Server& server) {
  if (node == nullptr) return;
  YamlMap options(*node, diagnostics);
  ReadListen(options, server.listen);
  options.Reserve("external_url", kNotBuiltYet);
  options.Reserve("remote_write_receiver", kNotBuiltYet);
}

void ReadStorage(const YamlNode* node, const std::filesystem::path& folder,
                 Diagnostics& diagnostics, Config::Storage& storage) {
  static const YamlNode kNothing;
  YamlMap options(node == nullptr ? kNothing : *node, diagnostics);
  const std::string path = options.StringOr("path", kDefaultStoragePath);
  if (path.empty()) options.Refuse("path", "expected a folder, or \":memory:\" to keep nothing");
  if (path != kNoStorage) storage.path = folder / path;
  options.Reserve("retention", kNotBuiltYet);
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
  {
    YamlMap options(*root, diagnostics);  // Reports unknown keys when it goes.
    ReadGlobal(options.Node("global"), diagnostics, config.global);
    ReadServer(options.Node("server"), diagnostics, config.server);
    ReadStorage(options.Node("storage"), file.parent_path(), diagnostics, config.storage);
    config.collectors = ReadCollectors(options.List("collectors"), kinds,
                                       config.global.collection_interval, diagnostics);
    for (const std::string_view key : kReservedTopKeys) options.Reserve(key, kNotBuiltYet);
  }
  if (!diagnostics.empty()) return diagnostics.ToStatus().error();
  return config;
}

}  // namespace tocsin

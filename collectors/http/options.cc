#include <array>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/http_options.h"
#include "collectors/http/collector.h"
#include "collectors/http/discovered.h"
#include "collectors/http/target.h"

namespace tocsin::collectors::http {
namespace {

constexpr std::array kTargetOptions = {
    OptionDesc{"targets[].name", "text", "", "What the target is called in the label target."},
    OptionDesc{"targets[].url", "text", "", "Its address."},
};
constexpr OptionDesc kDiscovered = {
    "discovered", "map", "{}",
    "How discovered targets are probed: the keys of targets[] but for name and url."};

/// `option` below `targets[]`. Keeps the text of the name.
OptionDesc OfTargets(OptionDesc option) {
  static std::deque<std::string> names;
  option.name = names.emplace_back("targets[]." + std::string(option.name));
  return option;
}

std::vector<Target> ReadTargets(YamlMap& options) {
  std::vector<Target> targets;
  std::set<std::string> names;
  for (const YamlNode& node : options.List("targets")) {
    YamlMap map(node, options.diagnostics());
    Target target;
    target.name = map.RequiredString("name");
    target.url = ReadHttpUrl(map, "url");
    target.settings = std::make_shared<const ProbeSettings>(ReadProbeSettings(map));
    if (!names.insert(target.name).second) map.Refuse("name", "expected another than before");
    targets.push_back(std::move(target));
  }
  if (targets.size() > kMostTargets) options.Refuse("targets", "expected at most 500");
  return targets;
}

std::shared_ptr<const ProbeSettings> ReadDiscovered(YamlMap& options) {
  static const YamlNode kNone;
  const YamlNode* const node = options.Node("discovered");
  YamlMap map(node == nullptr ? kNone : *node, options.diagnostics());
  return std::make_shared<const ProbeSettings>(ReadProbeSettings(map));
}

}  // namespace

std::span<const MetricDesc> Metrics() {
  return ProbeMetrics();
}

std::span<const OptionDesc> Options() {
  static const std::vector<OptionDesc> kAll = [] {
    std::vector<OptionDesc> all(kTargetOptions.begin(), kTargetOptions.end());
    for (const OptionDesc& option : kProbeOptions) all.push_back(OfTargets(option));
    for (const OptionDesc& option : kHttpClientOptions) all.push_back(OfTargets(option));
    all.push_back(kDiscovered);
    all.insert(all.end(), kDiscoveryOptions.begin(), kDiscoveryOptions.end());
    return all;
  }();
  return kAll;
}

MakeCollector Configure(YamlMap& options) {
  const std::vector<Target> targets = ReadTargets(options);
  const std::shared_ptr<const DiscoveryOptions> discovery = ReadDiscoveryIfAny(options);
  const auto discovered = ReadDiscovered(options);
  if (options.Has("discovered") && !discovery) {
    options.Refuse("discovered", "expected a discovery, such as file_sd_configs, beside it");
  }
  if (targets.empty() && !discovery) {
    options.diagnostics().Add(options.place(), "expected targets, or a way to discover them");
  }
  return [targets, discovery, discovered](const Environment& environment) {
    return std::make_unique<HttpCollector>(
        targets, discovery ? MakeDiscovery(discovery, environment) : nullptr, discovered,
        environment);
  };
}

}  // namespace tocsin::collectors::http

#include "collectors/discovery/options.h"

#include <algorithm>

#include "collectors/discovery/discovery.h"
#include "collectors/discovery/target_group.h"

namespace tocsin::collectors {
namespace {

/// With rules, an address may be anything at first: a URL to be probed, for one.
void CheckAddresses(YamlMap& map, const DiscoveryOptions& options) {
  if (!options.relabel_rules.empty()) return;
  for (const Labels& target : options.static_targets) {
    if (IsTargetAddress(target.Get(kAddressLabel))) continue;
    map.Refuse("static_configs", "expected addresses such as db.internal:9100: no scheme, no path");
  }
}

}  // namespace

std::shared_ptr<const DiscoveryOptions> ReadDiscoveryOptions(YamlMap& map) {
  auto options = std::make_shared<DiscoveryOptions>();
  Diagnostics& diagnostics = map.diagnostics();
  options->has_static = map.Has("static_configs");
  for (const YamlNode& group : map.List("static_configs")) {
    ReadTargetGroup(group, diagnostics, options->static_targets);
  }
  for (const YamlNode& node : map.List("file_sd_configs")) {
    options->files.push_back(ReadFileTargetsOptions(node, diagnostics));
  }
  for (const YamlNode& node : map.List("dns_sd_configs")) {
    options->dns.push_back(ReadDnsTargetsOptions(node, diagnostics));
  }
  for (const YamlNode& node : map.List("kubernetes_sd_configs")) {
    options->kubernetes.push_back(ReadKubernetesTargetsOptions(node, diagnostics));
  }
  options->relabel_rules = ReadRelabelRules(map, "relabel_configs");
  CheckAddresses(map, *options);
  return options;
}

}  // namespace tocsin::collectors

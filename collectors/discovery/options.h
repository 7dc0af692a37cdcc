#pragma once

#include <vector>

#include "base/labels.h"
#include "base/relabel.h"
#include "collectors/discovery/dns_targets.h"
#include "collectors/discovery/file_targets.h"
#include "collectors/discovery/kubernetes_targets.h"

namespace tocsin::collectors {

/// What ReadDiscoveryOptions() found: where targets come from, and what is made of their labels.
struct DiscoveryOptions {
  bool has_static = false;
  std::vector<Labels> static_targets = {};
  std::vector<FileTargetsOptions> files = {};
  std::vector<DnsTargetsOptions> dns = {};
  std::vector<KubernetesTargetsOptions> kubernetes = {};
  RelabelRules relabel_rules = {};
};

}  // namespace tocsin::collectors

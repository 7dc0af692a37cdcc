// The `collectors` part of the configuration file.

#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/yaml.h"
#include "collectors/instance.h"
#include "collectors/registry.h"

namespace tocsin {

/// Reads the items of `collectors`, each of one of `kinds`, whose interval is `default_interval`
/// unless they say otherwise. Mistakes go to `diagnostics`, and then the answer may lack instances.
std::vector<std::shared_ptr<const collectors::InstanceConfig>> ReadCollectors(
    const std::vector<YamlNode>& items, std::span<const collectors::CollectorEntry> kinds,
    Duration default_interval, Diagnostics& diagnostics);

}  // namespace tocsin

// The container collector: what containers use, by control groups or by a kubelet.

#pragma once

#include <span>

#include "base/yaml.h"
#include "collectors/collector.h"
#include "collectors/container/metrics.h"
#include "collectors/registry.h"

namespace tocsin::collectors::container {

/// The options, for the registry.
std::span<const OptionDesc> Options();

/// Reads the options, for the registry.
MakeCollector Configure(YamlMap& options);

}  // namespace tocsin::collectors::container

// What collectors of HTTP servers make of a discovery.

#pragma once

#include <memory>
#include <vector>

#include "base/labels.h"
#include "base/result.h"
#include "base/yaml.h"
#include "collectors/collector.h"
#include "collectors/discovery/discovery.h"

namespace tocsin::collectors {

/// The options of a discovery, or null if `options` ask for none.
std::shared_ptr<const DiscoveryOptions> ReadDiscoveryIfAny(YamlMap& options);

/// The targets that are found now. A discovery that fails keeps what it last gave, so that is part
/// of what is wrong, in Collection::parts; it is the error if there is nothing to keep, unless
/// `has_others`: other targets are known.
Result<std::vector<Labels>> FindTargets(Discovery& discovery, bool has_others,
                                        const Attempt& attempt, Collection& collection);

}  // namespace tocsin::collectors

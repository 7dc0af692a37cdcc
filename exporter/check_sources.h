#pragma once

#include <cstddef>
#include <string>

#include "exporter/config.h"
#include "exporter/scheduler.h"

namespace tocsin {

/// Has each of `collectors` look at its source, for as long as it may take to collect, and prints
/// what they find on standard error, with places in `file`. How many cannot collect; one that
/// throws cannot.
std::size_t CheckSources(const InstanceConfigs& collectors, const std::string& file);

}  // namespace tocsin

// What tocsin exports about itself.

#pragma once

#include <vector>

#include "base/metric.h"

namespace tocsin::generate {

/// Every metric that is no collector's, process_* included.
std::vector<MetricDesc> OwnMetrics();

}  // namespace tocsin::generate

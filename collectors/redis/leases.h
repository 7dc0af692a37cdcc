// Leases that the operator wants to see.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/metric.h"
#include "base/yaml.h"
#include "collectors/redis/lease.h"
#include "collectors/redis/topic.h"

namespace tocsin::collectors::redis {

/// Reads the option `leases`. Mistakes go to its diagnostics.
std::vector<RedisLease> ReadLeases(YamlMap& options);

std::unique_ptr<Topic> MakeLeasesTopic(std::vector<RedisLease> leases);

/// Its metrics, for the catalogue.
std::vector<MetricDesc> LeaseMetrics();

}  // namespace tocsin::collectors::redis

// Streams and how far their consumer groups are behind.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/metric.h"
#include "collectors/redis/topic.h"

namespace tocsin::collectors::redis {

/// `streams` are keys; `database` is the number that becomes the label `db`.
std::unique_ptr<Topic> MakeStreamsTopic(std::vector<std::string> streams, int database);

/// Its metrics, for the catalogue.
std::vector<MetricDesc> StreamMetrics();

}  // namespace tocsin::collectors::redis

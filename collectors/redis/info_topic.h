// The metrics of INFO, under the names of oliver006/redis_exporter where it has them.

#pragma once

#include <memory>
#include <vector>

#include "base/metric.h"
#include "collectors/redis/topic.h"

namespace tocsin::collectors::redis {

/// What is read of INFO.
struct InfoSettings {
  /// Whether to ask for the sections by command and by error, too.
  bool command_stats = true;
  /// Whether to export the metrics that are Exported::kForCompatibility.
  bool compatibility_names = false;
};

std::unique_ptr<Topic> MakeInfoTopic(const InfoSettings& settings);

/// Its metrics, for the catalogue.
std::vector<MetricDesc> InfoMetrics();

}  // namespace tocsin::collectors::redis

#pragma once

#include <string>

#include "base/metric_sink.h"
#include "collectors/kailash/pool_reports.h"
#include "collectors/kailash/settings.h"

namespace tocsin::collectors::kailash {

/// Adds how much of a pool is in use, and what its largest size, if that is known, leaves.
void PublishActive(MetricSink& points, const Settings& settings, const std::string& label,
                   double active);

/// Adds what the server reports of its pools. Of pools that are counted in the database, how much
/// is in use is left out: each figure comes from one source.
void PublishPools(MetricSink& points, const Settings& settings, const PoolReports& reports);

/// Adds the largest sizes of the pools that are listed in the settings.
void PublishPoolSizes(MetricSink& points, const Settings& settings);

}  // namespace tocsin::collectors::kailash

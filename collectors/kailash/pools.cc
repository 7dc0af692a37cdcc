#include "collectors/kailash/pools.h"

#include <algorithm>
#include <optional>

#include "collectors/kailash/metrics.h"

namespace tocsin::collectors::kailash {
namespace {

const Pool* FindPool(const Settings& settings, const std::string& label) {
  const auto found = std::find_if(settings.pools.begin(), settings.pools.end(),
                                  [&](const Pool& pool) { return PoolLabel(pool.name) == label; });
  return found == settings.pools.end() ? nullptr : &*found;
}

}  // namespace

void PublishActive(MetricSink& points, const Settings& settings, const std::string& label,
                   double active) {
  const Pool* const pool = FindPool(settings, label);
  const std::optional<double> most =
      pool == nullptr ? settings.max_connections : pool->max_connections;
  points.Add(kPoolActive, {label}, active);
  if (!most) return;
  if (pool == nullptr) points.Add(kPoolMax, {label}, *most);
  points.Add(kPoolAvailable, {label}, std::max(0.0, *most - active));
}

void PublishPools(MetricSink& points, const Settings& settings, const PoolReports& reports) {
  for (const auto& [label, report] : reports) {
    const Pool* const pool = FindPool(settings, label);
    const bool is_elsewhere = pool != nullptr && pool->from_database();
    if (report.active && !is_elsewhere) PublishActive(points, settings, label, *report.active);
    if (report.idle) points.Add(kPoolIdle, {label}, *report.idle);
    if (report.exhaustions) points.Add(kPoolExhaustions, {label}, *report.exhaustions);
  }
}

void PublishPoolSizes(MetricSink& points, const Settings& settings) {
  for (const Pool& pool : settings.pools) {
    if (pool.max_connections) {
      points.Add(kPoolMax, {PoolLabel(pool.name)}, *pool.max_connections);
    }
  }
}

}  // namespace tocsin::collectors::kailash

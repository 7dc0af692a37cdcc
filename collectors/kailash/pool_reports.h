#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tocsin::collectors::kailash {

/// What a Kailash server tells of one of its connection pools.
struct PoolReport {
  std::optional<double> active;       ///< Connections in use.
  std::optional<double> idle;         ///< Open and unused.
  std::optional<double> exhaustions;  ///< A lifetime total.
};

/// By PoolLabel() of the pool's name.
using PoolReports = std::map<std::string, PoolReport>;

/// The name of a pool as one of the producers of Kailash's page writes it, with '_' for '-' and
/// ' '. The others write it as it is: this makes "main-db" and "main_db" the one pool they are.
/// Source: kailash/servers/connection_metrics_router.py, get_prometheus_lines.
std::string PoolLabel(std::string_view name);

/// The answer of /connections/metrics.
struct PoolAnswer {
  PoolReports pools;
  std::vector<std::string> failed;  ///< Pools that the server could not ask. No report of them.
};

/// Fails with kCorrupt if `body` is no such answer. Members of a wrong type count as missing.
Result<PoolAnswer> ParsePoolAnswer(std::string_view body);

/// Puts what `more` knows where `reports` knows nothing.
void FillIn(PoolReports& reports, const PoolReports& more);

}  // namespace tocsin::collectors::kailash

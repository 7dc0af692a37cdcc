// /api/v1/query, query_range, format_query, parse_query.

#pragma once

#include <vector>

#include "base/clock.h"
#include "exporter/api/queries.h"
#include "exporter/http_message.h"

namespace tocsin::api {

/// The most points per series that a range query may ask for, as in Prometheus.
inline constexpr std::size_t kMostPoints = 11'000;

/// `queries` and `clock` must outlive the routes.
/// Source: Prometheus' documentation, "HTTP API", "Expression queries".
std::vector<Route> QueryRoutes(Queries& queries, const Clock& clock);

}  // namespace tocsin::api

// /api/v1/series, labels, label/<name>/values.

#pragma once

#include <vector>

#include "base/clock.h"
#include "exporter/api/queries.h"
#include "exporter/http_message.h"
#include "rules/storage/sample_store.h"

namespace tocsin::api {

/// Requests have the time that a query has; none of them waits for the places of queries. `store`,
/// `queries` and `clock` must outlive the routes.
/// Source: Prometheus' documentation, "HTTP API", "Querying metadata".
std::vector<Route> SeriesRoutes(const SampleStore& store, const Queries& queries,
                                const Clock& clock);

/// The label name that `text` stands for in an address: itself, or if it starts with "U__" a name
/// in which `_xx_` stands for the character with the code point xx (hexadecimal) and `__` for `_`.
/// What is not written so stands for itself. Source: Prometheus' UTF-8 proposal, "value encoding".
std::string UnescapeLabelName(std::string_view text);

}  // namespace tocsin::api

// /api/v1/series, labels, label/<name>/values.

#pragma once

#include <vector>

#include "exporter/http_message.h"
#include "rules/storage/sample_store.h"

namespace tocsin::api {

/// `store` must outlive the routes.
/// Source: Prometheus' documentation, "HTTP API", "Querying metadata".
std::vector<Route> SeriesRoutes(const SampleStore& store);

/// The label name that `text` stands for in an address: itself, or if it starts with "U__" a name
/// in which `_xx_` stands for the character with the code point xx (hexadecimal) and `__` for `_`.
/// What is not written so stands for itself. Source: Prometheus' UTF-8 proposal, "value encoding".
std::string UnescapeLabelName(std::string_view text);

}  // namespace tocsin::api

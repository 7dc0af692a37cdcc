// What a query found, as JSON.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/json_writer.h"
#include "base/labels.h"
#include "exporter/api/pieces.h"
#include "rules/promql/engine.h"

namespace tocsin::api {

/// Appends `"resultType":...,"result":...`. More series than `limit` (0: no limit) are left out;
/// returns whether any were. Source: Prometheus' documentation, "HTTP API", "Expression query
/// result formats".
bool AppendResult(Pieces& out, const promql::QueryResult& result, bool is_range, std::size_t limit);

/// Seconds with as many decimals as needed: 1435781430.781.
void AppendTimestamp(std::string& out, Millis t);
/// The shortest decimal that reads back the same: "0.000001", "+Inf"; with an exponent below 1e-6
/// and from 1e21 on, "1e-07". Source: MarshalFloat of Prometheus' util/jsonutil.
void AppendSampleValue(std::string& out, double value);
/// {"__name__":"up","job":"a"}
void AppendLabels(std::string& out, const Labels& labels, bool without_name = false);
/// The same as a member.
void AppendLabelsAt(JsonWriter& json, std::string_view key, const Labels& labels);

}  // namespace tocsin::api

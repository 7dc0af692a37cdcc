#include "exporter/api/expression_part.h"

#include <cstdint>

namespace tocsin::api {

ExpressionPart PartOf(std::string_view expression, promql::Position position) {
  return {promql::PlaceOf(expression, position.begin), promql::PlaceOf(expression, position.end)};
}

void AppendPart(JsonWriter& json, const ExpressionPart& part) {
  json.Key("line").Integer(static_cast<std::int64_t>(part.begin.line));
  json.Key("column").Integer(static_cast<std::int64_t>(part.begin.column));
  json.Key("endLine").Integer(static_cast<std::int64_t>(part.end.line));
  json.Key("endColumn").Integer(static_cast<std::int64_t>(part.end.column));
}

}  // namespace tocsin::api

#include "collectors/sql_queries/settings.h"

#include <algorithm>
#include <array>
#include <span>

#include <fmt/format.h>

namespace tocsin::collectors::sql_queries {
namespace {

LabelNames NamesOf(const MetricWords& words) {
  std::array<std::string_view, LabelNames::kMost> names;
  std::size_t count = 0;
  for (const std::string& label : words.labels) names.at(count++) = label;
  for (const auto& [label, value] : words.static_labels) names.at(count++) = label;
  return LabelNames(std::span<const std::string_view>(names.data(), count));
}

}  // namespace

QueryMetric::QueryMetric(MetricWords words)
    : words_(std::move(words)),
      desc_{.name = words_.name,
            .type = words_.type,
            .help = words_.help,
            .labels = NamesOf(words_),
            .bounds = words_.bounds} {}

std::string StatementOf(const QueryOptions& query) {
  // The newline ends a comment that the text may end with.
  std::string statement = "SELECT * FROM (" + query.text + "\n) AS tocsin_rows";
  if (query.watermark) statement += " ORDER BY " + SqlIdentifier(query.watermark->column);
  return statement + fmt::format(" LIMIT {}", query.max_rows + 1);
}

}  // namespace tocsin::collectors::sql_queries

#include "collectors/sql/cell.h"

#include <array>
#include <limits>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/number.h"
#include "base/utf8.h"

namespace tocsin::collectors {
namespace {

/// How much of a text an error shows.
constexpr std::size_t kShown = 40;

std::string Shown(std::string_view text) {
  if (text.size() <= kShown) return ToUtf8(text);
  return ToUtf8(text.substr(0, kShown)) + "...";
}

/// The columns of one metric in one answer.
struct Places {
  std::size_t value = 0;
  std::vector<std::optional<std::size_t>> labels = {};
};

std::optional<Places> PlacesOf(const SqlRows& rows, const ColumnMetric& metric) {
  const std::optional<std::size_t> value = rows.Find(metric.column);
  if (!value) return std::nullopt;
  Places places{.value = *value};
  for (const std::string_view label : metric.desc.labels) {
    places.labels.push_back(rows.Find(label));
  }
  return places;
}

Status AddMetric(const SqlRows& rows, const ColumnMetric& metric, MetricSink& points) {
  const std::optional<Places> places = PlacesOf(rows, metric);
  if (!places) return {};
  Status first;
  std::array<std::string, LabelNames::kMost> texts;
  std::array<std::string_view, LabelNames::kMost> labels;
  const std::size_t count = places->labels.size();
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const Result<std::optional<double>> value = NumberIn(rows, row, places->value);
    if (!value && first) first = value.error().Within(std::string(metric.column));
    if (!value || !*value) continue;
    for (std::size_t i = 0; i < count; ++i) {
      const std::string_view text = places->labels[i] ? rows.Text(row, *places->labels[i]) : "";
      labels[i] = text;
      if (IsUtf8(text)) continue;
      texts[i] = ToUtf8(text);
      labels[i] = texts[i];
    }
    points.Add(metric.desc, std::span<const std::string_view>(labels.data(), count),
               **value * metric.factor);
  }
  return first;
}

}  // namespace

Result<std::optional<double>> NumberIn(const SqlRows& rows, std::size_t row, std::size_t column) {
  const SqlRows::Cell& cell = rows.At(row, column);
  if (!cell) return std::optional<double>();
  if (const std::optional<double> number = ParseNumber(*cell)) return number;
  if (*cell == "Infinity") return std::optional(std::numeric_limits<double>::infinity());
  if (*cell == "-Infinity") return std::optional(-std::numeric_limits<double>::infinity());
  if (*cell == "t") return std::optional<double>(1);
  if (*cell == "f") return std::optional<double>(0);
  return Error{ErrorCode::kCorrupt, fmt::format("expected a number, got \"{}\"", Shown(*cell))};
}

Result<std::size_t> ColumnOf(const SqlRows& rows, std::string_view name) {
  if (const std::optional<std::size_t> found = rows.Find(name)) return *found;
  return Error{ErrorCode::kNotFound, fmt::format("the query gives no column \"{}\"; it gives {}",
                                                 name, fmt::join(rows.names(), ", "))};
}

Status AddColumns(const SqlRows& rows, std::span<const ColumnMetric> metrics, MetricSink& points) {
  Status first;
  for (const ColumnMetric& metric : metrics) {
    if (const Status added = AddMetric(rows, metric, points); !added && first) first = added;
  }
  return first;
}

}  // namespace tocsin::collectors

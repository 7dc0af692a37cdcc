// Cells of an answer as values and labels.

#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/metric.h"
#include "base/metric_sink.h"
#include "base/result.h"
#include "collectors/sql/connection.h"

namespace tocsin::collectors {

/// A cell as a number: nothing for NULL; PostgreSQL's "t", "f" and
/// "Infinity" are 1, 0 and infinite. Fails with
/// kCorrupt for text that is no number, with a part of that text in the message.
Result<std::optional<double>> NumberIn(const SqlRows& rows, std::size_t row, std::size_t column);

/// The place of a column. Fails with kNotFound, and the names that there are, if it is missing.
Result<std::size_t> ColumnOf(const SqlRows& rows, std::string_view name);

/// A metric whose values stand in one column, and whose labels stand in columns of their own names.
struct ColumnMetric {
  std::string_view column;
  MetricDesc desc;
  double factor = 1;  ///< From the column's unit to the metric's.
};

/// Adds a point for each row and each of `metrics`. Versions of a server differ in their columns:
/// where that of a metric is missing, so is the metric; NULL is no point. A label without a column,
/// or with NULL in it, is empty. Bytes that are not UTF-8 are replaced in labels. Points with text
/// where a number is due are left out, and the first of them is the error.
Status AddColumns(const SqlRows& rows, std::span<const ColumnMetric> metrics, MetricSink& points);

}  // namespace tocsin::collectors

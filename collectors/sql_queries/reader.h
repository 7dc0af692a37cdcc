#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/clock.h"
#include "base/metric_sink.h"
#include "base/result.h"
#include "collectors/collector.h"
#include "collectors/sql/connection.h"
#include "collectors/sql_queries/series.h"
#include "collectors/sql_queries/settings.h"
#include "collectors/sql_queries/watermark.h"

namespace tocsin::collectors::sql_queries {

/// Runs one query when it is due, and keeps what its rows said until the next time. A query that
/// fails has nothing to publish until it succeeds; what it has counted stays. One thread at a time.
class QueryReader {
 public:
  /// `options` outlives this.
  QueryReader(const QueryOptions& options, std::size_t max_series);

  std::string_view name() const { return options_->name; }
  /// Whether it counts on from what was saved.
  bool HasTotals() const { return options_->watermark.has_value(); }
  bool IsDue(SteadyPoint now) const;

  /// Runs the query, within its own timeout and `attempt`. Fails as SqlConnection::Query() does,
  /// and with kNotFound for a missing column, kTooLarge for too many rows.
  Status Read(SqlConnection& connection, const Attempt& attempt, SteadyPoint now);

  /// Why there is nothing to publish; or, if there is, what was wrong with the first of the rows
  /// that were left out.
  const std::optional<Error>& error() const { return failed_ ? failed_ : complaint_; }

  /// The names of all that there is not while there is nothing to publish.
  std::vector<std::string> MissingMetrics() const;

  /// Adds the points of the last read, if that succeeded.
  void Publish(MetricSink& points) const;

  boost::json::object Save() const;
  void Restore(const boost::json::value& saved, SteadyPoint now);

 private:
  /// Where in an answer a metric's columns are.
  struct Columns {
    std::optional<std::size_t> value;
    std::vector<std::size_t> labels = {};
  };

  Status ReadAll(SqlConnection& connection, const Attempt& attempt);
  Status ReadNew(SqlConnection& connection, const Attempt& attempt, SteadyPoint now);
  Status Begin(SqlConnection& connection, const Attempt& attempt, SteadyPoint now);
  /// A page of what is new; whether there may be more.
  Result<bool> ReadPage(SqlConnection& connection, const Attempt& attempt, SteadyPoint now);
  Result<std::vector<Columns>> FindColumns(const SqlRows& rows) const;
  void TakeRow(const SqlRows& rows, std::size_t row, const std::vector<Columns>& columns);
  void Complain(const MetricSeries& series, const Error& error);

  const QueryOptions* options_;
  const std::string statement_;
  std::vector<MetricSeries> series_;
  std::optional<PagedWatermark> watermark_;
  std::optional<SteadyPoint> read_at_;
  std::optional<Error> failed_;
  std::optional<Error> complaint_;
};

}  // namespace tocsin::collectors::sql_queries

#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "base/metric_sink.h"
#include "base/result.h"
#include "collectors/kept_histogram.h"
#include "collectors/sql_queries/settings.h"

namespace tocsin::collectors::sql_queries {

/// The series of one metric. One thread at a time.
class MetricSeries {
 public:
  /// The values of its label columns.
  using Labels = std::vector<std::string>;

  /// With `keeps`, values are added to those that are there, and series beyond `max_series` share
  /// one, whose labels are "__other__". `metric` outlives this.
  MetricSeries(const QueryMetric& metric, bool keeps, std::size_t max_series);

  const QueryMetric& metric() const { return *metric_; }

  /// Forgets all series. A metric without label columns that keeps starts with its one series at 0.
  void Clear();

  /// Takes the value of one row. Fails with kCorrupt, and has changed nothing, for what would spoil
  /// a total (less than 0, NaN, infinite), and for a second row with the same labels where each is
  /// a series of its own.
  Status Take(Labels labels, double value);

  void Publish(MetricSink& points) const;

  /// As an object; Restore() ignores what was saved for other labels, and what it does not
  /// understand.
  boost::json::object Save() const;
  void Restore(const boost::json::value& saved);

 private:
  struct Series {
    double value = 0;
    KeptHistogram histogram;
  };

  bool is_histogram() const { return metric_->desc().type == MetricType::kHistogram; }
  Series& Of(Labels labels);

  const QueryMetric* metric_;
  bool keeps_;
  std::size_t max_series_;
  std::map<Labels, Series> series_;
};

}  // namespace tocsin::collectors::sql_queries

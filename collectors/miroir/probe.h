// How long the task store takes to answer, measured from here.

#pragma once

#include <map>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/clock.h"
#include "base/metric.h"
#include "base/metric_sink.h"
#include "collectors/kept_histogram.h"
#include "collectors/miroir/task_store.h"

namespace tocsin::collectors::miroir {

/// Does each operation of a store once in each collection, on a connection that is already open,
/// and keeps the times in a histogram. A store that does not answer in time counts with the time
/// that was allowed: a stalled one must not look fast for the want of answers. One thread at a
/// time.
class Probe {
 public:
  /// `timeout` is for all operations of a collection together; what an attempt leaves may be less.
  explicit Probe(Duration timeout) : timeout_(timeout) {}

  /// Fails as the store does. That the store does not answer is a result, too: it is published.
  Status Run(TaskStore& store, const Attempt& attempt);

  /// Adds what is known so far. The histogram comes once Restore() was called.
  void Publish(const TaskStore& store, MetricSink& points) const;

  /// The histograms, to survive restarts.
  boost::json::object Save() const;
  void Restore(const boost::json::value& saved);

 private:
  KeptHistogram& HistogramOf(std::string_view operation);
  Status Measure(TaskStore& store, const Attempt& attempt, Duration allowed);

  const Duration timeout_;
  bool is_up_ = false;
  bool is_restored_ = false;
  std::map<std::string, KeptHistogram, std::less<>> histograms_;  // By operation.
};

/// Its metrics, for the catalogue.
std::vector<MetricDesc> ProbeMetricDescs();

}  // namespace tocsin::collectors::miroir

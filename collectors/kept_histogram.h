#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/metric_sink.h"

namespace tocsin::collectors {

/// A histogram that only ever grows, and can be kept over restarts. One thread at a time.
class KeptHistogram {
 public:
  /// `bounds` are ascending upper bounds without +Inf, and outlive the histogram.
  explicit KeptHistogram(std::span<const double> bounds)
      : bounds_(bounds), counts_(bounds.size() + 1) {}

  void Observe(double value);
  void Merge(const KeptHistogram& other);  ///< `other` has the same bounds.

  HistogramPoint point() const { return {counts_, sum_}; }

  boost::json::object Save() const;
  /// Takes over what Save() gave; histograms with other bounds are ignored.
  void Restore(const boost::json::value& saved);

 private:
  std::span<const double> bounds_;
  std::vector<std::uint64_t> counts_;  // By bucket; the last is above all bounds.
  double sum_ = 0;
};

}  // namespace tocsin::collectors

// Between prometheus-cpp's families and ours.

#pragma once

#include <deque>
#include <vector>

#include <prometheus/metric_family.h>

#include "base/metric.h"
#include "base/metric_sink.h"
#include "base/snapshot.h"

namespace tocsin {

/// What a MetricSink is told of a family that was described at run time.
struct FamilyDescription {
  std::vector<double> bounds;
  MetricDesc metric;  ///< Its `bounds` are those above.
};

/// Adds the series of `family` to `points`, sorted by their labels. Where series differ in label
/// names, each gets all of them, and those that it lacks are empty: to Prometheus that is the same.
/// Leaves out summaries (tocsin makes none), families without series, and those with more labels
/// than LabelNames::kMost. `family`, and what is put into `descriptions`, must live until
/// points.Finish().
void AddFamily(const prometheus::MetricFamily& family, std::deque<FamilyDescription>& descriptions,
               MetricSink& points);

/// The same points as prometheus-cpp has them, with the constant labels among the labels. Empty
/// label values are left out.
prometheus::MetricFamily ToMetricFamily(const FamilyPoints& family);

}  // namespace tocsin

// Instances as they would look after a collection.

#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/metric_sink.h"
#include "collectors/instance.h"
#include "collectors/registry.h"

namespace tocsin {

/// A healthy instance of `kind` (which must outlive it) called `name`, whose last points are
/// `snapshot`.
inline std::shared_ptr<collectors::InstanceView> MakeView(
    const collectors::CollectorEntry& kind, std::string name,
    std::shared_ptr<const Snapshot> snapshot) {
  auto config = std::make_shared<collectors::InstanceConfig>();
  config->kind = &kind;
  config->name = std::move(name);
  config->interval = std::chrono::seconds(15);
  config->timeout = std::chrono::seconds(5);
  auto view = std::make_shared<collectors::InstanceView>();
  view->config = std::move(config);
  view->up = true;
  view->last_attempt = TimePoint(std::chrono::seconds(1'700'000'000));
  view->last_success = view->last_attempt;
  view->last_duration = Duration(12);
  view->snapshot = std::move(snapshot);
  return view;
}

/// A snapshot of one unlabelled sample.
inline std::shared_ptr<const Snapshot> OneSample(
    const MetricDesc& metric, double value, ConstantLabels labels = {},
    std::shared_ptr<const Snapshot> previous = nullptr) {
  MetricSink sink({.max_series = 10, .constant_labels = std::move(labels)}, std::move(previous));
  sink.Add(metric, {}, value);
  return sink.Finish(TimePoint());
}

}  // namespace tocsin

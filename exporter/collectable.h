// tocsin's collectors inside another program.

#pragma once

#include <functional>
#include <vector>

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include "exporter/scheduler.h"

namespace tocsin {

/// Hands the last snapshots of tocsin's collectors to a program that exposes its own metrics with
/// prometheus-cpp: register it with an Exposer or a Gateway, beside the program's Registry.
///
///     Scheduler scheduler(clock, log, [](const auto&) {});
///     scheduler.Replace(configs, "state");
///     const auto collectable = std::make_shared<CollectorsCollectable>([&] { return
///     scheduler.Views(); }); exposer.RegisterCollectable(collectable);
///
/// Each Collect() copies every label of every series; tocsin's own exposition does not, and is many
/// times faster. prometheus-cpp's text has no OpenMetrics, prints NaN as "Nan" and does not escape
/// HELP. It writes families as they come, so a program must not register a family of the same name
/// elsewhere.
///
/// Safe for concurrent use, if the function given to it is. Does no I/O.
class CollectorsCollectable final : public prometheus::Collectable {
 public:
  using GetViews = std::function<InstanceViews()>;

  explicit CollectorsCollectable(GetViews views);

  /// The families of all instances, and tocsin_collector_up for each instance. Families of the same
  /// name are joined; one whose type is not that of the first is left out.
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const GetViews views_;
};

}  // namespace tocsin

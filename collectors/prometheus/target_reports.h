// What Prometheus says about each scrape.

#pragma once

#include <array>
#include <memory>
#include <span>
#include <vector>

#include "base/labels.h"
#include "base/metric.h"
#include "base/metric_sink.h"
#include "base/snapshot.h"

namespace tocsin::collectors {

/// The metrics that each target has besides those on its page.
inline constexpr std::array kTargetMetrics = {
    MetricDesc{"up", MetricType::kGauge,
               "1 if the target answered with a page of metrics, else 0."},
    MetricDesc{"scrape_duration_seconds", MetricType::kGauge,
               "How long the target took to answer."},
    MetricDesc{"scrape_samples_scraped", MetricType::kGauge, "Samples on the target's page."},
    MetricDesc{"scrape_samples_post_metric_relabeling", MetricType::kGauge,
               "Samples that were left after metric_relabel_configs."},
    MetricDesc{"scrape_series_added", MetricType::kGauge,
               "Series that the target did not have in the scrape before."},
};

/// The values of kTargetMetrics, in their order.
struct TargetReport {
  bool up = false;
  double duration_seconds = 0;
  std::size_t scraped = 0;
  std::size_t kept = 0;
  std::size_t added = 0;
};

/// Makes families of reports. One thread at a time.
class TargetReports {
 public:
  /// For the targets with these labels, each set once, until the next call.
  void SetTargets(const std::vector<Labels>& targets);
  /// Passes the reports on, one for each target, in their order. The store gets them, and nobody
  /// else: on /metrics `up` would say that tocsin is up.
  void Pass(std::span<const TargetReport> reports, MetricSink& points) const;

 private:
  std::vector<Labels> targets_;
  std::array<std::shared_ptr<const FamilyShape>, kTargetMetrics.size()> shapes_;
};

}  // namespace tocsin::collectors

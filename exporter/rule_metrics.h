// What rule groups say of themselves on /metrics.

#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include "base/latency_histogram.h"
#include "base/metric.h"
#include "base/mutex.h"
#include "rules/group.h"
#include "rules/rule_environment.h"

namespace tocsin {

/// The tocsin_rule_* families: Prometheus' rule metrics under our prefix, with the label
/// `rule_group="FILE;GROUP"`; and the tocsin_template_* ones. Safe for concurrent use.
class RuleMetrics {
 public:
  /// `registry` outlives this.
  explicit RuleMetrics(prometheus::Registry& registry);

  /// Brings the families up to date with the groups in force; those of others go. `templates` never
  /// falls.
  void Update(const std::vector<GroupView>& groups, const TemplateCounts& templates);

  /// What this exports, for the documentation.
  static std::vector<MetricDesc> Descriptions();

 private:
  static constexpr std::size_t kGauges = 7;
  static constexpr std::size_t kCounters = 4;
  static constexpr std::size_t kHistograms = 2;  ///< Of the times of all groups together.
  /// The series of one group.
  struct Series {
    std::array<prometheus::Gauge*, kGauges> gauges{};
    std::array<prometheus::Counter*, kCounters> counters{};
    /// What the counters and the histograms have got so far.
    std::array<std::uint64_t, kCounters> counted{};
    std::array<LatencyHistogram, kHistograms> timed{};
  };

  static constexpr std::size_t kTemplateCounters = 2;

  Series Make(const std::string& rule_group);
  void Remove(const Series& series);

  std::array<prometheus::Family<prometheus::Gauge>*, kGauges> gauges_{};
  std::array<prometheus::Family<prometheus::Counter>*, kCounters> counters_{};
  std::array<prometheus::Histogram*, kHistograms> histograms_{};
  std::array<prometheus::Counter*, kTemplateCounters> template_counters_{};
  Mutex mutex_;
  std::map<std::string, Series> series_ TOCSIN_GUARDED_BY(mutex_);
};

}  // namespace tocsin

#include "exporter/rule_metrics.h"

#include <cstddef>
#include <utility>

#include <fmt/format.h>

namespace tocsin {
namespace {

struct GaugeOf {
  MetricDesc metric;
  double (*value)(const GroupView&);
};
struct CounterOf {
  MetricDesc metric;
  std::uint64_t GroupView::*value;
};

const std::array<GaugeOf, 7> kGaugesOf = {{
    {{"tocsin_rule_group_interval_seconds",
      MetricType::kGauge,
      "The interval of a rule group, in seconds.",
      {"rule_group"}},
     [](const GroupView& group) { return Seconds(group.interval); }},
    {{"tocsin_rule_group_last_evaluation_timestamp_seconds",
      MetricType::kGauge,
      "When the last evaluation of a rule group began, in seconds since the Unix epoch; 0 before "
      "the first.",
      {"rule_group"}},
     [](const GroupView& group) {
       return group.last_evaluation ? UnixSeconds(*group.last_evaluation) : 0.0;
     }},
    {{"tocsin_rule_group_last_duration_seconds",
      MetricType::kGauge,
      "How long the last evaluation of a rule group took, in seconds.",
      {"rule_group"}},
     [](const GroupView& group) { return group.evaluation_seconds; }},
    {{"tocsin_rule_group_last_rule_duration_sum_seconds",
      MetricType::kGauge,
      "The time that the rules of a group took in its last evaluation, summed up, in seconds.",
      {"rule_group"}},
     [](const GroupView& group) { return group.rule_seconds_sum; }},
    {{"tocsin_rule_group_last_restore_duration_seconds",
      MetricType::kGauge,
      "How long it took to get the alerts of a rule group back after the start, in seconds.",
      {"rule_group"}},
     [](const GroupView& group) { return group.restore_seconds; }},
    {{"tocsin_rule_group_last_evaluation_samples",
      MetricType::kGauge,
      "Samples that the last evaluation of a rule group has written.",
      {"rule_group"}},
     [](const GroupView& group) { return static_cast<double>(group.last_samples); }},
    {{"tocsin_rule_group_rules", MetricType::kGauge, "Rules of a rule group.", {"rule_group"}},
     [](const GroupView& group) { return static_cast<double>(group.rules.size()); }},
}};

constexpr std::array<CounterOf, 4> kCountersOf = {{
    {{"tocsin_rule_group_iterations_total",
      MetricType::kCounter,
      "Evaluations of a rule group that were due, those that were missed too.",
      {"rule_group"}},
     &GroupView::iterations},
    {{"tocsin_rule_group_iterations_missed_total",
      MetricType::kCounter,
      "Evaluations of a rule group that were due and did not take place, because the one before "
      "took too long, or the machine slept.",
      {"rule_group"}},
     &GroupView::missed},
    {{"tocsin_rule_evaluations_total",
      MetricType::kCounter,
      "Evaluations of the rules of a group.",
      {"rule_group"}},
     &GroupView::evaluations},
    {{"tocsin_rule_evaluation_failures_total",
      MetricType::kCounter,
      "Evaluations of the rules of a group that failed.",
      {"rule_group"}},
     &GroupView::failures},
}};

struct HistogramOf {
  MetricDesc metric;
  LatencyHistogram GroupView::*value;
};

const std::array<HistogramOf, 2> kHistogramsOf = {{
    {{"tocsin_rule_group_duration_seconds", MetricType::kHistogram,
      "How long evaluations of rule groups took, in seconds."},
     &GroupView::iterations_took},
    {{"tocsin_rule_evaluation_duration_seconds", MetricType::kHistogram,
      "How long evaluations of rules took, in seconds."},
     &GroupView::rules_took},
}};

struct TemplateCounterOf {
  MetricDesc metric;
  std::atomic<std::uint64_t> TemplateCounts::*value;
};

constexpr std::array<TemplateCounterOf, 2> kTemplateCountersOf = {{
    {{"tocsin_template_text_expansions_total", MetricType::kCounter,
      "How often templates of rules' labels and annotations were expanded."},
     &TemplateCounts::expansions},
    {{"tocsin_template_text_expansion_failures_total", MetricType::kCounter,
      "How often expanding a template of a rule failed, so that its text tells of the error."},
     &TemplateCounts::failures},
}};

/// Adds what `now` has more than `before`. A group that a reload has changed counts from nothing
/// again.
void AddGrowth(prometheus::Histogram& histogram, const LatencyHistogram& now,
               LatencyHistogram before) {
  for (std::size_t i = 0; i < now.counts.size(); ++i) {
    if (now.counts[i] < before.counts[i]) before = {};
  }
  std::vector<double> growth;
  for (std::size_t i = 0; i < now.counts.size(); ++i) {
    growth.push_back(static_cast<double>(now.counts[i] - before.counts[i]));
  }
  histogram.ObserveMultiple(growth, now.sum_seconds - before.sum_seconds);
}

}  // namespace

RuleMetrics::RuleMetrics(prometheus::Registry& registry) {
  for (std::size_t i = 0; i < kGauges; ++i) {
    gauges_[i] = &prometheus::BuildGauge()
                      .Name(std::string(kGaugesOf[i].metric.name))
                      .Help(std::string(kGaugesOf[i].metric.help))
                      .Register(registry);
  }
  for (std::size_t i = 0; i < kCounters; ++i) {
    counters_[i] = &prometheus::BuildCounter()
                        .Name(std::string(kCountersOf[i].metric.name))
                        .Help(std::string(kCountersOf[i].metric.help))
                        .Register(registry);
  }
  for (std::size_t i = 0; i < kHistograms; ++i) {
    histograms_[i] =
        &prometheus::BuildHistogram()
             .Name(std::string(kHistogramsOf[i].metric.name))
             .Help(std::string(kHistogramsOf[i].metric.help))
             .Register(registry)
             .Add({}, prometheus::Histogram::BucketBoundaries(LatencyHistogram::kBounds.begin(),
                                                              LatencyHistogram::kBounds.end()));
  }
  for (std::size_t i = 0; i < kTemplateCounters; ++i) {
    template_counters_[i] = &prometheus::BuildCounter()
                                 .Name(std::string(kTemplateCountersOf[i].metric.name))
                                 .Help(std::string(kTemplateCountersOf[i].metric.help))
                                 .Register(registry)
                                 .Add({});
  }
}

RuleMetrics::Series RuleMetrics::Make(const std::string& rule_group) {
  Series series;
  for (std::size_t i = 0; i < kGauges; ++i) {
    series.gauges[i] = &gauges_[i]->Add({{"rule_group", rule_group}});
  }
  for (std::size_t i = 0; i < kCounters; ++i) {
    series.counters[i] = &counters_[i]->Add({{"rule_group", rule_group}});
  }
  return series;
}

void RuleMetrics::Remove(const Series& series) {
  for (std::size_t i = 0; i < kGauges; ++i) gauges_[i]->Remove(series.gauges[i]);
  for (std::size_t i = 0; i < kCounters; ++i) counters_[i]->Remove(series.counters[i]);
}

void RuleMetrics::Update(const std::vector<GroupView>& groups, const TemplateCounts& templates) {
  const MutexLock lock(mutex_);
  for (std::size_t i = 0; i < kTemplateCounters; ++i) {
    prometheus::Counter& counter = *template_counters_[i];
    const auto value = static_cast<double>((templates.*kTemplateCountersOf[i].value).load());
    counter.Increment(value - counter.Value());
  }
  std::map<std::string, Series> gone = std::exchange(series_, {});
  for (const GroupView& group : groups) {
    const std::string rule_group = fmt::format("{};{}", group.file, group.name);
    auto known = gone.extract(rule_group);
    Series& series = known ? series_.insert(std::move(known)).position->second
                           : series_.emplace(rule_group, Make(rule_group)).first->second;
    for (std::size_t i = 0; i < kGauges; ++i) series.gauges[i]->Set(kGaugesOf[i].value(group));
    for (std::size_t i = 0; i < kCounters; ++i) {
      const std::uint64_t value = group.*kCountersOf[i].value;
      // A group that a reload has changed counts from nothing again; its counter goes on.
      const std::uint64_t before = value < series.counted[i] ? 0 : series.counted[i];
      series.counters[i]->Increment(static_cast<double>(value - before));
      series.counted[i] = value;
    }
    for (std::size_t i = 0; i < kHistograms; ++i) {
      const LatencyHistogram& value = group.*kHistogramsOf[i].value;
      AddGrowth(*histograms_[i], value, series.timed[i]);
      series.timed[i] = value;
    }
  }
  for (const auto& [rule_group, series] : gone) Remove(series);
}

std::vector<MetricDesc> RuleMetrics::Descriptions() {
  std::vector<MetricDesc> metrics;
  metrics.reserve(kGaugesOf.size() + kCountersOf.size() + kHistogramsOf.size() +
                  kTemplateCountersOf.size());
  for (const GaugeOf& gauge : kGaugesOf) metrics.push_back(gauge.metric);
  for (const CounterOf& counter : kCountersOf) metrics.push_back(counter.metric);
  for (const HistogramOf& histogram : kHistogramsOf) metrics.push_back(histogram.metric);
  for (const TemplateCounterOf& counter : kTemplateCountersOf) metrics.push_back(counter.metric);
  return metrics;
}

}  // namespace tocsin

#include "exporter/notifier_metrics.h"

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace tocsin {
namespace {

using notify::Silence;

constexpr MetricDesc kAlerts = {"tocsin_notifier_alerts", MetricType::kGauge,
                                "Alerts that the notifier knows, those that ended lately too."};
constexpr MetricDesc kGroups = {"tocsin_notifier_groups", MetricType::kGauge,
                                "Groups into which the notifier has put alerts."};
constexpr MetricDesc kSilences = {
    "tocsin_silences", MetricType::kGauge, "Silences, by state.", {"state"}};
constexpr MetricDesc kFailing = {
    "tocsin_outbox_failing", MetricType::kGauge,
    "1 while the outbox cannot be written to disk, so that a crash may lose or repeat "
    "notifications; else 0."};
constexpr MetricDesc kSuppressed = {"tocsin_notifications_suppressed_total",
                                    MetricType::kCounter,
                                    "Alerts kept quiet when their group was due, by what.",
                                    {"reason"}};
constexpr MetricDesc kOutboxErrors = {
    "tocsin_outbox_errors_total", MetricType::kCounter,
    "Transactions of the outbox that failed; they are tried again."};
constexpr MetricDesc kRecordsLost = {
    "tocsin_outbox_records_lost_total", MetricType::kCounter,
    "Records of the history of notifications lost because the disk took nothing for too long."};
constexpr MetricDesc kDeadmanCalls = {"tocsin_deadman_calls_total", MetricType::kCounter,
                                      "Calls of the dead-man's switch that were answered 2xx."};
constexpr MetricDesc kDeadmanFailures = {"tocsin_deadman_failures_total", MetricType::kCounter,
                                         "Calls of the dead-man's switch that failed."};

/// A family, and the value of its label, if it has one.
struct SeriesOf {
  const MetricDesc* metric;
  std::string_view label_value;
};
constexpr SeriesOf kGaugesOf[] = {{&kAlerts, ""},          {&kGroups, ""},
                                  {&kSilences, "pending"}, {&kSilences, "active"},
                                  {&kSilences, "expired"}, {&kFailing, ""}};
constexpr SeriesOf kCountersOf[] = {{&kSuppressed, "silence"},
                                    {&kSuppressed, "inhibition"},
                                    {&kSuppressed, "mute_time_interval"},
                                    {&kSuppressed, "active_time_interval"},
                                    {&kOutboxErrors, ""},
                                    {&kRecordsLost, ""},
                                    {&kDeadmanCalls, ""},
                                    {&kDeadmanFailures, ""}};

std::map<std::string, std::string> LabelsOf(const SeriesOf& series) {
  if (series.label_value.empty()) return {};
  return {{std::string(*series.metric->labels.begin()), std::string(series.label_value)}};
}

template <class Builder>
auto& MakeSeries(Builder builder, const SeriesOf& series, prometheus::Registry& registry) {
  return builder.Name(std::string(series.metric->name))
      .Help(std::string(series.metric->help))
      .Register(registry)
      .Add(LabelsOf(series));
}

std::size_t CountOf(const notify::Notifier::Stats& stats, Silence::State state) {
  return stats.silences[static_cast<std::size_t>(state)];
}

}  // namespace

NotifierMetrics::NotifierMetrics(prometheus::Registry& registry) {
  static_assert(std::size(kGaugesOf) == kGauges && std::size(kCountersOf) == kCounters);
  for (std::size_t i = 0; i < kGauges; ++i) {
    gauges_[i] = &MakeSeries(prometheus::BuildGauge(), kGaugesOf[i], registry);
  }
  for (std::size_t i = 0; i < kCounters; ++i) {
    counters_[i] = &MakeSeries(prometheus::BuildCounter(), kCountersOf[i], registry);
  }
}

void NotifierMetrics::Update(const notify::Notifier::Stats& notifier,
                             const notify::NotifyStore::Stats& store,
                             const Deadman::Stats& deadman) {
  const MutexLock lock(mutex_);
  const std::size_t values[kGauges] = {notifier.alerts,
                                       notifier.groups,
                                       CountOf(notifier, Silence::State::kPending),
                                       CountOf(notifier, Silence::State::kActive),
                                       CountOf(notifier, Silence::State::kExpired),
                                       store.is_failing ? 1U : 0U};
  for (std::size_t i = 0; i < kGauges; ++i) gauges_[i]->Set(static_cast<double>(values[i]));
  const std::uint64_t counts[kCounters] = {notifier.quiet.silenced,
                                           notifier.quiet.inhibited,
                                           notifier.quiet.muted,
                                           notifier.quiet.inactive,
                                           store.errors,
                                           store.lost_records,
                                           deadman.calls,
                                           deadman.failures};
  for (std::size_t i = 0; i < kCounters; ++i) {
    if (counts[i] <= counted_[i]) continue;  // Another has come with newer numbers.
    counters_[i]->Increment(static_cast<double>(counts[i] - counted_[i]));
    counted_[i] = counts[i];
  }
}

std::vector<MetricDesc> NotifierMetrics::Descriptions() {
  return {kAlerts,       kGroups,      kSilences,     kFailing,        kSuppressed,
          kOutboxErrors, kRecordsLost, kDeadmanCalls, kDeadmanFailures};
}

}  // namespace tocsin

#include "exporter/store_metrics.h"

#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace tocsin {
namespace {

constexpr MetricDesc kSeries = {"tocsin_storage_series", MetricType::kGauge,
                                "Series in the sample store."};
constexpr MetricDesc kSamples = {"tocsin_storage_samples", MetricType::kGauge,
                                 "Samples in the sample store."};
constexpr MetricDesc kChunks = {"tocsin_storage_chunks", MetricType::kGauge,
                                "Compressed chunks of samples in the sample store."};
constexpr MetricDesc kBytes = {"tocsin_storage_bytes", MetricType::kGauge,
                               "Memory that series and samples take, as storage.max_bytes counts."};
constexpr MetricDesc kAppended = {"tocsin_storage_samples_appended_total", MetricType::kCounter,
                                  "Samples that the store has taken."};
constexpr MetricDesc kRefused = {"tocsin_storage_samples_refused_total",
                                 MetricType::kCounter,
                                 "Samples that the store has refused, by reason.",
                                 {"reason"}};

using Count = std::uint64_t AppendCounts::*;
constexpr std::array<std::pair<std::string_view, Count>, 5> kReasons = {{
    {"out_of_order", &AppendCounts::out_of_order},
    {"duplicate", &AppendCounts::duplicate},
    {"too_far_ahead", &AppendCounts::too_far_ahead},
    {"series_limit", &AppendCounts::series_limit},
    {"bytes_limit", &AppendCounts::bytes_limit},
}};

prometheus::Gauge& MakeGauge(const MetricDesc& metric, prometheus::Registry& registry) {
  return prometheus::BuildGauge()
      .Name(std::string(metric.name))
      .Help(std::string(metric.help))
      .Register(registry)
      .Add({});
}

prometheus::Family<prometheus::Counter>& MakeCounters(const MetricDesc& metric,
                                                      prometheus::Registry& registry) {
  return prometheus::BuildCounter()
      .Name(std::string(metric.name))
      .Help(std::string(metric.help))
      .Register(registry);
}

}  // namespace

StoreMetrics::StoreMetrics(const SampleStore& store, prometheus::Registry& registry)
    : store_(store),
      series_(&MakeGauge(kSeries, registry)),
      samples_(&MakeGauge(kSamples, registry)),
      chunks_(&MakeGauge(kChunks, registry)),
      bytes_(&MakeGauge(kBytes, registry)),
      appended_(&MakeCounters(kAppended, registry).Add({})) {
  auto& refused = MakeCounters(kRefused, registry);
  for (const auto& [reason, count] : kReasons) {
    refused_.push_back({count, &refused.Add({{"reason", std::string(reason)}})});
  }
}

void StoreMetrics::Update() {
  const MutexLock lock(mutex_);  // Before looking, so that nobody comes with older numbers later.
  const SampleStore::Stats stats = store_.stats();
  series_->Set(static_cast<double>(stats.series));
  samples_->Set(static_cast<double>(stats.samples));
  chunks_->Set(static_cast<double>(stats.chunks));
  bytes_->Set(static_cast<double>(stats.bytes));
  appended_->Increment(static_cast<double>(stats.appends.appended - before_.appended));
  for (const Refused& refused : refused_) {
    refused.counter->Increment(
        static_cast<double>(stats.appends.*refused.count - before_.*refused.count));
  }
  before_ = stats.appends;
}

std::vector<MetricDesc> StoreMetrics::Descriptions() {
  return {kSeries, kSamples, kChunks, kBytes, kAppended, kRefused};
}

}  // namespace tocsin

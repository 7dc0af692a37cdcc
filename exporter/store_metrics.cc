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

using Stats = History::Stats;
struct HistoryMetric {
  MetricDesc metric;
  double (*value)(const Stats&);
};

constexpr std::array kHistory = std::to_array<HistoryMetric>({
    {{"tocsin_storage_history_bytes", MetricType::kGauge,
      "Size of the history's segments on disk."},
     [](const Stats& stats) { return static_cast<double>(stats.writer.disk_bytes); }},
    {{"tocsin_storage_history_segments", MetricType::kGauge, "Segments of the history."},
     [](const Stats& stats) { return static_cast<double>(stats.writer.segments); }},
    {{"tocsin_storage_history_queued_bytes", MetricType::kGauge,
      "What waits to be written to the history."},
     [](const Stats& stats) { return static_cast<double>(stats.writer.queued_bytes); }},
    {{"tocsin_storage_history_failing", MetricType::kGauge,
      "Whether the history cannot be written at the moment (1) or can (0)."},
     [](const Stats& stats) { return stats.writer.is_failing ? 1.0 : 0.0; }},
    {{"tocsin_storage_history_failures_total", MetricType::kCounter,
      "Failures of writing, creating and syncing segments of the history."},
     [](const Stats& stats) { return static_cast<double>(stats.writer.failures); }},
    {{"tocsin_storage_history_samples_written_total", MetricType::kCounter,
      "Samples written to the history."},
     [](const Stats& stats) { return static_cast<double>(stats.writer.written_samples); }},
    {{"tocsin_storage_history_bytes_written_total", MetricType::kCounter,
      "Bytes written to the history."},
     [](const Stats& stats) { return static_cast<double>(stats.writer.written_bytes); }},
    {{"tocsin_storage_history_samples_lost_total", MetricType::kCounter,
      "Samples that are missing from the history because it could not be written."},
     [](const Stats& stats) { return static_cast<double>(stats.writer.lost_samples); }},
    {{"tocsin_storage_history_replay_duration_seconds", MetricType::kGauge,
      "How long reading the history took at the start."},
     [](const Stats& stats) { return Seconds(stats.load_time); }},
    {{"tocsin_storage_history_replayed_samples", MetricType::kGauge,
      "Samples that the store took from the history at the start."},
     [](const Stats& stats) { return static_cast<double>(stats.loaded.samples); }},
    {{"tocsin_storage_history_replay_refused_samples", MetricType::kGauge,
      "Samples of the history that the store refused at the start."},
     [](const Stats& stats) { return static_cast<double>(stats.loaded.refused_samples); }},
    {{"tocsin_storage_history_replay_lost_samples", MetricType::kGauge,
      "Samples of the history that were lost at the start because their labels were damaged."},
     [](const Stats& stats) { return static_cast<double>(stats.loaded.lost_samples); }},
    {{"tocsin_storage_history_replay_lost_records", MetricType::kGauge,
      "Records of the history that were damaged at the start, or unreadable for others that were."},
     [](const Stats& stats) { return static_cast<double>(stats.loaded.lost_records); }},
    {{"tocsin_storage_history_replay_damaged_bytes", MetricType::kGauge,
      "Damaged bytes that the history had at the start."},
     [](const Stats& stats) { return static_cast<double>(stats.loaded.damaged_bytes); }},
    {{"tocsin_storage_history_replay_torn_bytes", MetricType::kGauge,
      "Bytes of unfinished records that the history's segments ended with at the start."},
     [](const Stats& stats) { return static_cast<double>(stats.loaded.torn_bytes); }},
});

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

HistoryMetrics::HistoryMetrics(const History& history, prometheus::Registry& registry)
    : history_(history) {
  for (const auto& [metric, value] : kHistory) {
    if (metric.type == MetricType::kGauge) {
      families_.push_back({value, &MakeGauge(metric, registry), nullptr});
    } else {
      families_.push_back({value, nullptr, &MakeCounters(metric, registry).Add({})});
    }
  }
}

void HistoryMetrics::Update() {
  const MutexLock lock(mutex_);  // Before looking, as above.
  const History::Stats stats = history_.stats();
  for (const Family& family : families_) {
    const double value = family.value(stats);
    if (family.gauge != nullptr) {
      family.gauge->Set(value);
    } else {
      family.counter->Increment(value - family.counter->Value());
    }
  }
}

std::vector<MetricDesc> HistoryMetrics::Descriptions() {
  std::vector<MetricDesc> descriptions;
  descriptions.reserve(std::size(kHistory));
  for (const HistoryMetric& row : kHistory) descriptions.push_back(row.metric);
  return descriptions;
}

}  // namespace tocsin

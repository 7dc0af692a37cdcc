#include "exporter/notify_metrics.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string_view>
#include <utility>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

namespace tocsin {
namespace {

using notify::DeliveryStats;

constexpr MetricDesc kSent = {"tocsin_notifications_sent_total",
                              MetricType::kCounter,
                              "Alerts that a receiver has accepted.",
                              {"receiver", "target"}};
constexpr MetricDesc kFailed = {
    "tocsin_notifications_failed_total",
    MetricType::kCounter,
    "Alerts in requests to a receiver that failed, by reason; those that are tried again too.",
    {"receiver", "target", "reason"}};
constexpr MetricDesc kRetried = {"tocsin_notifications_retried_total",
                                 MetricType::kCounter,
                                 "Alerts that are to be tried again after a request that failed.",
                                 {"receiver", "target"}};
constexpr MetricDesc kDropped = {"tocsin_notifications_dropped_total",
                                 MetricType::kCounter,
                                 "Alerts that were given up before they were sent, by reason.",
                                 {"receiver", "target", "reason"}};
constexpr MetricDesc kQueueLength = {"tocsin_notifications_queue_length",
                                     MetricType::kGauge,
                                     "Alerts that wait to be sent to a receiver.",
                                     {"receiver", "target"}};
constexpr MetricDesc kQueueCapacity = {"tocsin_notifications_queue_capacity",
                                       MetricType::kGauge,
                                       "How many alerts may wait for a receiver.",
                                       {"receiver", "target"}};
constexpr MetricDesc kLatency = {"tocsin_notification_latency_seconds",
                                 MetricType::kHistogram,
                                 "How long requests to a receiver took, whatever became of them.",
                                 {"receiver", "target"}};

constexpr std::array<std::pair<std::string_view, std::uint64_t DeliveryStats::*>, 2> kDropReasons =
    {{{"queue_full", &DeliveryStats::dropped_full}, {"expired", &DeliveryStats::dropped_expired}}};

template <class Builder>
auto& MakeFamily(Builder builder, const MetricDesc& metric, prometheus::Registry& registry) {
  return builder.Name(std::string(metric.name)).Help(std::string(metric.help)).Register(registry);
}

prometheus::Labels With(prometheus::Labels labels, std::string_view reason) {
  labels.emplace("reason", reason);
  return labels;
}

}  // namespace

struct NotifyMetrics::Families {
  explicit Families(prometheus::Registry& registry)
      : sent(MakeFamily(prometheus::BuildCounter(), kSent, registry)),
        failed(MakeFamily(prometheus::BuildCounter(), kFailed, registry)),
        retried(MakeFamily(prometheus::BuildCounter(), kRetried, registry)),
        dropped(MakeFamily(prometheus::BuildCounter(), kDropped, registry)),
        queue_length(MakeFamily(prometheus::BuildGauge(), kQueueLength, registry)),
        queue_capacity(MakeFamily(prometheus::BuildGauge(), kQueueCapacity, registry)),
        latency(MakeFamily(prometheus::BuildHistogram(), kLatency, registry)) {}

  prometheus::Family<prometheus::Counter>& sent;
  prometheus::Family<prometheus::Counter>& failed;
  prometheus::Family<prometheus::Counter>& retried;
  prometheus::Family<prometheus::Counter>& dropped;
  prometheus::Family<prometheus::Gauge>& queue_length;
  prometheus::Family<prometheus::Gauge>& queue_capacity;
  prometheus::Family<prometheus::Histogram>& latency;
};

/// The series of one target, which go with it.
class NotifyMetrics::TargetSeries {
 public:
  TargetSeries(const Families& families, const std::string& target)
      : families_(families),
        labels_{{"receiver", "alertmanager"}, {"target", target}},
        sent_(families.sent.Add(labels_)),
        retried_(families.retried.Add(labels_)),
        queue_length_(families.queue_length.Add(labels_)),
        queue_capacity_(families.queue_capacity.Add(labels_)),
        latency_(families.latency.Add(
            labels_, prometheus::Histogram::BucketBoundaries(LatencyHistogram::kBounds.begin(),
                                                             LatencyHistogram::kBounds.end()))) {
    for (std::size_t i = 0; i < failed_.size(); ++i) {
      failed_[i] = &families.failed.Add(With(labels_, Name(notify::kFailureReasons[i])));
    }
    for (std::size_t i = 0; i < dropped_.size(); ++i) {
      dropped_[i] = &families.dropped.Add(With(labels_, kDropReasons[i].first));
    }
  }
  ~TargetSeries() {
    families_.sent.Remove(&sent_);
    families_.retried.Remove(&retried_);
    families_.queue_length.Remove(&queue_length_);
    families_.queue_capacity.Remove(&queue_capacity_);
    families_.latency.Remove(&latency_);
    for (prometheus::Counter* const counter : failed_) families_.failed.Remove(counter);
    for (prometheus::Counter* const counter : dropped_) families_.dropped.Remove(counter);
  }
  TargetSeries(const TargetSeries&) = delete;
  TargetSeries& operator=(const TargetSeries&) = delete;

  void Update(const DeliveryStats& now) {
    // A target that went and came back between two looks counts from 0 again.
    if (now.sent < before_.sent || now.retried < before_.retried) before_ = {};
    Add(sent_, now.sent, before_.sent);
    Add(retried_, now.retried, before_.retried);
    for (std::size_t i = 0; i < failed_.size(); ++i) {
      Add(*failed_[i], now.failed[i], before_.failed[i]);
    }
    for (std::size_t i = 0; i < dropped_.size(); ++i) {
      const auto count = kDropReasons[i].second;
      Add(*dropped_[i], now.*count, before_.*count);
    }
    queue_length_.Set(static_cast<double>(now.queue_length));
    queue_capacity_.Set(static_cast<double>(now.queue_capacity));
    UpdateLatency(now.latency);
    before_ = now;
  }

 private:
  static double Growth(std::uint64_t now, std::uint64_t before) {
    return static_cast<double>(now > before ? now - before : 0);
  }
  static void Add(prometheus::Counter& counter, std::uint64_t now, std::uint64_t before) {
    counter.Increment(Growth(now, before));
  }
  void UpdateLatency(const LatencyHistogram& now) {
    std::vector<double> growth;
    for (std::size_t i = 0; i < now.counts.size(); ++i) {
      growth.push_back(Growth(now.counts[i], before_.latency.counts[i]));
    }
    latency_.ObserveMultiple(growth, now.sum_seconds - before_.latency.sum_seconds);
  }

  const Families& families_;
  const prometheus::Labels labels_;
  prometheus::Counter& sent_;
  prometheus::Counter& retried_;
  prometheus::Gauge& queue_length_;
  prometheus::Gauge& queue_capacity_;
  prometheus::Histogram& latency_;
  std::array<prometheus::Counter*, notify::kFailureReasons.size()> failed_{};
  std::array<prometheus::Counter*, kDropReasons.size()> dropped_{};
  DeliveryStats before_;
};

NotifyMetrics::NotifyMetrics(prometheus::Registry& registry)
    : families_(std::make_unique<const Families>(registry)) {}

NotifyMetrics::~NotifyMetrics() = default;

void NotifyMetrics::Update(const std::vector<DeliveryStats>& alertmanagers) {
  const MutexLock lock(mutex_);
  std::set<std::string> present;
  for (const DeliveryStats& stats : alertmanagers) {
    present.insert(stats.target);
    std::unique_ptr<TargetSeries>& series = targets_[stats.target];
    if (series == nullptr) series = std::make_unique<TargetSeries>(*families_, stats.target);
    series->Update(stats);
  }
  std::erase_if(targets_, [&](const auto& target) { return !present.contains(target.first); });
}

std::vector<MetricDesc> NotifyMetrics::Descriptions() {
  return {kSent, kFailed, kRetried, kDropped, kQueueLength, kQueueCapacity, kLatency};
}

}  // namespace tocsin

#include "exporter/notify_metrics.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <string_view>
#include <utility>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

namespace tocsin {
namespace {

using notify::DeliveryStats;

constexpr MetricDesc kSent = {
    "tocsin_notifications_sent_total",
    MetricType::kCounter,
    "Alerts that an Alertmanager, or notifications that a receiver has accepted.",
    {"receiver", "target"}};
constexpr MetricDesc kFailed = {
    "tocsin_notifications_failed_total",
    MetricType::kCounter,
    "What was in requests that failed, by reason; what is tried again too.",
    {"receiver", "target", "reason"}};
constexpr MetricDesc kRetried = {"tocsin_notifications_retried_total",
                                 MetricType::kCounter,
                                 "What is to be tried again after a request that failed.",
                                 {"receiver", "target"}};
constexpr MetricDesc kDropped = {"tocsin_notifications_dropped_total",
                                 MetricType::kCounter,
                                 "What was given up before it was accepted, by reason.",
                                 {"receiver", "target", "reason"}};
constexpr MetricDesc kQueueLength = {"tocsin_notifications_queue_length",
                                     MetricType::kGauge,
                                     "Alerts that wait to be sent to an Alertmanager.",
                                     {"receiver", "target"}};
constexpr MetricDesc kQueueCapacity = {"tocsin_notifications_queue_capacity",
                                       MetricType::kGauge,
                                       "How many alerts may wait for an Alertmanager.",
                                       {"receiver", "target"}};
constexpr MetricDesc kLatency = {"tocsin_notification_latency_seconds",
                                 MetricType::kHistogram,
                                 "How long requests took, whatever became of them.",
                                 {"receiver", "target"}};

constexpr MetricDesc kDelay = {
    "tocsin_notification_delay_seconds",
    MetricType::kHistogram,
    "From the decision to tell a receiver until it has accepted the notification.",
    {"receiver", "target"}};
constexpr MetricDesc kPending = {"tocsin_outbox_pending",
                                 MetricType::kGauge,
                                 "Notifications that a receiver has not accepted yet.",
                                 {"receiver", "target"}};
constexpr MetricDesc kOldestAge = {
    "tocsin_outbox_oldest_age_seconds",
    MetricType::kGauge,
    "How long ago the oldest of them was decided; 0 if there is none.",
    {"receiver", "target"}};

using DropReason = std::pair<std::string_view, std::uint64_t DeliveryStats::*>;
constexpr std::array<DropReason, 4> kDropReasons = {{{"queue_full", &DeliveryStats::dropped_full},
                                                     {"expired", &DeliveryStats::dropped_expired},
                                                     {"superseded", &DeliveryStats::superseded},
                                                     {"given_up", &DeliveryStats::given_up}}};

/// Whether it is a queue with a limit, an Alertmanager's; else it is an outbox.
bool HasQueue(const DeliveryStats& stats) {
  return stats.queue_capacity > 0;
}

prometheus::Histogram::BucketBoundaries Bounds() {
  return {LatencyHistogram::kBounds.begin(), LatencyHistogram::kBounds.end()};
}

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
        pending(MakeFamily(prometheus::BuildGauge(), kPending, registry)),
        oldest_age(MakeFamily(prometheus::BuildGauge(), kOldestAge, registry)),
        latency(MakeFamily(prometheus::BuildHistogram(), kLatency, registry)),
        delay(MakeFamily(prometheus::BuildHistogram(), kDelay, registry)) {}

  prometheus::Family<prometheus::Counter>& sent;
  prometheus::Family<prometheus::Counter>& failed;
  prometheus::Family<prometheus::Counter>& retried;
  prometheus::Family<prometheus::Counter>& dropped;
  prometheus::Family<prometheus::Gauge>& queue_length;
  prometheus::Family<prometheus::Gauge>& queue_capacity;
  prometheus::Family<prometheus::Gauge>& pending;
  prometheus::Family<prometheus::Gauge>& oldest_age;
  prometheus::Family<prometheus::Histogram>& latency;
  prometheus::Family<prometheus::Histogram>& delay;
};

/// The series of one target, which go with it.
class NotifyMetrics::TargetSeries {
 public:
  TargetSeries(const Families& families, const DeliveryStats& target)
      : labels_{{"receiver", target.receiver}, {"target", target.target}} {
    sent_ = Add(families.sent, labels_);
    retried_ = Add(families.retried, labels_);
    for (std::size_t i = 0; i < failed_.size(); ++i) {
      failed_[i] = Add(families.failed, With(labels_, Name(notify::kFailureReasons[i])));
    }
    for (std::size_t i = 0; i < dropped_.size(); ++i) {
      dropped_[i] = Add(families.dropped, With(labels_, kDropReasons[i].first));
    }
    latency_ = Add(families.latency, labels_, Bounds());
    if (HasQueue(target)) {
      waiting_ = Add(families.queue_length, labels_);
      capacity_ = Add(families.queue_capacity, labels_);
    } else {
      waiting_ = Add(families.pending, labels_);
      oldest_age_ = Add(families.oldest_age, labels_);
      delay_ = Add(families.delay, labels_, Bounds());
    }
  }
  ~TargetSeries() {
    for (const std::function<void()>& remove : removals_) remove();
  }
  TargetSeries(const TargetSeries&) = delete;
  TargetSeries& operator=(const TargetSeries&) = delete;

  void Update(const DeliveryStats& now, TimePoint at) {
    // A target that went and came back between two looks counts from 0 again.
    if (now.sent < before_.sent || now.retried < before_.retried) before_ = {};
    Grow(*sent_, now.sent, before_.sent);
    Grow(*retried_, now.retried, before_.retried);
    for (std::size_t i = 0; i < failed_.size(); ++i) {
      Grow(*failed_[i], now.failed[i], before_.failed[i]);
    }
    for (std::size_t i = 0; i < dropped_.size(); ++i) {
      const auto count = kDropReasons[i].second;
      Grow(*dropped_[i], now.*count, before_.*count);
    }
    waiting_->Set(static_cast<double>(now.queue_length));
    if (capacity_ != nullptr) capacity_->Set(static_cast<double>(now.queue_capacity));
    if (oldest_age_ != nullptr) {
      oldest_age_->Set(now.oldest ? std::max(Seconds(at - *now.oldest), 0.0) : 0);
    }
    Grow(*latency_, now.latency, before_.latency);
    if (delay_ != nullptr) Grow(*delay_, now.delay, before_.delay);
    before_ = now;
  }

 private:
  /// A new series of `family`, which goes with this.
  template <class Metric, class... More>
  Metric* Add(prometheus::Family<Metric>& family, const prometheus::Labels& labels,
              More&&... more) {
    Metric* const metric = &family.Add(labels, std::forward<More>(more)...);
    removals_.push_back([&family, metric] { family.Remove(metric); });
    return metric;
  }
  static double Growth(std::uint64_t now, std::uint64_t before) {
    return static_cast<double>(now > before ? now - before : 0);
  }
  static void Grow(prometheus::Counter& counter, std::uint64_t now, std::uint64_t before) {
    counter.Increment(Growth(now, before));
  }
  static void Grow(prometheus::Histogram& histogram, const LatencyHistogram& now,
                   const LatencyHistogram& before) {
    std::vector<double> growth;
    growth.reserve(now.counts.size());
    for (std::size_t i = 0; i < now.counts.size(); ++i) {
      growth.push_back(Growth(now.counts[i], before.counts[i]));
    }
    histogram.ObserveMultiple(growth, now.sum_seconds - before.sum_seconds);
  }

  const prometheus::Labels labels_;
  std::vector<std::function<void()>> removals_;
  prometheus::Counter* sent_ = nullptr;
  prometheus::Counter* retried_ = nullptr;
  std::array<prometheus::Counter*, notify::kFailureReasons.size()> failed_{};
  std::array<prometheus::Counter*, kDropReasons.size()> dropped_{};
  prometheus::Gauge* waiting_ = nullptr;
  prometheus::Gauge* capacity_ = nullptr;    ///< Null for an outbox.
  prometheus::Gauge* oldest_age_ = nullptr;  ///< Of an outbox only, as `delay_`.
  prometheus::Histogram* latency_ = nullptr;
  prometheus::Histogram* delay_ = nullptr;
  DeliveryStats before_;
};

NotifyMetrics::NotifyMetrics(prometheus::Registry& registry)
    : families_(std::make_unique<const Families>(registry)) {}

NotifyMetrics::~NotifyMetrics() = default;

void NotifyMetrics::Update(const std::vector<DeliveryStats>& destinations, TimePoint now) {
  const MutexLock lock(mutex_);
  std::set<std::pair<std::string, std::string>> present;
  for (const DeliveryStats& stats : destinations) {
    auto key = std::make_pair(stats.receiver, stats.target);
    std::unique_ptr<TargetSeries>& series = targets_[key];
    if (series == nullptr) series = std::make_unique<TargetSeries>(*families_, stats);
    series->Update(stats, now);
    present.insert(std::move(key));
  }
  std::erase_if(targets_, [&](const auto& target) { return !present.contains(target.first); });
}

std::vector<MetricDesc> NotifyMetrics::Descriptions() {
  return {kSent,          kFailed,  kRetried,   kDropped, kQueueLength,
          kQueueCapacity, kPending, kOldestAge, kLatency, kDelay};
}

}  // namespace tocsin

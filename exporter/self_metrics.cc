#include "exporter/self_metrics.h"

#include <algorithm>
#include <array>
#include <deque>
#include <limits>
#include <string_view>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>

#include "base/metric_sink.h"
#include "collectors/registry.h"
#include "exporter/metric_family.h"
#include "exporter/version.h"

namespace tocsin {
namespace {

using collectors::InstanceConfig;
using collectors::InstanceView;
using collectors::kErrorCodes;
using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;

enum Index {
  kBuildInfo,
  kReloadSuccessful,
  kReloadTime,
  kUp,
  kDuration,
  kLastSuccess,
  kSamples,
  kInterval,
  kErrors,
  kDropped,
  kClockSkew,
  kSourceUp,
  kPartLost,
};

constexpr std::array kMetrics = {
    MetricDesc{"tocsin_build_info",
               MetricType::kGauge,
               "Always 1; the labels tell the release and the commit that tocsin was built from.",
               {"version", "revision"}},
    MetricDesc{"tocsin_config_last_reload_successful", MetricType::kGauge,
               "1 if the last attempt to load the configuration succeeded, else 0 (and the one "
               "loaded before stays in force)."},
    MetricDesc{"tocsin_config_last_reload_success_timestamp_seconds", MetricType::kGauge,
               "When the configuration was last loaded with success, in seconds since the Unix "
               "epoch."},
    MetricDesc{"tocsin_collector_up",
               MetricType::kGauge,
               "1 if the last collection succeeded, else 0; 0 before the first. Collections run on "
               "their own interval, not when /metrics is read.",
               {"collector", "name"}},
    MetricDesc{
        "tocsin_collector_duration_seconds",
        MetricType::kGauge,
        "Wall time of the last collection, whether it succeeded or not, in seconds; 0 before "
        "the first.",
        {"collector", "name"}},
    MetricDesc{
        "tocsin_collector_last_success_timestamp_seconds",
        MetricType::kGauge,
        "When the last good collection ended, in seconds since the Unix epoch: the time as of "
        "which the collector's series are. 0 if there was none.",
        {"collector", "name"}},
    MetricDesc{"tocsin_collector_samples",
               MetricType::kGauge,
               "Samples that the collector serves, as of its last good collection; 0 once they are "
               "older than stale_after.",
               {"collector", "name"}},
    MetricDesc{"tocsin_collector_interval_seconds",
               MetricType::kGauge,
               "The configured time between two collections, in seconds.",
               {"collector", "name"}},
    MetricDesc{"tocsin_collector_errors_total",
               MetricType::kCounter,
               "Failed collections by reason. A collector with several sources counts each that "
               "failed, and a part that is missing counts once until it is back.",
               {"collector", "name", "reason"}},
    MetricDesc{"tocsin_samples_dropped_total",
               MetricType::kCounter,
               "Points of good collections that could not be served, by reason.",
               {"collector", "name", "reason"}},
    MetricDesc{"tocsin_source_clock_skew_seconds",
               MetricType::kGauge,
               "The source's clock minus tocsin's as of the last collection, in seconds.",
               {"collector", "name", "source"}},
    MetricDesc{"tocsin_collector_source_up",
               MetricType::kGauge,
               "1 if the last read of this source succeeded, else 0. Only for collectors that read "
               "several.",
               {"collector", "name", "source"}},
    MetricDesc{
        "tocsin_collector_part_lost",
        MetricType::kGauge,
        "1 for each part of what the collector reads that could not be read in its last good "
        "collection, such as a table, a query or a page. Parts that are well have no series, "
        "and neither have those that an older version of the source lacks.",
        {"collector", "name", "part"}},
};

/// Our own series are as many as the configuration has instances.
constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

Family<Gauge>& GaugeFamily(Index index, prometheus::Registry& registry) {
  return prometheus::BuildGauge()
      .Name(std::string(kMetrics[index].name))
      .Help(std::string(kMetrics[index].help))
      .Register(registry);
}

Family<Counter>& CounterFamily(Index index, prometheus::Registry& registry) {
  return prometheus::BuildCounter()
      .Name(std::string(kMetrics[index].name))
      .Help(std::string(kMetrics[index].help))
      .Register(registry);
}

}  // namespace

struct SelfMetrics::Families {
  explicit Families(prometheus::Registry& registry)
      : build_info(GaugeFamily(kBuildInfo, registry)),
        reload_successful(GaugeFamily(kReloadSuccessful, registry).Add({})),
        reload_time(GaugeFamily(kReloadTime, registry)),
        up(GaugeFamily(kUp, registry)),
        duration(GaugeFamily(kDuration, registry)),
        last_success(GaugeFamily(kLastSuccess, registry)),
        samples(GaugeFamily(kSamples, registry)),
        interval(GaugeFamily(kInterval, registry)),
        errors(CounterFamily(kErrors, registry)),
        dropped(CounterFamily(kDropped, registry)),
        clock_skew(GaugeFamily(kClockSkew, registry)),
        source_up(GaugeFamily(kSourceUp, registry)),
        part_lost(GaugeFamily(kPartLost, registry)) {
    build_info.Add({{"version", std::string(Version())}, {"revision", std::string(Revision())}})
        .Set(1);
  }

  Family<Gauge>& build_info;
  Gauge& reload_successful;
  Family<Gauge>& reload_time;
  Family<Gauge>& up;
  Family<Gauge>& duration;
  Family<Gauge>& last_success;
  Family<Gauge>& samples;
  Family<Gauge>& interval;
  Family<Counter>& errors;
  Family<Counter>& dropped;
  Family<Gauge>& clock_skew;
  Family<Gauge>& source_up;
  Family<Gauge>& part_lost;
};

/// The series of one instance, from its first view until Forget().
class SelfMetrics::InstanceSeries {
 public:
  InstanceSeries(const Families& families, const InstanceConfig& config)
      : families_(families),
        labels_{{"collector", std::string(config.kind->name)}, {"name", config.name}},
        up_(families.up.Add(labels_)),
        duration_(families.duration.Add(labels_)),
        last_success_(families.last_success.Add(labels_)),
        samples_(families.samples.Add(labels_)),
        interval_(families.interval.Add(labels_)) {
    for (std::size_t i = 0; i < kErrorCodes; ++i) {
      errors_[i] =
          &families.errors.Add(With("reason", collectors::ReasonOf(static_cast<ErrorCode>(i))));
    }
    for (std::size_t i = 0; i < kDropReasons; ++i) {
      dropped_[i] = &families.dropped.Add(With("reason", Name(static_cast<DropReason>(i))));
    }
  }
  ~InstanceSeries() {
    for (Counter* const counter : errors_) families_.errors.Remove(counter);
    for (Counter* const counter : dropped_) families_.dropped.Remove(counter);
    families_.up.Remove(&up_);
    families_.duration.Remove(&duration_);
    families_.last_success.Remove(&last_success_);
    families_.samples.Remove(&samples_);
    families_.interval.Remove(&interval_);
    Assign(families_.clock_skew, "source", {}, clock_skews_);
    Assign(families_.source_up, "source", {}, sources_up_);
    Assign(families_.part_lost, "part", {}, parts_lost_);
  }
  InstanceSeries(const InstanceSeries&) = delete;
  InstanceSeries& operator=(const InstanceSeries&) = delete;

  void Show(const InstanceView& view) {
    if (view.config != config_) {  // Another instance took its place, whose counts start from 0.
      config_ = view.config;
      seen_errors_ = {};
      seen_dropped_ = {};
    }
    up_.Set(view.up ? 1 : 0);
    duration_.Set(Seconds(view.last_duration));
    last_success_.Set(view.last_success ? UnixSeconds(*view.last_success) : 0);
    samples_.Set(view.snapshot ? static_cast<double>(view.snapshot->SampleCount()) : 0);
    interval_.Set(Seconds(view.config->interval));
    Raise(errors_, view.errors, seen_errors_);
    Raise(dropped_, view.dropped, seen_dropped_);
    ShowSources(view);
    ShowLostParts(view);
  }

  void CountLeftOut(std::uint64_t points) {
    dropped_[static_cast<std::size_t>(DropReason::kType)]->Increment(static_cast<double>(points));
  }

 private:
  using Values = std::map<std::string, double>;
  using Series = std::map<std::string, Gauge*>;

  prometheus::Labels With(const std::string& label, std::string_view value) const {
    prometheus::Labels labels = labels_;
    labels.emplace(label, value);
    return labels;
  }

  template <std::size_t size>
  static void Raise(const std::array<Counter*, size>& counters,
                    const std::array<std::uint64_t, size>& now,
                    std::array<std::uint64_t, size>& seen) {
    for (std::size_t i = 0; i < size; ++i) {
      counters[i]->Increment(static_cast<double>(now[i] - seen[i]));
    }
    seen = now;
  }

  void ShowSources(const InstanceView& view) {
    Values up;
    Values skews;
    if (view.clock_skew_seconds) skews[""] = *view.clock_skew_seconds;
    for (const collectors::SourceView& source : view.sources) {
      up[source.source] = source.up ? 1 : 0;
      if (source.clock_skew_seconds) skews[source.source] = *source.clock_skew_seconds;
    }
    Assign(families_.source_up, "source", up, sources_up_);
    Assign(families_.clock_skew, "source", skews, clock_skews_);
  }

  void ShowLostParts(const InstanceView& view) {
    Values lost;
    for (const collectors::LostPart& part : view.lost) {
      if (!part.is_source && part.is_fault) lost[part.name] = 1;
    }
    Assign(families_.part_lost, "part", lost, parts_lost_);
  }

  /// Makes `series` those of `values`, by the value of `label`.
  void Assign(Family<Gauge>& family, const std::string& label, const Values& values,
              Series& series) {
    for (auto known = series.begin(); known != series.end();) {
      if (values.contains(known->first)) {
        ++known;
      } else {
        family.Remove(known->second);
        known = series.erase(known);
      }
    }
    for (const auto& [source, value] : values) {
      Gauge*& gauge = series[source];
      if (gauge == nullptr) gauge = &family.Add(source.empty() ? labels_ : With(label, source));
      gauge->Set(value);
    }
  }

  const Families& families_;
  const prometheus::Labels labels_;
  Gauge& up_;
  Gauge& duration_;
  Gauge& last_success_;
  Gauge& samples_;
  Gauge& interval_;
  std::array<Counter*, kErrorCodes> errors_{};
  std::array<Counter*, kDropReasons> dropped_{};
  Series clock_skews_;
  Series sources_up_;
  Series parts_lost_;

  std::shared_ptr<const InstanceConfig> config_;
  std::array<std::uint64_t, kErrorCodes> seen_errors_{};
  DropCounts seen_dropped_{};
};

SelfMetrics::SelfMetrics(const Clock& clock)
    : clock_(clock), process_(clock.Now()), families_(std::make_unique<Families>(registry_)) {}

SelfMetrics::~SelfMetrics() = default;

std::vector<MetricDesc> SelfMetrics::Descriptions() {
  std::vector<MetricDesc> all(kMetrics.begin(), kMetrics.end());
  const auto process = ProcessMetrics::Descriptions();
  all.insert(all.end(), process.begin(), process.end());
  return all;
}

void SelfMetrics::ReloadSucceeded() {
  families_->reload_successful.Set(1);
  families_->reload_time.Add({}).Set(UnixSeconds(clock_.Now()));
}

void SelfMetrics::ReloadFailed() {
  families_->reload_successful.Set(0);
}

void SelfMetrics::Observe(const InstanceView& view) {
  const MutexLock lock(mutex_);
  auto& series = instances_[{std::string(view.config->kind->name), view.config->name}];
  if (!series) series = std::make_unique<InstanceSeries>(*families_, *view.config);
  series->Show(view);
}

void SelfMetrics::CountLeftOut(const InstanceConfig& config, std::uint64_t points) {
  const MutexLock lock(mutex_);
  const auto series = instances_.find({std::string(config.kind->name), config.name});
  if (series != instances_.end()) series->second->CountLeftOut(points);
}

void SelfMetrics::Forget(const InstanceConfig& config) {
  const MutexLock lock(mutex_);
  instances_.erase({std::string(config.kind->name), config.name});
}

std::shared_ptr<const Snapshot> SelfMetrics::Collect() {
  const MutexLock lock(mutex_);  // No view is half taken over.
  std::vector<prometheus::MetricFamily> families = registry_.Collect();
  std::sort(families.begin(), families.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  MetricSink points({kNoLimit, {}}, previous_);
  std::deque<FamilyDescription> descriptions;
  for (const prometheus::MetricFamily& family : families) AddFamily(family, descriptions, points);
  process_.AddTo(points);
  previous_ = points.Finish(clock_.Now());
  return previous_;
}

}  // namespace tocsin

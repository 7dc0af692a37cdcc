#include "exporter/recorder.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

namespace tocsin {
namespace {

/// How long nothing must have been refused before a refusal is news again.
constexpr Duration kQuiet = std::chrono::minutes(10);

struct Reason {
  std::uint64_t AppendCounts::*count;
  std::string_view message;
};

constexpr std::string_view kFull =
    "the sample store is full: new series are refused, those it has go on";
constexpr std::array<Reason, 5> kReasons = {{
    {&AppendCounts::series_limit, kFull},
    {&AppendCounts::bytes_limit, kFull},
    {&AppendCounts::too_far_ahead, "samples from the future are refused: a clock is wrong"},
    {&AppendCounts::out_of_order,
     "samples are refused that are older than what their series have: a clock has stepped back, or "
     "two sources have the same labels"},
    {&AppendCounts::duplicate,
     "samples are refused whose series have another value at that time: two sources have the same "
     "labels"},
}};

ConstantLabels TargetOf(const Recorder::Settings& settings) {
  return {{"job", settings.job}, {"instance", settings.instance}};
}

/// The family that Prometheus makes for each target, for the target that tocsin would be.
std::shared_ptr<const FamilyShape> UpFamily() {
  auto shape = std::make_shared<FamilyShape>();
  shape->name = "up";
  shape->type = MetricType::kGauge;
  shape->help = "Whether tocsin runs.";
  shape->series_ends = {0};
  return shape;
}

}  // namespace

Recorder::Source::Source(SampleStore& store, const Settings& settings)
    : appender(store, TargetOf(settings)) {}

Recorder::Recorder(SampleStore& store, Settings settings, const Clock& clock, const Log& log)
    : store_(store),
      settings_(std::move(settings)),
      clock_(clock),
      log_(log),
      up_(UpFamily()),
      own_(store, TargetOf(settings_)) {}

Recorder::~Recorder() {
  Stop();
}

void Recorder::Observe(const collectors::InstanceView& view) {
  const std::shared_ptr<Source> source = SourceOf(view.config->name);
  const MutexLock lock(source->mutex);
  if (view.snapshot == source->last) return;
  if (view.snapshot != nullptr) {
    source->appender.Append(*view.snapshot);
  } else {
    source->appender.MarkStale(clock_.Now());
  }
  source->last = view.snapshot;
}

void Recorder::Forget(const collectors::InstanceConfig& config) {
  std::shared_ptr<Source> source;
  {
    const MutexLock lock(mutex_);
    const auto found = sources_.find(config.name);
    if (found == sources_.end()) return;
    source = std::move(found->second);
    sources_.erase(found);
  }
  const MutexLock lock(source->mutex);
  source->appender.MarkStale(clock_.Now());
}

std::shared_ptr<Recorder::Source> Recorder::SourceOf(const std::string& name) {
  const MutexLock lock(mutex_);
  std::shared_ptr<Source>& source = sources_[name];
  if (source == nullptr) source = std::make_shared<Source>(store_, settings_);
  return source;
}

void Recorder::ReportRefusals() {
  const SampleStore::Stats stats = store_.stats();
  const SteadyPoint now = clock_.SteadyNow();
  for (std::size_t i = 0; i < kReasons.size(); ++i) {
    const std::uint64_t refused = stats.appends.*kReasons[i].count - reported_.*kReasons[i].count;
    if (refused == 0) continue;
    const std::optional<SteadyPoint> before = std::exchange(last_refusal_[i], now);
    if (before && now - *before < kQuiet) continue;
    log_.Warn(kReasons[i].message, {{"samples", std::to_string(refused)},
                                    {"series", std::to_string(stats.series)},
                                    {"bytes", std::to_string(stats.bytes)}});
  }
  reported_ = stats.appends;
}

void Recorder::Start() {
  thread_ = std::jthread([this](const std::stop_token& stop) {
    SteadyPoint next = clock_.SteadyNow();
    do {
      RecordOwn();
      const Duration interval(own_interval_.load());
      next = std::max(next, clock_.SteadyNow() - interval) + interval;
    } while (clock_.WaitUntil(next, stop));
  });
}

void Recorder::Stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void Recorder::RecordOwn() {
  Snapshot snapshot = *settings_.own();
  snapshot.collected_at = clock_.Now();
  snapshot.families.push_back({up_, {1.0}});
  own_.Append(snapshot);
  ReportRefusals();
  store_.Truncate();
}

}  // namespace tocsin

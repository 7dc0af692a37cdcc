#include "collectors/miroir/collector.h"

#include <chrono>
#include <utility>

#include "collectors/http/round.h"
#include "collectors/json_member.h"

namespace tocsin::collectors::miroir {
namespace {

constexpr MetricDesc kMostRequests = {
    "miroir_max_concurrent_requests", MetricType::kGauge,
    "What a pod may serve at once, as configured in tocsin: Miroir does not tell."};

/// The state is about Miroir, whichever store keeps it.
constexpr std::string_view kAnyStore;
constexpr std::string_view kLeases = "leases";
constexpr std::string_view kProbe = "probe";

SteadyPoint Now() {
  return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
}

/// The time for the store: with pods to come, half of it, so that a store that hangs does not cost
/// their series, too.
Attempt ForStore(const Attempt& attempt, bool has_pods) {
  if (!has_pods) return attempt;
  const SteadyPoint now = Now();
  return {now + (attempt.deadline - now) / 2, attempt.stop};
}

}  // namespace

MiroirCollector::MiroirCollector(const Settings& settings, std::unique_ptr<TaskStore> store,
                                 std::unique_ptr<Pods> pods, const Environment& environment)
    : settings_(settings),
      store_(std::move(store)),
      pods_(std::move(pods)),
      probe_(settings.probe_timeout),
      metrics_(settings.compatibility_names),
      state_(environment.state_file, environment.log) {}

Status MiroirCollector::Collect(const Attempt& attempt, Collection& collection) {
  const Status restored = TakeUpState();
  // That something hangs must be told in time, even with a probe_timeout as long as the collector's
  // own: of a collection that ends late nothing is seen.
  const SteadyPoint now = Now();
  const Attempt mine{now + TimeForRequests(attempt), attempt.stop};
  if (store_) CollectStore(ForStore(mine, pods_ != nullptr), collection);
  if (pods_) {
    collection.points.Add(kMostRequests, {}, settings_.max_concurrent_requests);
    pods_->Collect(mine, collection);
  }
  // Counters are on disk before anybody sees them. A full disk must not stop the metrics, though.
  if (Status kept = restored ? KeepState() : restored; !kept) {
    // Its reason is `other`: the trouble is this host's disk, and not the way to the source.
    collection.parts.push_back({"state", Error{ErrorCode::kInvalidInput, kept.error().message}});
  }
  return {};
}

void MiroirCollector::CollectStore(const Attempt& attempt, Collection& collection) {
  Status answered;
  if (settings_.probes) {
    answered = probe_.Run(*store_, attempt);
    probe_.Publish(*store_, collection.points);
    collection.sources.push_back({"probe", {}});
    // Whoever only probes has no other place to tell why.
    if (!answered && !settings_.reads_store) collection.parts.push_back({"task_store", answered});
  }
  if (!settings_.reads_store) return;
  const std::size_t place = collection.sources.size();
  collection.sources.push_back({"task_store", answered});
  // Once it has let the probe wait in vain there is no use in asking again.
  if (answered) collection.sources[place].status = ReadStore(attempt, collection);
}

Status MiroirCollector::ReadStore(const Attempt& attempt, Collection& collection) {
  const Result<Reading> reading = store_->Read(attempt);
  if (!reading) return reading.error();
  metrics_.Publish(*reading, collection.points);
  collection.parts.insert(collection.parts.end(), reading->parts.begin(), reading->parts.end());
  collection.sources.back().clock_skew_seconds = reading->clock_skew_seconds;
  return {};
}

Status MiroirCollector::TakeUpState() {
  if (is_restored_) return {};
  const Result<boost::json::object> saved = state_.Load(kAnyStore);
  if (!saved) return saved.error();
  metrics_.Restore(MemberIn(*saved, kLeases));
  probe_.Restore(MemberIn(*saved, kProbe));
  is_restored_ = true;
  return {};
}

Status MiroirCollector::KeepState() {
  boost::json::object parts;
  if (boost::json::object leases = metrics_.Save(); !leases.empty()) {
    parts[kLeases] = std::move(leases);
  }
  if (boost::json::object probe = probe_.Save(); !probe.empty()) parts[kProbe] = std::move(probe);
  if (parts.empty()) return {};
  return state_.Save(kAnyStore, parts);
}

std::span<const MetricDesc> Metrics() {
  static const std::vector<MetricDesc> kAll = [] {
    std::vector<MetricDesc> all = {kMostRequests};
    for (const auto& metrics : {StoreMetricDescs(), ProbeMetricDescs(), PodMetricDescs()}) {
      all.insert(all.end(), metrics.begin(), metrics.end());
    }
    return all;
  }();
  return kAll;
}

}  // namespace tocsin::collectors::miroir

#include "collectors/kubernetes/collector.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace tocsin::collectors::kubernetes {
namespace {

bool IsWanted(const ResourceKind& kind, const Settings& settings) {
  const std::vector<std::string>& wanted = settings.resources;
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), kind.name) != wanted.end();
}

/// "pods", or "pods in NAMESPACE".
std::string PartName(const ResourceKind& kind, const std::string& name_space) {
  std::string name(kind.name);
  return name_space.empty() ? name : name.append(" in ").append(name_space);
}

}  // namespace

std::span<const MetricDesc> Metrics() {
  static const std::vector<MetricDesc> kAll = [] {
    std::vector<MetricDesc> all;
    for (const ResourceKind& kind : AllResourceKinds()) {
      all.insert(all.end(), kind.metrics.begin(), kind.metrics.end());
    }
    return all;
  }();
  return kAll;
}

KubernetesCollector::KubernetesCollector(const Settings& settings,
                                         std::unique_ptr<ApiServer> server,
                                         const Environment& environment)
    : clock_(environment.clock), server_(std::move(server)) {
  for (const ResourceKind& kind : AllResourceKinds()) {
    if (!IsWanted(kind, settings)) continue;
    for (const std::string& name_space : settings.namespaces) AddMember(kind, name_space, settings);
    if (settings.namespaces.empty()) AddMember(kind, "", settings);
  }
}

void KubernetesCollector::AddMember(const ResourceKind& kind, const std::string& name_space,
                                    const Settings& settings) {
  std::unique_ptr<ResourceTable> table = kind.make(settings.max_objects);
  ResourceQuery query{.path = ResourcePath(kind.group, kind.name, name_space),
                      .label_selector = settings.label_selector};
  auto watch = std::make_unique<ResourceWatch>(std::move(query), table->objects());
  members_.push_back({&kind, name_space, std::move(table), std::move(watch)});
}

Status KubernetesCollector::Collect(const Attempt& attempt, Collection& collection) {
  std::vector<ResourceWatch*> watches;
  watches.reserve(members_.size());
  for (const Member& member : members_) watches.push_back(member.watch.get());
  const std::optional<double> skew = RefreshWatches(watches, *server_, attempt, clock_);
  if (skew) clock_skew_seconds_ = *skew;
  collection.clock_skew_seconds = skew;

  const double server_now = UnixSeconds(clock_.Now()) + clock_skew_seconds_;
  std::vector<SourceReport> failed;
  bool is_any_good = false;
  for (const Member& member : members_) {
    const Status& outcome = member.watch->outcome();
    if (outcome) {
      is_any_good = true;
      member.table->Publish(collection.points, server_now);
      continue;
    }
    // A cluster that does not know such objects has none.
    const bool is_unknown = outcome.error().code == ErrorCode::kNotFound;
    failed.push_back({.source = PartName(*member.kind, member.name_space),
                      .status = outcome,
                      .is_fault = !is_unknown});
  }
  if (!is_any_good && !failed.empty()) {
    return failed.front().status.error().Within(failed.front().source);
  }
  collection.parts = std::move(failed);
  return {};
}

}  // namespace tocsin::collectors::kubernetes

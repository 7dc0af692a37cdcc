#include "collectors/dagster/collector.h"

#include <chrono>
#include <string>
#include <utility>

#include "collectors/dagster/contracts.h"
#include "collectors/dagster/database_source.h"
#include "collectors/dagster/leader.h"
#include "collectors/dagster/webserver.h"

namespace tocsin::collectors::dagster {
namespace {

/// What is left of a collection's time for all but its sources, as a part of it.
constexpr int kReserve = 20;

int WeightOf(const std::vector<NamedSource>& sources) {
  int weight = 0;
  for (const NamedSource& source : sources) weight += source.weight;
  return weight;
}

Duration OverrunOf(const std::vector<NamedSource>& sources) {
  Duration overrun{};
  for (const NamedSource& source : sources) overrun += source.overrun;
  return overrun;
}

}  // namespace

Status DagsterCollector::Collect(const Attempt& attempt, Collection& collection) {
  if (sources_.size() == 1) return sources_.front().source->Collect(attempt, collection);

  const auto now = [] {
    return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
  };
  const Duration time = attempt.deadline - now();
  const Duration unit = (time - time / kReserve - OverrunOf(sources_)) / WeightOf(sources_);
  for (const NamedSource& source : sources_) {
    collection.clock_skew_seconds.reset();
    Status status =
        source.source->Collect({now() + unit * source.weight, attempt.stop}, collection);
    collection.sources.push_back({std::string(source.name), std::move(status),
                                  std::exchange(collection.clock_skew_seconds, std::nullopt)});
  }
  return {};
}

std::span<const MetricDesc> Metrics() {
  static const std::vector<MetricDesc> kAll = [] {
    std::vector<MetricDesc> all = MetricsOf(DagsterDatabaseKind());
    const std::vector<MetricDesc> contracts = MetricsOf(ContractsDatabaseKind());
    for (const std::span<const MetricDesc> more :
         {WebserverMetrics(), LeaderMetrics(), std::span(contracts), PartMetrics()}) {
      all.insert(all.end(), more.begin(), more.end());
    }
    return all;
  }();
  return kAll;
}

}  // namespace tocsin::collectors::dagster

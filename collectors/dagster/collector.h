// The Dagster collector: what a Dagster instance's database, webserver and surroundings tell.

#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "collectors/collector.h"
#include "collectors/dagster/source.h"
#include "collectors/registry.h"

namespace tocsin::collectors::dagster {

/// A source as it is configured.
struct NamedSource {
  std::string_view name;  ///< The label `source`.
  /// Its part of a collection's time, compared with those of the others.
  int weight = 1;
  std::unique_ptr<Source> source;
  /// How much longer than until its deadline it may take.
  Duration overrun{};
};

/// Reads each of its sources in turn, and passes on what they give. One thread at a time.
///
/// A single source has all the time, and its failure is the collection's. Of several, each has its
/// part of the time that their overruns leave, so that one that hangs leaves the others theirs, and
/// is reported by itself.
class DagsterCollector final : public Collector {
 public:
  explicit DagsterCollector(std::vector<NamedSource> sources) : sources_(std::move(sources)) {}

  Status Collect(const Attempt& attempt, Collection& collection) override;

 private:
  std::vector<NamedSource> sources_;
};

/// The metrics of all sources.
std::span<const MetricDesc> Metrics();

/// The options, for the registry.
std::span<const OptionDesc> Options();

/// How many jobs can have series of their own when no metric may have more than `max_series`.
std::size_t JobsWithin(std::size_t max_series);

/// Reads the options, for the registry.
MakeCollector Configure(YamlMap& options);

}  // namespace tocsin::collectors::dagster

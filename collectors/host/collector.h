// The host collector: the machine that tocsin runs on, under node_exporter's names.

#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "collectors/collector.h"
#include "collectors/host/part.h"
#include "collectors/registry.h"

namespace tocsin::collectors::host {

/// Reads /proc, /sys and the file systems: each part in turn, in the order of the table in
/// collector.cc. A part that cannot be read costs its own metrics only, and is reported in
/// Collection::parts. The collection fails as a whole if no part can be read.
///
/// Names, types and labels are those of node_exporter 1.8; the metrics are a choice of its own.
/// One thread at a time.
class HostCollector final : public Collector {
 public:
  HostCollector(const Settings& settings, const Environment& environment);

  Status Collect(const Attempt& attempt, Collection& collection) override;

 private:
  struct Member {
    std::string_view name;
    std::unique_ptr<Part> part;
  };

  std::vector<Member> members_;
};

/// The metrics of all parts.
std::span<const MetricDesc> Metrics();

/// The options, for the registry.
std::span<const OptionDesc> Options();

/// Reads the options, for the registry.
MakeCollector Configure(YamlMap& options);

/// All parts, in the order in which they are read.
std::span<const PartKind> Parts();

}  // namespace tocsin::collectors::host

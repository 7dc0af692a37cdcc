// The HTTP collector: whether servers answer, how quickly, and whether as expected.

#pragma once

#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/http_client.h"
#include "collectors/collector.h"
#include "collectors/discovery/discovery.h"
#include "collectors/http/probe.h"
#include "collectors/registry.h"

namespace tocsin::collectors::http {

/// One address to probe.
struct Target {
  std::string name;  ///< The label `target`.
  std::string url;
  std::shared_ptr<const ProbeSettings> settings;
};

/// Most targets of one collector: each needs a socket while they are probed.
inline constexpr std::size_t kMostTargets = 500;

/// Probes all targets at the same time, each over a new connection, as a new client would find it.
/// A target that fails is data, not a failure of the collection, which fails only when it was
/// stopped, or if nothing is known of what there is to probe. Of a discovery that fails what it
/// last gave is used. Discovered targets that have one name are told apart by their addresses; one
/// that is there twice is reported in Collection::parts. One thread at a time.
class HttpCollector final : public Collector {
 public:
  /// `discovery` may be null; `discovered` is how its targets are probed.
  HttpCollector(std::vector<Target> targets, std::unique_ptr<Discovery> discovery,
                std::shared_ptr<const ProbeSettings> discovered, const Environment& environment);

  Status Collect(const Attempt& attempt, Collection& collection) override;

 private:
  Result<std::vector<Target>> Targets(const Attempt& attempt, Collection& collection);
  void NoteState(const Target& target, const std::optional<Fault>& fault);
  void ForgetOthers(const std::vector<Target>& targets);

  const std::vector<Target> targets_;
  const std::unique_ptr<Discovery> discovery_;
  const std::shared_ptr<const ProbeSettings> discovered_;
  const Environment environment_;
  ParallelHttpClient client_;
  std::set<std::string> failing_;  // Names of targets, for the log.
};

/// For the registry.
std::span<const MetricDesc> Metrics();
std::span<const OptionDesc> Options();
MakeCollector Configure(YamlMap& options);

}  // namespace tocsin::collectors::http

// The DashFlow collector: the pages and probes of its pods, under the names that its users know.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/http_client.h"
#include "collectors/collector.h"
#include "collectors/dashflow/renaming.h"
#include "collectors/http/pods.h"
#include "collectors/prometheus/pass_through.h"
#include "collectors/registry.h"

namespace tocsin::collectors::dashflow {

struct Settings {
  std::shared_ptr<const PodOptions> pods;
  double max_concurrent_requests = 1000;
};

/// Asks all pods at the same time: their pages of metrics, /health and /ready. A pod that does not
/// answer is data (dashflow_up 0), and what is wrong with it is told in Collection::parts. Samples
/// of different pods stay apart: a sum over pods would fall whenever one of them starts anew. One
/// thread at a time.
class DashflowCollector final : public Collector {
 public:
  DashflowCollector(Settings settings, const Environment& environment);

  Status Collect(const Attempt& attempt, Collection& collection) override;

 private:
  void Take(const PodQuestions& asked, Collection& collection);
  void TakePages(const PodQuestions& asked, Collection& collection);

  const Settings settings_;
  PodFinder finder_;
  ParallelHttpClient client_;
  PassThrough passed_;
  /// How often each name was found under more than one of its source's names.
  std::map<std::string_view, std::uint64_t> collisions_;
};

/// For the registry.
std::span<const MetricDesc> Metrics();
std::span<const OptionDesc> Options();
MakeCollector Configure(YamlMap& options);

}  // namespace tocsin::collectors::dashflow

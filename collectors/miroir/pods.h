// Miroir's pods: their pages of metrics, and whether they are ready.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/http_client.h"
#include "base/metric.h"
#include "collectors/collector.h"
#include "collectors/discovery/discovery.h"
#include "collectors/prometheus/page.h"
#include "collectors/prometheus/pass_through.h"

namespace tocsin::collectors::miroir {

/// How the pods are asked.
struct PodSettings {
  HttpSettings http = {};
  /// Of the public API, which knows whether the pod is ready; 0 does not ask.
  std::uint16_t ready_port = 7700;
};

/// Asks all pods at the same time and passes their families on with the label `pod`. Families that
/// Miroir never sets or counts wrongly are left out, and some get the names of its guide as well.
///
/// A pod that cannot be read costs its own series; miroir_up tells. One thread at a time.
class Pods {
 public:
  Pods(PodSettings settings, std::unique_ptr<Discovery> discovery);

  /// Adds points, the reports of discovery and one for all pods together, "pods", which fails when
  /// no pod at all could be read.
  void Collect(const Attempt& attempt, Collection& collection);

 private:
  /// One pod, and what it is asked.
  struct Pod {
    std::string name;
    OutgoingRequest page;
    std::optional<OutgoingRequest> ready;
  };

  std::vector<Pod> Find(const Attempt& attempt, Collection& collection);
  void TakePage(const Pod& pod, Result<HttpAnswer> answer, Collection& collection);
  void PassOn(const PageFamily& family, const std::string& pod);

  const PodSettings settings_;
  const std::unique_ptr<Discovery> discovery_;
  ParallelHttpClient client_;
  PassThrough passed_;
  std::size_t read_ = 0;              // Pods of this collection whose pages were read.
  std::optional<Error> first_error_;  // Of a page that was not.
  std::vector<std::pair<std::string, double>> claiming_;  // Pods that claim to lead, by scope.
};

/// Its own metrics, and those that it makes of the pods' ones, for the catalogue.
std::vector<MetricDesc> PodMetricDescs();

}  // namespace tocsin::collectors::miroir

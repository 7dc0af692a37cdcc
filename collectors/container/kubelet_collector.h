// Containers, by what the kubelet says of them.

#pragma once

#include <memory>
#include <string>

#include "base/http_client.h"
#include "collectors/collector.h"
#include "collectors/http/target.h"

namespace tocsin::collectors::container {

/// Reads the kubelet's page /metrics/cadvisor, and shows the metrics of Metrics() for the
/// containers on it: not for whole pods, for the containers that keep a pod's network, or for other
/// control groups. Names are the kubelet's. One thread at a time.
class KubeletCollector final : public Collector {
 public:
  KubeletCollector(HttpTarget target, const HttpClientFactory& make_client);

  Status Collect(const Attempt& attempt, Collection& collection) override;

 private:
  const std::string url_;
  const std::unique_ptr<HttpClient> client_;
};

}  // namespace tocsin::collectors::container

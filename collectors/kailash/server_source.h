#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/http_client.h"
#include "base/metric_sink.h"
#include "base/result.h"
#include "collectors/collector.h"
#include "collectors/kailash/health_answer.h"
#include "collectors/kailash/metrics.h"
#include "collectors/kailash/page_facts.h"
#include "collectors/kailash/server_client.h"
#include "collectors/kailash/settings.h"
#include "collectors/kailash/workflow_label.h"

namespace tocsin::collectors::kailash {

/// Where a Kailash server answers. URLs without a slash at the end.
struct ServerUrls {
  std::string base;
  std::string page;    ///< The page of metrics.
  std::string probes;  ///< What "/health/live" and "/health/ready" follow.
};

/// What a Kailash server tells by HTTP: its page of metrics, the members of /health, the pools of
/// /connections/metrics when the page has none, and the probes of production guides.
///
/// A server that does not answer is something that was seen: then kailash_up is 0, and so are the
/// probes, unless the application is known not to offer them. All else is absent, and so is what
/// there was no time left to ask for. One thread at a time.
class ServerSource {
 public:
  /// Of the page's workflows, so many have series of their own; the others are added up.
  ServerSource(std::unique_ptr<ServerClient> client, ServerUrls urls, std::size_t max_workflows)
      : client_(std::move(client)), urls_(std::move(urls)), workflows_(max_workflows) {}

  /// Asks for everything, one after the other, as long as there is time.
  void Read(const Attempt& attempt);

  /// Adds "http", which is about the page, and "probes", which fails only if it is not known
  /// whether the server answers; and the parts that could not be read.
  void Report(Collection& collection) const;

  /// Adds what the last Read() found, but for pools(). Workflows only if `source` says so.
  void Publish(MetricSink& points, WorkflowSource source) const;

  /// What the page tells of pools, and where that tells nothing, /connections/metrics.
  const PoolReports& pools() const { return pools_; }

 private:
  struct Probe {
    std::string_view part;
    std::string_view path;
    const MetricDesc& metric;
    bool is_offered = true;  ///< False once the server has said that there is no such route.
    std::optional<double> value = std::nullopt;
  };

  /// What the page says of a workflow, or of several.
  struct PageWorkflow {
    std::optional<WorkflowCounts> counts = std::nullopt;
    std::optional<PageHistogram::Series> duration = std::nullopt;
  };

  Result<HttpAnswer> Get(const std::string& url, const Attempt& attempt);
  void ReadHealth(const Attempt& attempt);
  void ReadPage(const Attempt& attempt);
  void AddUpWorkflows();
  void ReadPools(const Attempt& attempt);
  void ReadProbe(Probe& probe, const Attempt& attempt);
  bool IsUnreachable(const std::string& url) const;
  void PublishWorkflows(MetricSink& points) const;
  void PublishErrors(MetricSink& points) const;

  const std::unique_ptr<ServerClient> client_;
  const ServerUrls urls_;
  std::array<Probe, 2> probes_ = {Probe{"live", "/health/live", kLive},
                                  Probe{"ready", "/health/ready", kReady}};

  // What the last Read() found.
  std::optional<double> up_;
  std::optional<Error> no_answer_;  ///< Why the server did not answer, if so.
  HealthAnswer health_;
  Status page_status_;
  PageFacts page_;
  WorkflowTable<PageWorkflow> workflows_;  ///< Lasts, so that none moves to the others and back.
  PoolReports pools_;
  std::vector<SourceReport> parts_;
  /// The catalogue's rows with the buckets of the page, which are other ones in old versions.
  MetricDesc duration_ = kDuration;
  MetricDesc pool_wait_ = kPoolWait;
};

}  // namespace tocsin::collectors::kailash

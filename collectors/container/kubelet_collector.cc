#include "collectors/container/kubelet_collector.h"

#include <utility>

#include "collectors/container/metrics.h"
#include "collectors/prometheus/page.h"

namespace tocsin::collectors::container {
namespace {

/// What Kubernetes calls the container that keeps a pod's network.
constexpr std::string_view kSandbox = "POD";

/// Whether the sample is of one container, and not of one processor.
bool IsWanted(const PageSample& sample) {
  const std::string_view container = sample.Label("container");
  const std::string_view cpu = sample.Label("cpu");
  return !container.empty() && container != kSandbox && (cpu.empty() || cpu == "total");
}

Identity IdentityOf(const PageSample& sample) {
  return {.container = std::string(sample.Label("container")),
          .id = std::string(sample.Label("id")),
          .image = std::string(sample.Label("image")),
          .name = std::string(sample.Label("name")),
          .kube_namespace = std::string(sample.Label("namespace")),
          .pod = std::string(sample.Label("pod"))};
}

}  // namespace

KubeletCollector::KubeletCollector(HttpTarget target, const HttpClientFactory& make_client)
    : url_(std::move(target.url)), client_(make_client(std::move(target.settings))) {}

Status KubeletCollector::Collect(const Attempt& attempt, Collection& collection) {
  const Result<std::string> text = FetchPage(*client_, url_, attempt);
  if (!text) return text.error();
  const Result<Page> page = ParsePage(*text);
  if (!page) return page.error();
  // What is beyond the limit could be any of the containers.
  if (page->faults.overflow > 0) {
    collection.parts.push_back(
        {"page", Error{ErrorCode::kTooLarge, "the page has more samples than are read"}});
  } else if (page->faults.bad_lines > 0) {
    collection.parts.push_back({"page", Error{ErrorCode::kCorrupt, page->faults.first}});
  }
  for (const MetricDesc& metric : Metrics()) {
    const PageFamily* const family = page->Find(metric.name);
    if (family == nullptr) continue;
    for (const PageSample& sample : family->samples) {
      if (IsWanted(sample)) Publish(IdentityOf(sample), metric, sample.value, collection.points);
    }
  }
  return {};
}

}  // namespace tocsin::collectors::container

// `tocsin generate servicemonitor` and `podmonitor`: how a Prometheus operator finds tocsin.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "exporter/generate/generated_file.h"
#include "exporter/generate/object_meta.h"

namespace tocsin::generate {

struct MonitorOptions {
  enum class Kind { kService, kPod };

  Kind kind = Kind::kService;
  ObjectMeta meta{.name = "tocsin", .space = "", .labels = {}};
  /// Where the services or pods are; none: where the object itself is.
  std::vector<std::string> target_namespaces;
  TextPairs selector = {{"app.kubernetes.io/name", "tocsin"}};
  std::string port = "metrics";  ///< By name.
  std::string path = "/metrics";
  std::optional<Duration> interval;        ///< Unset: Prometheus' own.
  std::optional<Duration> scrape_timeout;  ///< Unset: Prometheus' own.
};

/// One file, "servicemonitor.yaml" or "podmonitor.yaml". Fails with kInvalidInput for what
/// Kubernetes or Prometheus would refuse.
Result<std::vector<GeneratedFile>> GenerateMonitor(const MonitorOptions& options);

}  // namespace tocsin::generate

// The processes of a watched system that speak HTTP: where they are, and what each of them answers
// to the questions that are the same everywhere.

#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/http_client.h"
#include "base/result.h"
#include "base/yaml.h"
#include "collectors/collector.h"
#include "collectors/discovery/discovery.h"
#include "collectors/http/round.h"
#include "collectors/prometheus/page.h"
#include "collectors/registry.h"

namespace tocsin::collectors {

/// One process, or one address that many stand behind.
struct Pod {
  std::string name;     ///< The label `pod`.
  std::string address;  ///< "http://10.0.0.1:8080", without a slash at the end.
  /// Where it serves metrics: several, if it keeps several registries.
  std::vector<std::string> page_urls = {};
  std::string kube_namespace = {};  ///< Empty if it is in none.
};

/// Where the pods are. Immutable once read.
struct PodOptions {
  HttpSettings http = {};
  std::vector<Pod> listed = {};
  std::shared_ptr<const DiscoveryOptions> discovery = nullptr;  ///< Null: only those listed.
  std::optional<std::uint16_t> app_port = std::nullopt;
  std::vector<std::uint16_t> metrics_ports = {};
  std::string metrics_path = "/metrics";
};

/// Reads the keys below, those of <http_config> and of a discovery. Mistakes go to the map's
/// diagnostics; no pods at all is one.
std::shared_ptr<const PodOptions> ReadPodOptions(YamlMap& options);

/// The keys that ReadPodOptions() reads by itself.
inline constexpr std::array kPodOptions = {
    OptionDesc{"pods[].name", "text", "", "What the pod is called in the label pod."},
    OptionDesc{"pods[].url", "text", "", "Its address: http://10.0.0.1:8080."},
    OptionDesc{"pods[].metrics_urls", "list of texts", "[]",
               "Where it serves metrics; by default metrics_path below its address."},
    OptionDesc{"metrics_path", "text", "/metrics", "The path of the metrics of listed pods."},
    OptionDesc{"app_port", "integer", "",
               "Discovered pods: the port of the application; by default that of the target."},
    OptionDesc{"metrics_ports", "list of integers", "[]",
               "Discovered pods: ports that serve metrics; by default those of the targets."},
};

/// All options of a collector of pods: these, <http_config> and discovery, and `own`.
std::vector<OptionDesc> WithPodOptions(std::span<const OptionDesc> own);

/// Knows which pods there are. One thread at a time.
class PodFinder {
 public:
  /// Most pods of one collector.
  static constexpr std::size_t kMostPods = 200;

  PodFinder(std::shared_ptr<const PodOptions> options, const Environment& environment);

  /// The pods as they are now; the targets of a discovery that have the same label `pod` (or, from
  /// Kubernetes, belong to the same pod) are one, unless their namespaces differ: then the pods are
  /// called "NAMESPACE/NAME". What is wrong with a discovery goes to Collection::parts. Fails if
  /// that is why nothing is known.
  Result<std::vector<Pod>> Find(const Attempt& attempt, Collection& collection);

 private:
  void AddTarget(const Labels& target, std::vector<Pod>& pods) const;

  const std::shared_ptr<const PodOptions> options_;
  const std::unique_ptr<Discovery> discovery_;
};

/// What is asked of one pod, and where in a round the outcomes are found.
class PodQuestions {
 public:
  struct Timeouts {
    Duration page;
    Duration probe;
  };
  static constexpr std::string_view kHealthPath = "/health";
  static constexpr std::string_view kReadyPath = "/ready";

  /// Adds the questions to `round`, which, as `settings`, outlives this.
  PodQuestions(Pod pod, const HttpSettings& settings, const Timeouts& timeouts, HttpRound& round);

  const Pod& pod() const { return pod_; }
  std::size_t page_count() const { return pages_.size(); }

  // After round.Send().
  HttpOutcome& page(std::size_t i) const { return round_.At(pages_[i]); }
  const HttpOutcome& health() const { return round_.At(health_); }
  const HttpOutcome& ready() const { return round_.At(ready_); }

 private:
  Pod pod_;
  HttpRound& round_;
  std::vector<std::size_t> pages_;
  std::size_t health_;
  std::size_t ready_;
};

/// The text of a page of metrics: fails as FetchPage() does. Takes it out of `outcome`.
Result<std::string> TakePage(HttpOutcome& outcome);

/// Whether a probe was answered with status 200, and not by a page for people, which web servers
/// give for paths that they do not know.
bool IsGood(const HttpOutcome& probe);

/// How long a probe took, in seconds.
double SecondsOf(const HttpOutcome& probe);

/// What there is to say about a page with bad lines, which cost no more than themselves.
Status CheckFaults(const PageFaults& faults);

}  // namespace tocsin::collectors

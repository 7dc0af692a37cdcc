// What is there to be asked: lists of targets that may change while tocsin runs.

#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "base/labels.h"
#include "base/result.h"
#include "base/yaml.h"
#include "collectors/collector.h"
#include "collectors/discovery/dns_lookup.h"
#include "collectors/kubernetes/api_server.h"
#include "collectors/registry.h"

namespace tocsin::collectors {

/// Finds the targets of one collector instance. One thread at a time.
class Discovery {
 public:
  virtual ~Discovery() = default;

  /// The targets as they are now, each as its labels: `__address__` (host:port), `__scheme__`,
  /// `__metrics_path__`, `__meta_...` and those that the configuration gives, after
  /// `relabel_configs`; sorted, each once (what differs in nothing but `__meta_...` is one target).
  /// Waits only when a source is due: a file when it changed, DNS every refresh_interval,
  /// Kubernetes by list and watch; and for all of DNS not longer than a quarter of the time left. A
  /// source that fails keeps what it last gave; its failure is added to `reports`, as is the
  /// success of the others ("static", "file", "dns", "kubernetes"; "dns 1", "dns 2" ... if there
  /// are several entries). Targets whose address makes no sense are left out and reported as
  /// "relabel_configs".
  virtual std::vector<Labels> Find(const Attempt& attempt, std::vector<SourceReport>& reports) = 0;
};

struct DiscoveryOptions;

/// Reads `static_configs`, `file_sd_configs`, `dns_sd_configs`, `kubernetes_sd_configs` and
/// `relabel_configs`, spelled as in Prometheus' <scrape_config>, from `map`, which may have other
/// keys. Mistakes go to the map's diagnostics.
/// Source: Prometheus' documentation, "Configuration".
std::shared_ptr<const DiscoveryOptions> ReadDiscoveryOptions(YamlMap& map);

/// Whom discovery asks, which tests replace.
struct DiscoveryWorld {
  DnsLookup dns = LookUpInDns;
  kubernetes::ApiServerFactory api_server = kubernetes::MakeApiServer;
};

/// Does no I/O before the first Find().
std::unique_ptr<Discovery> MakeDiscovery(std::shared_ptr<const DiscoveryOptions> options,
                                         const Environment& environment,
                                         const DiscoveryWorld& world = {});

/// `__scheme__` :// `__address__` `__metrics_path__` of a target, and its `__param_...` as the
/// query; the scheme defaults to http, the path to /metrics.
std::string TargetUrl(const Labels& target);

/// The keys that ReadDiscoveryOptions() reads, for a collector's table of options.
inline constexpr std::array kDiscoveryOptions = {
    OptionDesc{"static_configs[].targets", "list of texts", "[]",
               "Addresses of targets: host:port."},
    OptionDesc{"static_configs[].labels", "map of texts", "{}", "Labels of those targets."},
    OptionDesc{"file_sd_configs[].files", "list of texts", "",
               "YAML or JSON files with lists of targets; the last part of a path may hold *."},
    OptionDesc{"file_sd_configs[].refresh_interval", "duration", "5m",
               "How often files are read that do not look changed."},
    OptionDesc{"dns_sd_configs[].names", "list of texts", "", "Names to look up."},
    OptionDesc{"dns_sd_configs[].type", "text", "SRV", "SRV, A, AAAA, MX or NS."},
    OptionDesc{"dns_sd_configs[].port", "integer", "",
               "The port of the targets; with SRV the records have it."},
    OptionDesc{"dns_sd_configs[].refresh_interval", "duration", "30s",
               "How often the names are looked up."},
    OptionDesc{"kubernetes_sd_configs[].role", "text", "",
               "pod, service, endpoints, endpointslice or node."},
    OptionDesc{"kubernetes_sd_configs[].api_server", "text", "",
               "URL of the API server, with the keys of <http_config> beside it. By default that "
               "of the cluster around, with the service account."},
    OptionDesc{"kubernetes_sd_configs[].namespaces.names", "list of texts", "[]",
               "The namespaces to look at; without any, all."},
    OptionDesc{"kubernetes_sd_configs[].namespaces.own_namespace", "true/false", "false",
               "Whether to look at the namespace that tocsin runs in."},
    OptionDesc{"kubernetes_sd_configs[].selectors[].role", "text", "",
               "What the selector is about: pod, service, endpoints, endpointslice or node."},
    OptionDesc{"kubernetes_sd_configs[].selectors[].label", "text", "",
               "Only objects with these labels, as in kubectl."},
    OptionDesc{"kubernetes_sd_configs[].selectors[].field", "text", "",
               "Only objects with these fields, as in kubectl."},
    OptionDesc{"relabel_configs", "list of rules", "[]",
               "Rules that rewrite the labels of targets, or drop targets, as in Prometheus."},
};

}  // namespace tocsin::collectors

#include "exporter/generate/monitor.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/duration.h"
#include "exporter/generate/yaml_text.h"

namespace tocsin::generate {
namespace {

constexpr std::size_t kLongestPortName = 15;

/// Source: Kubernetes' documentation of ContainerPort, IANA_SVC_NAME of RFC 6335.
bool IsPortName(std::string_view name) {
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto is_good = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '-'; };
  return name.size() <= kLongestPortName && std::ranges::all_of(name, is_good) &&
         std::ranges::any_of(name, is_letter) && !name.starts_with('-') && !name.ends_with('-') &&
         name.find("--") == std::string_view::npos;
}

Error Invalid(std::string_view option, std::string_view what) {
  return {ErrorCode::kInvalidInput, fmt::format("{}: {}", option, what)};
}

Status CheckNames(const MonitorOptions& options) {
  if (Status good = CheckObjectName(options.meta.name); !good) return good.error().Within("--name");
  std::vector<std::string> spaces = options.target_namespaces;
  if (!options.meta.space.empty()) spaces.push_back(options.meta.space);
  for (const std::string& space : spaces) {
    if (Status good = CheckNamespace(space); !good) return good;
  }
  if (Status good = CheckLabels(options.meta.labels); !good) {
    return good.error().Within("--metadata-label");
  }
  if (Status good = CheckLabels(options.selector); !good) {
    return good.error().Within("--selector-label");
  }
  return {};
}

Status Check(const MonitorOptions& options) {
  if (Status good = CheckNames(options); !good) return good;
  if (!IsPortName(options.port)) {
    return Invalid("--port",
                   "expected the name of a port, such as metrics: at most 15 lower-case "
                   "letters, digits and hyphens");
  }
  if (!options.path.starts_with('/')) return Invalid("--path", "expected a path, such as /metrics");
  for (const auto& [option, duration] : {std::pair{"--interval", options.interval},
                                         std::pair{"--scrape-timeout", options.scrape_timeout}}) {
    if (duration && *duration <= Duration(0)) return Invalid(option, "expected more than 0");
  }
  if (options.interval && options.scrape_timeout && *options.scrape_timeout > *options.interval) {
    return Invalid("--scrape-timeout", "is longer than --interval, which Prometheus refuses");
  }
  return {};
}

YamlNode Endpoint(const MonitorOptions& options) {
  TextPairs endpoint = {{"port", options.port}, {"path", options.path}};
  if (options.interval) endpoint.emplace_back("interval", FormatDuration(*options.interval));
  if (options.scrape_timeout) {
    endpoint.emplace_back("scrapeTimeout", FormatDuration(*options.scrape_timeout));
  }
  YamlNode map = TextMapNode(endpoint);
  // The namespaces, pods and containers that tocsin speaks of are not those it runs in.
  YamlNode yes = TextNode("true");
  yes.quoted = false;
  map.entries.push_back({TextNode("honorLabels"), std::move(yes)});
  return map;
}

YamlNode Spec(const MonitorOptions& options) {
  const bool is_service = options.kind == MonitorOptions::Kind::kService;
  YamlNode spec =
      MapNode({{"jobLabel", TextNode("app.kubernetes.io/name")},
               {"selector", MapNode({{"matchLabels", TextMapNode(options.selector)}})}});
  if (!options.target_namespaces.empty()) {
    std::vector<YamlNode> names;
    for (const std::string& name : options.target_namespaces) names.push_back(TextNode(name));
    spec.entries.push_back(
        {TextNode("namespaceSelector"), MapNode({{"matchNames", ListNode(std::move(names))}})});
  }
  spec.entries.push_back(
      {TextNode(is_service ? "endpoints" : "podMetricsEndpoints"), ListNode({Endpoint(options)})});
  return spec;
}

}  // namespace

Result<std::vector<GeneratedFile>> GenerateMonitor(const MonitorOptions& options) {
  if (Status good = Check(options); !good) return good.error();
  const bool is_service = options.kind == MonitorOptions::Kind::kService;
  const std::string_view verb = is_service ? "servicemonitor" : "podmonitor";
  return std::vector<GeneratedFile>{
      {fmt::format("{}.yaml", verb),
       fmt::format("# Written by `tocsin generate {}`.\n{}", verb,
                   OperatorObject(is_service ? "ServiceMonitor" : "PodMonitor", options.meta,
                                  Spec(options)))}};
}

}  // namespace tocsin::generate

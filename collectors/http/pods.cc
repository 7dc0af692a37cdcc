#include "collectors/http/pods.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/http_options.h"
#include "base/http_server_address.h"
#include "base/number.h"
#include "collectors/http/discovered.h"
#include "collectors/http/expectation.h"
#include "collectors/http/target.h"

namespace tocsin::collectors {
namespace {

constexpr std::int64_t kMostPort = 65535;

std::string WithoutSlash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

std::vector<std::string> ReadPageUrls(YamlMap& map, const std::string& otherwise) {
  std::vector<std::string> urls = map.StringsOr("metrics_urls", {otherwise});
  for (const std::string& url : urls) {
    if (!HttpOrigin(url))
      map.Refuse("metrics_urls", "expected URLs such as http://host:9090/metrics");
  }
  return urls;
}

std::vector<Pod> ReadListedPods(YamlMap& options, const std::string& metrics_path) {
  std::vector<Pod> pods;
  std::set<std::string> names;
  for (const YamlNode& node : options.List("pods")) {
    YamlMap map(node, options.diagnostics());
    Pod pod;
    pod.name = map.RequiredString("name");
    pod.address = WithoutSlash(ReadHttpUrl(map, "url"));
    pod.page_urls = ReadPageUrls(map, pod.address + metrics_path);
    if (!names.insert(pod.name).second) map.Refuse("name", "expected another than before");
    pods.push_back(std::move(pod));
  }
  if (pods.size() > PodFinder::kMostPods) options.Refuse("pods", "expected at most 200");
  return pods;
}

std::vector<std::uint16_t> ReadPorts(YamlMap& options, std::string_view key) {
  std::vector<std::uint16_t> ports;
  for (const std::string& text : options.StringsOr(key, {})) {
    const std::optional<double> port = ParseNumber(text);
    if (port && *port >= 1 && *port <= kMostPort) {
      ports.push_back(static_cast<std::uint16_t>(*port));
    } else {
      options.Refuse(key, "expected ports from 1 to 65535");
    }
  }
  return ports;
}

std::string NameOf(const Labels& target) {
  for (const std::string_view label : {"pod", "__meta_kubernetes_pod_name"}) {
    if (target.Has(label)) return std::string(target.Get(label));
  }
  return std::string(target.Get("__address__"));
}

std::string NamespaceOf(const Labels& target) {
  const std::string_view given = target.Get("namespace");
  return std::string(given.empty() ? target.Get("__meta_kubernetes_namespace") : given);
}

/// A name means one pod only within its namespace. Both of one name are renamed: which of them was
/// found first must not matter.
void TellApart(std::vector<Pod>& pods) {
  std::map<std::string, std::size_t> bearers;
  for (const Pod& pod : pods) ++bearers[pod.name];
  for (Pod& pod : pods) {
    const bool is_alone = bearers[pod.name] == 1;
    if (!is_alone && !pod.kube_namespace.empty()) pod.name = pod.kube_namespace + "/" + pod.name;
  }
}

void AddOnce(std::string url, std::vector<std::string>& urls) {
  if (std::find(urls.begin(), urls.end(), url) == urls.end()) urls.push_back(std::move(url));
}

}  // namespace

std::shared_ptr<const PodOptions> ReadPodOptions(YamlMap& options) {
  auto read = std::make_shared<PodOptions>();
  read->http = ReadHttpClientSettings(options);
  read->metrics_path = options.StringOr("metrics_path", read->metrics_path);
  if (!read->metrics_path.starts_with('/'))
    options.Refuse("metrics_path", "expected a slash first");
  read->listed = ReadListedPods(options, read->metrics_path);
  const auto app_port = options.IntegerOr("app_port", 0, 1, kMostPort);
  if (app_port != 0) read->app_port = static_cast<std::uint16_t>(app_port);
  read->metrics_ports = ReadPorts(options, "metrics_ports");
  read->discovery = ReadDiscoveryIfAny(options);
  if (!read->discovery && read->listed.empty()) {
    options.diagnostics().Add(options.place(), "expected pods, or a way to discover them");
  }
  return read;
}

std::vector<OptionDesc> WithPodOptions(std::span<const OptionDesc> own) {
  std::vector<OptionDesc> all(kPodOptions.begin(), kPodOptions.end());
  all.insert(all.end(), own.begin(), own.end());
  all.insert(all.end(), kHttpClientOptions.begin(), kHttpClientOptions.end());
  all.insert(all.end(), kDiscoveryOptions.begin(), kDiscoveryOptions.end());
  return all;
}

PodFinder::PodFinder(std::shared_ptr<const PodOptions> options, const Environment& environment)
    : options_(std::move(options)),
      discovery_(options_->discovery ? MakeDiscovery(options_->discovery, environment) : nullptr) {}

void PodFinder::AddTarget(const Labels& target, std::vector<Pod>& pods) const {
  const std::string url = TargetUrl(target);
  const std::optional<HttpServerAddress> server = ParseHttpServerAddress(url);
  if (!server) return;  // Discovery has reported it.
  const std::string name = NameOf(target);
  const std::string kube_namespace = NamespaceOf(target);
  const auto at = [&](const std::string& port) {
    return fmt::format("{}://{}:{}", server->scheme, server->host, port);
  };
  auto pod = std::find_if(pods.begin(), pods.end(), [&](const Pod& other) {
    return other.name == name && other.kube_namespace == kube_namespace;
  });
  if (pod == pods.end()) {
    const std::string port =
        options_->app_port ? std::to_string(*options_->app_port) : server->port;
    pod = pods.insert(pods.end(), {name, at(port), {}, kube_namespace});
  }
  if (options_->metrics_ports.empty()) return AddOnce(url, pod->page_urls);
  const std::string path = url.substr(std::min(url.find('/', url.find("://") + 3), url.size()));
  for (const std::uint16_t port : options_->metrics_ports) {
    AddOnce(at(std::to_string(port)) + path, pod->page_urls);
  }
}

Result<std::vector<Pod>> PodFinder::Find(const Attempt& attempt, Collection& collection) {
  std::vector<Pod> pods = options_->listed;
  if (!discovery_) return pods;
  const Result<std::vector<Labels>> targets =
      FindTargets(*discovery_, !pods.empty(), attempt, collection);
  if (!targets) return targets.error();
  for (const Labels& target : *targets) AddTarget(target, pods);
  TellApart(pods);
  if (pods.size() > kMostPods) {
    const std::string words =
        fmt::format("{} pods: only the first {} are asked", pods.size(), kMostPods);
    collection.parts.push_back({"pods", Error{ErrorCode::kTooLarge, words}});
    pods.erase(pods.begin() + kMostPods, pods.end());
  }
  return pods;
}

PodQuestions::PodQuestions(Pod pod, const HttpSettings& settings, const Timeouts& timeouts,
                           HttpRound& round)
    : pod_(std::move(pod)), round_(round) {
  const auto probe = [&](std::string_view path) {
    return round.Add({settings, {.url = pod_.address + std::string(path)}, timeouts.probe});
  };
  pages_.reserve(pod_.page_urls.size());
  for (const std::string& url : pod_.page_urls) {
    pages_.push_back(round.Add({settings, PageRequest(url), timeouts.page}));
  }
  health_ = probe(kHealthPath);
  ready_ = probe(kReadyPath);
}

Result<std::string> TakePage(HttpOutcome& outcome) {
  if (!outcome.answer) return outcome.answer.error();
  if (const Status good = CheckPageAnswer(*outcome.answer); !good) return good.error();
  return TakePageText(*outcome.answer);
}

bool IsGood(const HttpOutcome& probe) {
  return probe.answer && probe.answer->status == 200 && !http::IsHtml(*probe.answer);
}

double SecondsOf(const HttpOutcome& probe) {
  const HttpTrace::Phases& phases = probe.trace.phases;
  return phases.lookup + phases.connect + phases.tls + phases.processing + phases.transfer;
}

Status CheckFaults(const PageFaults& faults) {
  const std::size_t bad = faults.bad_lines + faults.overflow;
  if (bad == 0) return {};
  return Error{faults.overflow == 0 ? ErrorCode::kCorrupt : ErrorCode::kTooLarge,
               fmt::format("{} lines were passed over: {}", bad, faults.first)};
}

}  // namespace tocsin::collectors

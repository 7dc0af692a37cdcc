#include "collectors/kubernetes/api_server.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include "base/file.h"
#include "base/http_options.h"
#include "collectors/http/target.h"

namespace tocsin::collectors::kubernetes {
namespace {

/// Of the time that is left, what a request may take: the rest is for what is made of the answer.
constexpr double kRequestShare = 0.9;

std::string EnvironmentOr(const char* name, std::string_view otherwise) {
  const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): never changed.
  return value == nullptr ? std::string(otherwise) : value;
}

/// The address of the cluster's server, as pods are told it.
/// Source: Kubernetes' documentation, "Accessing the Kubernetes API from a Pod".
Result<std::string> UrlInCluster() {
  const std::string host = EnvironmentOr("KUBERNETES_SERVICE_HOST", "");
  if (host.empty()) {
    return Error{ErrorCode::kInvalidInput,
                 "this is no pod (KUBERNETES_SERVICE_HOST is not set): give api_server"};
  }
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return fmt::format("https://{}{}{}:{}", is_ipv6 ? "[" : "", host, is_ipv6 ? "]" : "",
                     EnvironmentOr("KUBERNETES_SERVICE_PORT", "443"));
}

bool HasCredentials(const HttpSettings& settings) {
  return settings.authorization || settings.basic_auth || !settings.tls.cert_file.empty();
}

class HttpApiServer final : public ApiServer {
 public:
  explicit HttpApiServer(ApiServerOptions options) : options_(std::move(options)) {}

  std::vector<Result<HttpAnswer>> GetAll(std::span<const std::string> paths,
                                         const Attempt& attempt) override;

 private:
  Status FindServer();

  ApiServerOptions options_;
  ParallelHttpClient client_;
};

/// Fills in what a pod is told of its cluster.
Status HttpApiServer::FindServer() {
  if (!options_.url.empty()) return {};
  Result<std::string> url = UrlInCluster();
  if (!url) return url.error();
  options_.url = std::move(*url);
  HttpSettings& settings = options_.settings;
  if (!HasCredentials(settings)) {
    settings.authorization =
        HttpAuthorization{.credentials = SecretSource::File(options_.service_account / "token")};
  }
  if (settings.tls.ca_file.empty()) settings.tls.ca_file = options_.service_account / "ca.crt";
  return {};
}

std::vector<Result<HttpAnswer>> HttpApiServer::GetAll(std::span<const std::string> paths,
                                                      const Attempt& attempt) {
  std::vector<Result<HttpAnswer>> answers;
  answers.reserve(paths.size());
  if (const Status found = FindServer(); !found) {
    answers.assign(paths.size(), found.error());
    return answers;
  }
  const auto now = std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
  const Duration left = std::max(attempt.deadline - now, Duration(1));
  const auto timeout = std::chrono::ceil<Duration>(left * kRequestShare);
  std::vector<OutgoingRequest> requests;
  requests.reserve(paths.size());
  for (const std::string& path : paths) {
    requests.push_back({.url = options_.url + path, .headers = {{"Accept", "application/json"}}});
  }
  std::vector<HttpJob> jobs;
  jobs.reserve(requests.size());
  for (const OutgoingRequest& request : requests) {
    jobs.push_back({options_.settings, request, timeout});
  }
  for (HttpOutcome& outcome : client_.SendAll(jobs, attempt.stop)) {
    answers.push_back(std::move(outcome.answer));
  }
  return answers;
}

}  // namespace

ApiServerOptions ReadApiServerOptions(YamlMap& map) {
  ApiServerOptions options;
  if (map.Has("api_server")) options.url = ReadHttpUrl(map, "api_server");
  while (options.url.ends_with('/')) options.url.pop_back();
  options.settings = ReadHttpClientSettings(map);
  return options;
}

Result<std::string> OwnNamespace(const ApiServerOptions& options) {
  constexpr std::size_t kLongest = 4096;
  Result<std::string> name = ReadFile(options.service_account / "namespace", kLongest);
  if (!name) return name.error().Within("reading the service account's namespace");
  while (name->ends_with('\n')) name->pop_back();
  return name;
}

std::unique_ptr<ApiServer> MakeApiServer(ApiServerOptions options) {
  return std::make_unique<HttpApiServer>(std::move(options));
}

}  // namespace tocsin::collectors::kubernetes

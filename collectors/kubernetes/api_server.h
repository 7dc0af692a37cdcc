// Kubernetes' API server: where it is, and how it is asked.

#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/http_client.h"
#include "base/result.h"
#include "base/yaml.h"
#include "collectors/collector.h"
#include "collectors/registry.h"

namespace tocsin::collectors::kubernetes {

/// Where Kubernetes puts what a pod may log in with.
inline constexpr std::string_view kServiceAccountFolder =
    "/var/run/secrets/kubernetes.io/serviceaccount";

struct ApiServerOptions {
  /// Without a slash at its end. Empty: the server of the cluster that we run in, with the token
  /// and the authority of our service account, where `settings` say nothing else.
  std::string url = {};
  HttpSettings settings = {};
  std::filesystem::path service_account = kServiceAccountFolder;
};

/// Reads `api_server` and the keys of <http_config>. Mistakes go to the map's diagnostics.
ApiServerOptions ReadApiServerOptions(YamlMap& map);

/// The namespace that we run in. Fails if this is no pod with a service account.
Result<std::string> OwnNamespace(const ApiServerOptions& options);

/// Asks the API server. One thread at a time.
class ApiServer {
 public:
  virtual ~ApiServer() = default;

  /// GETs all `paths` (with their queries), at the same time, and waits for all answers until the
  /// attempt is over. Fails as HttpClient does, each for itself; answers of any status are answers.
  virtual std::vector<Result<HttpAnswer>> GetAll(std::span<const std::string> paths,
                                                 const Attempt& attempt) = 0;
};

/// Does no I/O itself. The service account's files are read again for each request: Kubernetes
/// replaces the token every hour.
std::unique_ptr<ApiServer> MakeApiServer(ApiServerOptions options);

/// How ApiServer objects are made: MakeApiServer(), or a test's.
using ApiServerFactory = std::function<std::unique_ptr<ApiServer>(ApiServerOptions)>;

/// The key that ReadApiServerOptions() reads beside those of kHttpClientOptions.
inline constexpr OptionDesc kApiServerOption = {
    "api_server", "text", "",
    "URL of the API server. By default that of the cluster around, with the service account."};

}  // namespace tocsin::collectors::kubernetes

// Asking other programs by HTTP.

#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"

namespace tocsin {

struct HttpBasicAuth {
  std::string username;
  SecretSource password;
};

/// The header `Authorization: TYPE CREDENTIALS`.
struct HttpAuthorization {
  std::string type = "Bearer";
  SecretSource credentials = {};
};

struct HttpHeader {
  std::string name;
  SecretSource value;
};

/// Files are read again for each new connection. Empty: the system's authorities; no certificate of
/// our own.
struct HttpTls {
  std::filesystem::path ca_file;
  std::filesystem::path cert_file;
  std::filesystem::path key_file;
  bool insecure_skip_verify = false;  ///< Anybody may claim to be the server.
};

/// How one server is spoken to. Secrets from files are read again for each request.
struct HttpSettings {
  /// For all of a request: the look-up of the name, the connection, redirects, the whole answer.
  Duration timeout = std::chrono::seconds(10);
  std::string user_agent = {};
  std::optional<HttpBasicAuth> basic_auth = {};
  std::optional<HttpAuthorization> authorization = {};
  std::vector<HttpHeader> headers = {};  ///< Sent with every request.
  HttpTls tls = {};
  /// May hold a password. Not set: a direct connection, whatever the environment says.
  std::optional<Secret> proxy_url = {};
  /// Whether http_proxy, https_proxy and no_proxy count; not together with `proxy_url`.
  bool proxy_from_environment = false;
  bool follow_redirects = true;
  std::size_t max_answer_bytes = std::size_t{1} << 20;  ///< Of the head and of the body, each.
};

struct OutgoingRequest {
  std::string method = "GET";
  /// http or https. Never part of a message: paths and queries may hold secrets.
  std::string url = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};  ///< Sent with every method but GET and HEAD, even when it is empty.
};

struct HttpAnswer {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  bool ok() const { return status >= 200 && status < 300; }
  /// The first header of that name in any case; empty if there is none.
  std::string_view Header(std::string_view name) const;
};

/// Sends requests to one server, one after the other; connections are kept for the next. One thread
/// at a time.
///
/// A redirect is followed when it asks for the same request again (307 and 308; for GET and HEAD
/// all), at most five times, and only on the same host and port, or from http to https on the same
/// host, since credentials go with it. Any other is the answer.
class HttpClient {
 public:
  virtual ~HttpClient() = default;

  /// Waits for the answer, whatever its status is. Fails with kTimeout; kUnavailable if there is no
  /// connection, it breaks, or `stop` is requested, which ends the wait at once; kDenied if the
  /// server's certificate is not trusted or a secret cannot be read; kTooLarge; kInvalidInput if
  /// the request makes no sense; kCorrupt if the answer is no HTTP. Messages name the server, but
  /// no path, user or secret.
  virtual Result<HttpAnswer> Send(const OutgoingRequest& request, std::stop_token stop) = 0;
};

/// A client that speaks through libcurl. Names are looked up anew for each new connection, and none
/// is used for longer than five minutes.
std::unique_ptr<HttpClient> MakeHttpClient(HttpSettings settings);

/// How clients are made: MakeHttpClient(), or a test's.
using HttpClientFactory = std::function<std::unique_ptr<HttpClient>(HttpSettings)>;

/// `url` up to its path and without user: "https://[::1]:9093", for messages and labels. Nothing if
/// it is no http or https URL.
std::optional<std::string> HttpOrigin(const std::string& url);

/// How long the answer asks to wait before the next request (Retry-After, in seconds or as a date);
/// nothing if it does not. Not negative. Source: RFC 9110, section 10.2.3.
std::optional<Duration> RetryAfter(const HttpAnswer& answer, TimePoint now);

}  // namespace tocsin

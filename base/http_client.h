// Asking other programs by HTTP.

#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/tls_peer.h"

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
  /// HTTP itself said where the body ends, and it came that far. Otherwise it is what came before
  /// the connection ended.
  bool is_framed = false;

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

/// A client that speaks through libcurl, and past it where that saves half of the work: see
/// base/http_plain.h. Names are looked up anew for each new connection, and none is used for longer
/// than five minutes.
std::unique_ptr<HttpClient> MakeHttpClient(HttpSettings settings);

/// What can be seen of an exchange beside its answer, also of one that failed.
struct HttpTrace {
  /// Seconds that each phase took, those of redirects added up. 0 for one that was not reached.
  struct Phases {
    double lookup = 0;   ///< Of the server's name.
    double connect = 0;  ///< Of the connection; through a proxy, to that.
    double tls = 0;
    double processing = 0;  ///< The request, until the first byte of the answer.
    double transfer = 0;    ///< The rest of the answer.
  };
  Phases phases = {};
  int redirects = 0;                 ///< Followed.
  std::string http_version = {};     ///< "1.0", "1.1", "2" or "3"; empty before an answer.
  int ip_version = 0;                ///< 4 or 6; 0 before there is a connection.
  bool is_tls = false;               ///< The last address was one of https.
  std::optional<TlsPeer> peer = {};  ///< Of a fresh TLS connection, also when it was refused.
};

/// One of several requests that are sent at the same time. What it refers to outlives the call that
/// takes it.
struct HttpJob {
  const HttpSettings& settings;
  const OutgoingRequest& request;
  Duration timeout;    ///< Instead of that of `settings`.
  bool fresh = false;  ///< Over a new connection and a whole handshake, closed afterwards.
  /// If it is set, the body of an answer that is ok() goes to it piece by piece as it comes in, and
  /// HttpAnswer::body stays empty. `head` is the answer without its body. Only the outcome tells
  /// whether that was all of it.
  std::function<void(const HttpAnswer& head, std::string_view piece)> take_body = nullptr;
  int redirects = 0;  ///< That were followed before.
};

struct HttpOutcome {
  Result<HttpAnswer> answer;  ///< As of HttpClient::Send().
  HttpTrace trace = {};
};

class HttpConnections;
class HttpExchange;

/// Sends requests to any number of servers at the same time, over at most kMostConnections: those
/// beyond wait until others have their answer, and their time runs meanwhile. Connections are kept
/// for the next, and never shared by settings that trust differently. One thread at a time.
class ParallelHttpClient {
 public:
  static constexpr std::size_t kMostConnections = 256;
  using TakeOutcome = std::function<void(std::size_t job, HttpOutcome outcome)>;

  ParallelHttpClient();
  ~ParallelHttpClient();
  ParallelHttpClient(const ParallelHttpClient&) = delete;
  ParallelHttpClient& operator=(const ParallelHttpClient&) = delete;

  /// Waits until each job has its answer, its time is up, or `stop` is requested. One outcome for
  /// each job, in their order.
  std::vector<HttpOutcome> SendAll(std::span<const HttpJob> jobs, const std::stop_token& stop);
  /// The same for answers that need not all be kept: calls `take` with the outcome of each job as
  /// soon as it is there. What `take` does holds up the others.
  void SendAll(std::span<const HttpJob> jobs, const std::stop_token& stop, const TakeOutcome& take);

 private:
  std::vector<std::unique_ptr<HttpExchange>> exchanges_;
  const std::unique_ptr<HttpConnections> connections_;
};

/// How clients are made: MakeHttpClient(), or a test's.
using HttpClientFactory = std::function<std::unique_ptr<HttpClient>(HttpSettings)>;

/// `url` up to its path and without user: "https://[::1]:9093", for messages and labels. Nothing if
/// it is no http or https URL.
std::optional<std::string> HttpOrigin(const std::string& url);

/// How long the answer asks to wait before the next request (Retry-After, in seconds or as a date);
/// nothing if it does not. Not negative. Source: RFC 9110, section 10.2.3.
std::optional<Duration> RetryAfter(const HttpAnswer& answer, TimePoint now);

}  // namespace tocsin

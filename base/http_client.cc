#include "base/http_client.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstring>
#include <system_error>

#include <curl/curl.h>
#include <fmt/format.h>

#include "base/duration.h"
#include "base/text.h"

namespace tocsin {
namespace {

constexpr int kMostRedirects = 5;
constexpr long kLongestConnectionSeconds = 300;
constexpr int kLongestPollMilliseconds = 1000;

/// Frees by a function of libcurl.
template <auto Function>
struct Freer {
  template <class T>
  void operator()(T* object) const {
    Function(object);
  }
};
using EasyHandle = std::unique_ptr<CURL, Freer<&curl_easy_cleanup>>;
using MultiHandle = std::unique_ptr<CURLM, Freer<&curl_multi_cleanup>>;
using HeaderList = std::unique_ptr<curl_slist, Freer<&curl_slist_free_all>>;
using ParsedUrl = std::unique_ptr<CURLU, Freer<&curl_url_cleanup>>;
using CurlText = std::unique_ptr<char, Freer<&curl_free>>;

/// The parts of a URL that say who is spoken to.
struct Server {
  std::string scheme;
  std::string host;  ///< With brackets if it is an IPv6 address.
  std::string port;  ///< The scheme's own if the URL has none.
  bool has_user = false;
  bool is_default_port = false;
};

std::optional<std::string> Part(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return std::nullopt;
  return std::string(CurlText(text).get());
}

std::optional<Server> ServerOf(const std::string& url) {
  const ParsedUrl parsed(curl_url());
  if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return std::nullopt;
  const auto scheme = Part(parsed.get(), CURLUPART_SCHEME);
  const auto host = Part(parsed.get(), CURLUPART_HOST);
  const auto port = Part(parsed.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  if (!scheme || !host || !port || (*scheme != "http" && *scheme != "https")) return std::nullopt;
  return Server{*scheme, LowerCase(*host), *port, Part(parsed.get(), CURLUPART_USER).has_value(),
                !Part(parsed.get(), CURLUPART_PORT, CURLU_NO_DEFAULT_PORT).has_value()};
}

std::string OriginOf(const Server& server) {
  const std::string port = server.is_default_port ? "" : ":" + server.port;
  return server.scheme + "://" + server.host + port;
}

/// Whether `to` may be told what was meant for `from`.
bool IsSameServer(const Server& from, const Server& to) {
  if (from.host != to.host || to.has_user) return false;
  if (from.scheme == to.scheme) return from.port == to.port;
  return from.scheme == "http" && to.scheme == "https";
}

/// What comes in while a request runs.
struct Incoming {
  std::size_t most;
  std::size_t head_bytes = 0;
  HttpAnswer answer;
  bool too_large = false;
};

std::size_t TakeBody(char* data, std::size_t size, std::size_t count, void* to) {
  auto& incoming = *static_cast<Incoming*>(to);
  const std::size_t bytes = size * count;
  incoming.too_large = bytes > incoming.most - incoming.answer.body.size();
  if (incoming.too_large) return 0;  // Makes libcurl give up.
  incoming.answer.body.append(data, bytes);
  return bytes;
}

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

std::size_t TakeHeader(char* data, std::size_t size, std::size_t count, void* to) {
  auto& incoming = *static_cast<Incoming*>(to);
  const std::size_t bytes = size * count;
  incoming.too_large = bytes > incoming.most - incoming.head_bytes;
  if (incoming.too_large) return 0;
  incoming.head_bytes += bytes;
  const std::string_view line(data, bytes);
  if (line.starts_with("HTTP/")) incoming.answer.headers.clear();  // An interim answer is over.
  const std::size_t colon = line.find(':');
  if (colon != std::string_view::npos) {
    incoming.answer.headers.emplace_back(Trimmed(line.substr(0, colon)),
                                         Trimmed(line.substr(colon + 1)));
  }
  return bytes;
}

constexpr std::string_view kBroken = "the connection ended before the answer did";

/// What libcurl's problems mean to the caller. All others are kUnavailable.
struct Problem {
  CURLcode curl;
  ErrorCode code;
  std::string_view words;  ///< Empty: libcurl's own.
};
constexpr std::array<Problem, 14> kProblems = {{
    {CURLE_ABORTED_BY_CALLBACK, ErrorCode::kUnavailable, "stopped"},
    {CURLE_GOT_NOTHING, ErrorCode::kUnavailable, kBroken},
    {CURLE_PARTIAL_FILE, ErrorCode::kUnavailable, kBroken},
    {CURLE_RECV_ERROR, ErrorCode::kUnavailable, kBroken},
    {CURLE_SEND_ERROR, ErrorCode::kUnavailable, kBroken},
    {CURLE_PEER_FAILED_VERIFICATION, ErrorCode::kDenied, ""},
    {CURLE_SSL_CERTPROBLEM, ErrorCode::kDenied, ""},
    {CURLE_SSL_CACERT_BADFILE, ErrorCode::kDenied, ""},
    {CURLE_SSL_ISSUER_ERROR, ErrorCode::kDenied, ""},
    {CURLE_URL_MALFORMAT, ErrorCode::kInvalidInput, ""},
    {CURLE_UNSUPPORTED_PROTOCOL, ErrorCode::kInvalidInput, ""},
    {CURLE_WEIRD_SERVER_REPLY, ErrorCode::kCorrupt, "the answer is no HTTP"},
    {CURLE_HTTP2, ErrorCode::kCorrupt, ""},
    {CURLE_HTTP2_STREAM, ErrorCode::kCorrupt, ""},
}};

Problem MeaningOf(CURLcode curl) {
  for (const Problem& problem : kProblems) {
    if (problem.curl == curl) return problem;
  }
  return {curl, ErrorCode::kUnavailable, ""};
}

std::string Uncapitalized(std::string text) {
  if (!text.empty()) text[0] = LowerCase(text[0]);
  return text;
}

/// One request at a time through one set of connections.
class CurlClient final : public HttpClient {
 public:
  explicit CurlClient(HttpSettings settings)
      : settings_(std::move(settings)), easy_(curl_easy_init()), multi_(curl_multi_init()) {}

  Result<HttpAnswer> Send(const OutgoingRequest& request, std::stop_token stop) override;

 private:
  Result<HttpAnswer> SendOnce(const OutgoingRequest& request, std::chrono::milliseconds timeout,
                              const std::stop_token& stop);
  Result<HeaderList> HeadersOf(const OutgoingRequest& request) const;
  void SetRequest(const OutgoingRequest& request);
  Status SetCredentials();
  void SetConnection();
  CURLcode Perform(const std::stop_token& stop);
  Error Explain(CURLcode problem, const Incoming& incoming) const;
  std::optional<std::string> NextUrl(const OutgoingRequest& request,
                                     const HttpAnswer& answer) const;

  template <class T>
  void Set(CURLoption option, T value) {
    curl_easy_setopt(easy_.get(), option, value);
  }

  const HttpSettings settings_;
  std::array<char, CURL_ERROR_SIZE> problem_text_{};
  // The connections belong to `multi_`, so they outlive a reset of `easy_`.
  const EasyHandle easy_;
  const MultiHandle multi_;
};

Result<HttpAnswer> CurlClient::Send(const OutgoingRequest& request, std::stop_token stop) {
  const std::optional<Server> server = ServerOf(request.url);
  if (!server) return Error{ErrorCode::kInvalidInput, "not a URL of http or https"};
  const std::string origin = OriginOf(*server);
  const auto deadline = std::chrono::steady_clock::now() + settings_.timeout;
  OutgoingRequest next = request;
  for (int redirects = 0;; ++redirects) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    Result<HttpAnswer> answer = SendOnce(next, std::max(left, std::chrono::milliseconds(1)), stop);
    if (!answer) return answer.error().Within(origin);
    const std::optional<std::string> url = NextUrl(next, *answer);
    if (!url || redirects == kMostRedirects) return answer;
    next.url = *url;
  }
}

Result<HttpAnswer> CurlClient::SendOnce(const OutgoingRequest& request,
                                        std::chrono::milliseconds timeout,
                                        const std::stop_token& stop) {
  curl_easy_reset(easy_.get());
  Result<HeaderList> headers = HeadersOf(request);
  if (!headers) return headers.error();
  if (Status status = SetCredentials(); !status) return status.error();
  Incoming incoming{.most = settings_.max_answer_bytes, .answer = {}};
  SetRequest(request);
  SetConnection();
  Set(CURLOPT_HTTPHEADER, headers->get());
  Set(CURLOPT_TIMEOUT_MS, timeout.count());
  Set(CURLOPT_WRITEFUNCTION, &TakeBody);
  Set(CURLOPT_WRITEDATA, &incoming);
  Set(CURLOPT_HEADERFUNCTION, &TakeHeader);
  Set(CURLOPT_HEADERDATA, &incoming);
  const CURLcode problem = Perform(stop);
  if (problem != CURLE_OK) return Explain(problem, incoming);
  long status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  incoming.answer.status = static_cast<int>(status);
  return std::move(incoming.answer);
}

Result<HeaderList> CurlClient::HeadersOf(const OutgoingRequest& request) const {
  HeaderList list;
  Status status;
  const auto add = [&](const std::string& name, const std::string& value) {
    if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
      status = Error{ErrorCode::kInvalidInput, fmt::format("header {}: holds a line break", name)};
      return;
    }
    // "Name;" is libcurl's way to send a header without a value.
    const std::string line = value.empty() ? name + ";" : name + ": " + value;
    curl_slist* const longer = curl_slist_append(list.get(), line.c_str());
    static_cast<void>(list.release());
    list.reset(longer);
  };
  for (const auto& [name, value] : request.headers) add(name, value);
  for (const HttpHeader& header : settings_.headers) {
    const Result<Secret> value = header.value.Read();
    if (!value) return value.error().Within("header " + header.name);
    add(header.name, value->Reveal());
  }
  if (settings_.authorization) {
    const Result<Secret> credentials = settings_.authorization->credentials.Read();
    if (!credentials) return credentials.error().Within("credentials");
    add("Authorization", settings_.authorization->type + " " + credentials->Reveal());
  }
  list.reset(
      curl_slist_append(list.release(), "Expect:"));  // No extra round trip for a large body.
  if (!status) return status.error();
  return list;
}

Status CurlClient::SetCredentials() {
  if (!settings_.basic_auth) return {};
  const Result<Secret> password = settings_.basic_auth->password.Read();
  if (!password) return password.error().Within("password");
  Set(CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
  Set(CURLOPT_USERNAME, settings_.basic_auth->username.c_str());
  Set(CURLOPT_PASSWORD, password->Reveal().c_str());  // libcurl keeps a copy.
  return {};
}

void CurlClient::SetRequest(const OutgoingRequest& request) {
  Set(CURLOPT_URL, request.url.c_str());
  Set(CURLOPT_PROTOCOLS_STR, "http,https");
  Set(CURLOPT_USERAGENT, settings_.user_agent.empty() ? nullptr : settings_.user_agent.c_str());
  if (request.method == "HEAD") {
    Set(CURLOPT_NOBODY, 1L);
  } else if (request.method != "GET") {
    Set(CURLOPT_POSTFIELDS, request.body.data());
    Set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    Set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
}

void CurlClient::SetConnection() {
  problem_text_[0] = '\0';
  Set(CURLOPT_ERRORBUFFER, problem_text_.data());
  Set(CURLOPT_NOSIGNAL, 1L);
  Set(CURLOPT_DNS_CACHE_TIMEOUT, 0L);
  Set(CURLOPT_MAXLIFETIME_CONN, kLongestConnectionSeconds);
  // Else the end of a request would wait for a look-up that hangs, whatever the deadline says.
  Set(CURLOPT_QUICK_EXIT, 1L);
  if (settings_.proxy_url) {
    Set(CURLOPT_PROXY, settings_.proxy_url->Reveal().c_str());
    Set(CURLOPT_NOPROXY, "");
  } else if (!settings_.proxy_from_environment) {
    Set(CURLOPT_PROXY, "");
  }
  const HttpTls& tls = settings_.tls;
  Set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  Set(CURLOPT_CA_CACHE_TIMEOUT, 0L);
  Set(CURLOPT_SSL_VERIFYPEER, tls.insecure_skip_verify ? 0L : 1L);
  Set(CURLOPT_SSL_VERIFYHOST, tls.insecure_skip_verify ? 0L : 2L);
  if (!tls.ca_file.empty()) Set(CURLOPT_CAINFO, tls.ca_file.c_str());
  if (!tls.cert_file.empty()) Set(CURLOPT_SSLCERT, tls.cert_file.c_str());
  if (!tls.key_file.empty()) Set(CURLOPT_SSLKEY, tls.key_file.c_str());
}

CURLcode CurlClient::Perform(const std::stop_token& stop) {
  const std::stop_callback wake(stop, [this] { curl_multi_wakeup(multi_.get()); });
  curl_multi_add_handle(multi_.get(), easy_.get());
  CURLcode outcome = CURLE_ABORTED_BY_CALLBACK;
  int running = 1;
  while (running > 0 && !stop.stop_requested()) {
    if (curl_multi_perform(multi_.get(), &running) != CURLM_OK) break;
    if (running > 0) {
      curl_multi_poll(multi_.get(), nullptr, 0, kLongestPollMilliseconds, nullptr);
    }
  }
  int queued = 0;
  while (const CURLMsg* const message = curl_multi_info_read(multi_.get(), &queued)) {
    if (message->msg == CURLMSG_DONE) outcome = message->data.result;
  }
  curl_multi_remove_handle(multi_.get(), easy_.get());
  return outcome;
}

Error CurlClient::Explain(CURLcode problem, const Incoming& incoming) const {
  if (incoming.too_large) {
    return {ErrorCode::kTooLarge,
            fmt::format("the answer is longer than {} bytes", settings_.max_answer_bytes)};
  }
  if (problem == CURLE_OPERATION_TIMEDOUT) {
    return {ErrorCode::kTimeout, "no answer within " + FormatDuration(settings_.timeout)};
  }
  const Problem meaning = MeaningOf(problem);
  if (!meaning.words.empty()) return {meaning.code, std::string(meaning.words)};
  long reason = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_OS_ERRNO, &reason);
  if (problem == CURLE_COULDNT_CONNECT && reason != 0) {
    const std::string words = std::generic_category().message(static_cast<int>(reason));
    return {meaning.code, Uncapitalized(words)};
  }
  // The text of others might quote what must not be seen; here it names the server at most.
  if (problem == CURLE_PEER_FAILED_VERIFICATION && problem_text_[0] != '\0') {
    return {meaning.code, problem_text_.data()};
  }
  return {meaning.code, Uncapitalized(curl_easy_strerror(problem))};
}

std::optional<std::string> CurlClient::NextUrl(const OutgoingRequest& request,
                                               const HttpAnswer& answer) const {
  if (!settings_.follow_redirects || answer.status < 300 || answer.status > 399) {
    return std::nullopt;
  }
  const bool only_looks = request.method == "GET" || request.method == "HEAD";
  if (!only_looks && answer.status != 307 && answer.status != 308) return std::nullopt;
  char* target = nullptr;  // libcurl's own.
  curl_easy_getinfo(easy_.get(), CURLINFO_REDIRECT_URL, &target);
  if (target == nullptr) return std::nullopt;
  const std::optional<Server> from = ServerOf(request.url);
  const std::optional<Server> to = ServerOf(target);
  if (!from || !to || !IsSameServer(*from, *to)) return std::nullopt;
  return target;
}

}  // namespace

std::string_view HttpAnswer::Header(std::string_view name) const {
  const auto found = std::find_if(headers.begin(), headers.end(), [&](const auto& header) {
    return EqualsIgnoringCase(header.first, name);
  });
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

std::unique_ptr<HttpClient> MakeHttpClient(HttpSettings settings) {
  static const CURLcode kStarted = curl_global_init(CURL_GLOBAL_DEFAULT);
  static_cast<void>(kStarted);
  return std::make_unique<CurlClient>(std::move(settings));
}

std::optional<std::string> HttpOrigin(const std::string& url) {
  const std::optional<Server> server = ServerOf(url);
  if (!server) return std::nullopt;
  return OriginOf(*server);
}

std::optional<Duration> RetryAfter(const HttpAnswer& answer, TimePoint now) {
  const std::string text(answer.Header("Retry-After"));
  if (text.empty()) return std::nullopt;
  if (text.find_first_not_of("0123456789") == std::string::npos) {
    constexpr int kLongestSeconds = 1'000'000'000;
    int seconds = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (read.ec != std::errc{}) seconds = kLongestSeconds;
    return std::chrono::seconds(std::min(seconds, kLongestSeconds));
  }
  const time_t at = curl_getdate(text.c_str(), nullptr);
  if (at == -1) return std::nullopt;
  const TimePoint moment(std::chrono::seconds{at});
  return std::max(std::chrono::duration_cast<Duration>(moment - now), Duration(0));
}

}  // namespace tocsin

#include "base/http_exchange.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/http_headers.h"
#include "base/http_problem.h"
#include "base/text.h"

namespace tocsin {
namespace {

constexpr int kMostRedirects = 5;
constexpr long kLongestConnectionSeconds = 300;
constexpr int kLongestPollMilliseconds = 1000;
// At a time, for those who take an answer piece by piece: libcurl's 16 KiB are many calls for a
// page. Of a large page that is read while it comes in, the sender has sent that much meanwhile,
// and all of it stays in a processor's second cache.
constexpr long kReadBytes = 256L * 1024;

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

/// How long the body will be, if the answer says so, or 0.
std::size_t AnnouncedBytes(const HttpAnswer& answer) {
  const std::string_view text = answer.Header("Content-Length");
  std::size_t bytes = 0;
  const char* const end = text.data() + text.size();
  const auto [after, problem] = std::from_chars(text.data(), end, bytes);
  return problem == std::errc{} && after == end ? bytes : 0;
}

/// "1.1"; empty for what libcurl does not know.
std::string_view VersionName(long curl_version) {
  switch (curl_version) {
    case CURL_HTTP_VERSION_1_0: return "1.0";
    case CURL_HTTP_VERSION_1_1: return "1.1";
    case CURL_HTTP_VERSION_2_0: return "2";
    case CURL_HTTP_VERSION_3: return "3";
    default: return "";
  }
}

}  // namespace

HttpExchange::HttpExchange(const HttpSettings* only) : easy_(MakeCurlEasy()), only_(only) {}

HttpExchange& HttpExchange::Of(CURL* easy) {
  char* exchange = nullptr;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &exchange);
  return *static_cast<HttpExchange*>(static_cast<void*>(exchange));
}

bool HttpExchange::Begin(const HttpJob& job) {
  job_ = &job;
  trace_ = {};
  trace_.redirects = job.redirects;
  error_.reset();
  url_ = job.request.url;
  deadline_ = std::chrono::steady_clock::now() + job.timeout;
  if (!FindOrigin()) {
    error_ = Error{ErrorCode::kInvalidInput, "not a URL of http or https"};
    return false;
  }
  trace_.is_tls = origin_.starts_with("https:");
  if (Status ready = Prepare(); !ready) {
    error_ = ready.error().Within(origin_);
    return false;
  }
  return true;
}

/// Of `url_`, which mostly is the one before.
bool HttpExchange::FindOrigin() {
  if (!origin_.empty() && url_ == origin_url_) return true;
  origin_.clear();
  const std::optional<HttpServerAddress> server = ParseHttpServerAddress(url_);
  if (!server) return false;
  origin_url_ = url_;
  origin_ = server->Origin();
  return true;
}

Status HttpExchange::Prepare() {
  using std::chrono::milliseconds;
  sent_ = std::chrono::steady_clock::now();
  tls_began_.reset();
  const auto left = std::chrono::ceil<milliseconds>(deadline_ - sent_);
  const std::string& method = job_->request.method;
  const bool is_as_before = only_ != nullptr && method == method_ && !job_->fresh;
  method_.clear();
  if (!is_as_before) curl_easy_reset(easy_.get());
  Result<CurlTexts> headers = MakeHeaders();
  if (!headers) return headers.error();
  headers_ = std::move(*headers);
  if (Status status = SetCredentials(); !status) return status;
  incoming_ = {.exchange = this, .most = job_->settings.max_answer_bytes};
  problem_text_[0] = '\0';
  if (!is_as_before) {
    SetMethod();
    SetConnection();
    SetTakers();
  }
  if (job_->fresh) SetFreshness();
  SetRequest();
  Set(CURLOPT_TIMEOUT_MS, std::max(left, milliseconds(1)).count());
  if (!job_->fresh) method_ = method;
  return {};
}

bool HttpExchange::Finish(CURLcode outcome) {
  // When a kept connection turns out to be gone, libcurl makes another one by itself, but a handle
  // may do so a few times only until it is reset.
  long connections = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_NUM_CONNECTS, &connections);
  if (outcome != CURLE_OK || connections > 0) method_.clear();
  TracePhases();
  TraceConnection();
  return GoOn(outcome);
}

/// Whether there is another request to be made.
bool HttpExchange::GoOn(CURLcode outcome) {
  if (outcome != CURLE_OK) {
    error_ = Explain(outcome).Within(origin_);
    return false;
  }
  incoming_.answer.status = ResponseStatus();
  const bool ends_itself = trace_.http_version == "2" || trace_.http_version == "3";
  incoming_.answer.is_framed = ends_itself || !incoming_.answer.Header("Content-Length").empty() ||
                               !incoming_.answer.Header("Transfer-Encoding").empty();
  std::optional<std::string> url = NextUrl();
  if (!url || trace_.redirects == kMostRedirects) return false;
  url_ = std::move(*url);
  ++trace_.redirects;
  trace_.is_tls = url_.starts_with("https:");
  if (Status ready = Prepare(); !ready) {
    error_ = ready.error().Within(origin_);
    return false;
  }
  return true;
}

int HttpExchange::ResponseStatus() const {
  long status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  return static_cast<int>(status);
}

HttpOutcome HttpExchange::Take() {
  job_ = nullptr;
  headers_.reset();
  if (error_) return {*std::exchange(error_, std::nullopt), std::move(trace_)};
  return {std::move(incoming_.answer), std::move(trace_)};
}

/// libcurl says when, since the beginning, each phase ended, and 0 for those that did not: the
/// first of these took the rest of the time.
void HttpExchange::TracePhases() {
  constexpr std::array kMarks = {CURLINFO_NAMELOOKUP_TIME_T, CURLINFO_CONNECT_TIME_T,
                                 CURLINFO_APPCONNECT_TIME_T, CURLINFO_STARTTRANSFER_TIME_T,
                                 CURLINFO_TOTAL_TIME_T};
  HttpTrace::Phases& phases = trace_.phases;
  const std::array seconds = {&phases.lookup, &phases.connect, &phases.tls, &phases.processing,
                              &phases.transfer};
  std::array<curl_off_t, kMarks.size()> ends{};  // In microseconds.
  for (std::size_t i = 0; i < kMarks.size(); ++i) {
    curl_easy_getinfo(easy_.get(), kMarks[i], &ends[i]);
  }
  // libcurl counts a handshake that fails as part of connecting.
  if (ends[1] == 0 && tls_began_) {
    ends[1] = std::chrono::duration_cast<std::chrono::microseconds>(*tls_began_ - sent_).count();
  }
  if (!trace_.is_tls) ends[2] = ends[1];
  const curl_off_t total = ends.back();
  std::size_t ended = ends.size() - 1;
  while (ended > 0 && ends[ended - 1] == 0) --ended;
  curl_off_t began = 0;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    const curl_off_t end = std::max(began, i < ended ? ends[i] : total);
    *seconds[i] += static_cast<double>(end - began) / 1e6;
    began = end;
  }
}

void HttpExchange::TraceConnection() {
  long version = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_HTTP_VERSION, &version);
  trace_.http_version = VersionName(version);
  char* address = nullptr;  // libcurl's own.
  curl_easy_getinfo(easy_.get(), CURLINFO_PRIMARY_IP, &address);
  const std::string_view ip = address == nullptr ? "" : address;
  if (!ip.empty()) trace_.ip_version = ip.find(':') == std::string_view::npos ? 4 : 6;
}

/// The head is complete. Finds memory for all of a body that is to be kept at once.
void HttpExchange::BeginBody(Incoming& incoming) {
  HttpAnswer& answer = incoming.answer;
  answer.status = incoming.exchange->ResponseStatus();
  if (incoming.IsForTaker()) return;
  answer.body.reserve(std::min(AnnouncedBytes(answer), incoming.most));
}

std::size_t HttpExchange::TakeBody(char* data, std::size_t size, std::size_t count, void* to) {
  auto& incoming = *static_cast<Incoming*>(to);
  const std::size_t bytes = size * count;
  incoming.too_large = bytes > incoming.most - incoming.body_bytes;
  if (incoming.too_large) return 0;  // Makes libcurl give up.
  if (incoming.body_bytes == 0) BeginBody(incoming);
  incoming.body_bytes += bytes;
  if (incoming.IsForTaker()) {
    incoming.exchange->job_->take_body(incoming.answer, {data, bytes});
  } else {
    incoming.answer.body.append(data, bytes);
  }
  return bytes;
}

std::size_t HttpExchange::TakeHeader(char* data, std::size_t size, std::size_t count, void* to) {
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

CURLcode HttpExchange::WatchTls(CURL* /*easy*/, void* context, void* to) {
  auto& exchange = *static_cast<HttpExchange*>(to);
  exchange.tls_began_ = std::chrono::steady_clock::now();
  WatchTlsPeer(static_cast<ssl_ctx_st*>(context), exchange.trace_.peer.emplace());
  return CURLE_OK;
}

Result<CurlTexts> HttpExchange::MakeHeaders() const {
  CurlTexts list;
  bool has_type = false;
  const auto add = [&](const std::string& name, const std::string& value) {
    has_type = has_type || EqualsIgnoringCase(name, "Content-Type");
    // "Name;" is libcurl's way to send a header without a value.
    Append(list, value.empty() ? name + ";" : name + ": " + value);
  };
  if (Status status = AddHeaders(job_->settings, job_->request, add); !status) {
    return status.error();
  }
  Append(list, "Expect:");  // No extra round trip for a large body.
  // libcurl would call a body of no type a form.
  if (HasBody(job_->request) && !has_type) Append(list, "Content-Type:");
  return list;
}

Status HttpExchange::SetCredentials() {
  if (!job_->settings.basic_auth) return {};
  const Result<Secret> password = job_->settings.basic_auth->password.Read();
  if (!password) return password.error().Within("password");
  Set(CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
  Set(CURLOPT_USERNAME, job_->settings.basic_auth->username.c_str());
  Set(CURLOPT_PASSWORD, password->Reveal().c_str());  // libcurl keeps a copy.
  return {};
}

/// What differs from one request to the next of the same method.
void HttpExchange::SetRequest() {
  const OutgoingRequest& request = job_->request;
  Set(CURLOPT_URL, url_.c_str());
  Set(CURLOPT_HTTPHEADER, headers_.get());
  Set(CURLOPT_BUFFERSIZE, job_->take_body != nullptr ? kReadBytes : CURL_MAX_WRITE_SIZE);
  if (HasBody(request)) {
    Set(CURLOPT_POSTFIELDS, request.body.data());
    Set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  }
}

void HttpExchange::SetMethod() {
  const OutgoingRequest& request = job_->request;
  if (request.method == "HEAD") Set(CURLOPT_NOBODY, 1L);
  if (HasBody(request)) Set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

void HttpExchange::SetTakers() {
  Set(CURLOPT_PRIVATE, this);
  Set(CURLOPT_WRITEFUNCTION, &TakeBody);
  Set(CURLOPT_WRITEDATA, &incoming_);
  Set(CURLOPT_HEADERFUNCTION, &TakeHeader);
  Set(CURLOPT_HEADERDATA, &incoming_);
}

void HttpExchange::SetConnection() {
  Set(CURLOPT_PROTOCOLS_STR, "http,https");
  Set(CURLOPT_USERAGENT,
      job_->settings.user_agent.empty() ? nullptr : job_->settings.user_agent.c_str());
  Set(CURLOPT_ERRORBUFFER, problem_text_.data());
  Set(CURLOPT_NOSIGNAL, 1L);
  Set(CURLOPT_DNS_CACHE_TIMEOUT, 0L);
  Set(CURLOPT_MAXLIFETIME_CONN, kLongestConnectionSeconds);
  // Else the end of a request would wait for a look-up that hangs, whatever the deadline says.
  Set(CURLOPT_QUICK_EXIT, 1L);
  if (job_->settings.proxy_url) {
    Set(CURLOPT_PROXY, job_->settings.proxy_url->Reveal().c_str());
    Set(CURLOPT_NOPROXY, "");
  } else if (!job_->settings.proxy_from_environment) {
    Set(CURLOPT_PROXY, "");
  }
  const HttpTls& tls = job_->settings.tls;
  Set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  Set(CURLOPT_CA_CACHE_TIMEOUT, 0L);
  Set(CURLOPT_SSL_VERIFYPEER, tls.insecure_skip_verify ? 0L : 1L);
  Set(CURLOPT_SSL_VERIFYHOST, tls.insecure_skip_verify ? 0L : 2L);
  if (!tls.ca_file.empty()) Set(CURLOPT_CAINFO, tls.ca_file.c_str());
  if (!tls.cert_file.empty()) Set(CURLOPT_SSLCERT, tls.cert_file.c_str());
  if (!tls.key_file.empty()) Set(CURLOPT_SSLKEY, tls.key_file.c_str());
}

/// The watch on the handshake must not outlive this exchange, so its connection does not either.
void HttpExchange::SetFreshness() {
  Set(CURLOPT_FRESH_CONNECT, 1L);
  Set(CURLOPT_FORBID_REUSE, 1L);
  Set(CURLOPT_SSL_SESSIONID_CACHE, 0L);
  Set(CURLOPT_SSL_CTX_FUNCTION, &WatchTls);
  Set(CURLOPT_SSL_CTX_DATA, this);
}

Error HttpExchange::Explain(CURLcode problem) const {
  if (incoming_.too_large) return AnswerTooLong(incoming_.most);
  if (problem == CURLE_OPERATION_TIMEDOUT) return NoAnswerWithin(job_->timeout);
  return ExplainCurl(easy_.get(), problem, problem_text_.data());
}

std::optional<std::string> HttpExchange::NextUrl() const {
  const int status = incoming_.answer.status;
  if (!job_->settings.follow_redirects || status < 300 || status > 399) return std::nullopt;
  const std::string& method = job_->request.method;
  const bool only_looks = method == "GET" || method == "HEAD";
  if (!only_looks && status != 307 && status != 308) return std::nullopt;
  char* target = nullptr;  // libcurl's own.
  curl_easy_getinfo(easy_.get(), CURLINFO_REDIRECT_URL, &target);
  if (target == nullptr) return std::nullopt;
  const auto from = ParseHttpServerAddress(url_);
  const auto to = ParseHttpServerAddress(target);
  if (!from || !to || !from->MayRedirectTo(*to)) return std::nullopt;
  return target;
}

HttpConnections::HttpConnections() : multi_(curl_multi_init()) {
  constexpr auto kMost = static_cast<long>(ParallelHttpClient::kMostConnections);
  curl_multi_setopt(multi_.get(), CURLMOPT_MAX_TOTAL_CONNECTIONS, kMost);
}

void HttpConnections::Run(std::span<HttpExchange* const> exchanges, const std::stop_token& stop,
                          const Ended& ended) {
  const std::stop_callback wake(stop, [this] { curl_multi_wakeup(multi_.get()); });
  for (HttpExchange* const exchange : exchanges) {
    curl_multi_add_handle(multi_.get(), exchange->easy());
  }
  std::size_t left = exchanges.size();
  while (left > 0 && !stop.stop_requested()) {
    int running = 0;
    if (curl_multi_perform(multi_.get(), &running) != CURLM_OK) break;
    left -= FinishThoseDone(ended);
    if (left > 0) curl_multi_poll(multi_.get(), nullptr, 0, kLongestPollMilliseconds, nullptr);
  }
  if (left == 0) return;
  for (HttpExchange* const exchange : exchanges) {
    if (exchange->job() == nullptr) continue;
    curl_multi_remove_handle(multi_.get(), exchange->easy());
    exchange->Finish(CURLE_ABORTED_BY_CALLBACK);
    ended(*exchange);
  }
}

/// How many came to their end.
std::size_t HttpConnections::FinishThoseDone(const Ended& ended) {
  std::size_t done = 0;
  int queued = 0;
  while (const CURLMsg* const message = curl_multi_info_read(multi_.get(), &queued)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* const easy = message->easy_handle;
    const CURLcode outcome = message->data.result;
    curl_multi_remove_handle(multi_.get(), easy);  // The message is gone with it.
    HttpExchange& exchange = HttpExchange::Of(easy);
    if (exchange.Finish(outcome)) {
      curl_multi_add_handle(multi_.get(), easy);
    } else {
      ++done;
      ended(exchange);
    }
  }
  return done;
}

}  // namespace tocsin

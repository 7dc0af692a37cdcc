#include "base/http_link.h"

#include <poll.h>

#include <algorithm>

#include "base/http_problem.h"
#include "base/text.h"

namespace tocsin {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// libcurl's own, and that of HttpExchange.
constexpr auto kLongestIdle = std::chrono::seconds(118);
constexpr auto kLongestConnection = std::chrono::seconds(300);
constexpr milliseconds kLongestPoll = std::chrono::minutes(1);
constexpr int kLongestConnectPoll =
    1000;  // In milliseconds; libcurl wakes it when there is a result.

}  // namespace

milliseconds HttpLimits::Left() const {
  return std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
}

Status HttpLimits::Check() const {
  if (stop.stop_requested()) return ExplainCurl(nullptr, CURLE_ABORTED_BY_CALLBACK);
  if (Left() <= milliseconds(0)) return NoAnswerWithin(timeout);
  return {};
}

HttpLink::~HttpLink() {
  curl_multi_remove_handle(multi_.get(), easy_.get());
}

void HttpLink::Configure(const std::string& url, const HttpLimits& limits) {
  const auto set = [this](CURLoption option, auto value) {
    curl_easy_setopt(easy_.get(), option, value);
  };
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http");
  set(CURLOPT_CONNECT_ONLY, 1L);
  set(CURLOPT_PROXY, "");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_DNS_CACHE_TIMEOUT, 0L);
  set(CURLOPT_QUICK_EXIT, 1L);  // As in HttpExchange.
  set(CURLOPT_TIMEOUT_MS, std::max(limits.Left(), milliseconds(1)).count());
}

Status HttpLink::Open(const std::string& url, const HttpLimits& limits) {
  Configure(url, limits);
  curl_multi_add_handle(multi_.get(), easy_.get());
  for (;;) {
    int running = 0;
    if (const CURLMcode code = curl_multi_perform(multi_.get(), &running); code != CURLM_OK) {
      return Error{ErrorCode::kUnavailable, Uncapitalized(curl_multi_strerror(code))};
    }
    int queued = 0;
    if (const CURLMsg* const message = curl_multi_info_read(multi_.get(), &queued)) {
      const CURLcode outcome = message->data.result;
      if (outcome == CURLE_OPERATION_TIMEDOUT) return NoAnswerWithin(limits.timeout);
      if (outcome != CURLE_OK) return ExplainCurl(easy_.get(), outcome);
      break;
    }
    if (Status go_on = limits.Check(); !go_on) return go_on.error();
    curl_waitfd stopped = {limits.stop_event, CURL_WAIT_POLLIN, 0};
    curl_multi_poll(multi_.get(), &stopped, 1, kLongestConnectPoll, nullptr);
  }
  curl_easy_getinfo(easy_.get(), CURLINFO_ACTIVESOCKET, &socket_);
  if (socket_ == CURL_SOCKET_BAD) return ExplainCurl(easy_.get(), CURLE_COULDNT_CONNECT);
  opened_ = used_ = steady_clock::now();
  return {};
}

bool HttpLink::IsUsable() const {
  const auto now = steady_clock::now();
  if (now - opened_ >= kLongestConnection || now - used_ >= kLongestIdle) return false;
  // Nobody has asked: what can be read now is the end, or no answer of ours.
  pollfd ready = {socket_, POLLIN, 0};
  return poll(&ready, 1, 0) == 0;
}

bool HttpLink::SendSome(std::string_view& bytes) {
  std::size_t sent = 0;
  const CURLcode outcome = curl_easy_send(easy_.get(), bytes.data(), bytes.size(), &sent);
  if (outcome == CURLE_OK) bytes.remove_prefix(sent);
  return outcome == CURLE_OK || outcome == CURLE_AGAIN;
}

Status HttpLink::Await(short events, const HttpLimits& limits) const {
  for (;;) {
    if (Status go_on = limits.Check(); !go_on) return go_on.error();
    const milliseconds left = std::max(limits.Left(), milliseconds(1));
    std::array<pollfd, 2> ready = {pollfd{socket_, events, 0},
                                   pollfd{limits.stop_event, POLLIN, 0}};
    const auto wait = static_cast<int>(std::min(left, kLongestPoll).count());
    if (poll(ready.data(), ready.size(), wait) > 0 && ready[0].revents != 0) return {};
  }
}

HttpLink::Received HttpLink::Receive(Buffer& buffer) {
  std::size_t received = 0;
  const CURLcode outcome = curl_easy_recv(easy_.get(), buffer.data(), buffer.size(), &received);
  if (outcome == CURLE_AGAIN) return {};
  return {.bytes = {buffer.data(), received},
          .has_ended = outcome == CURLE_OK && received == 0,
          .is_broken = outcome != CURLE_OK};
}

}  // namespace tocsin

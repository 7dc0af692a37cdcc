#include "base/http_plain.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <utility>

#include "base/http_answer_reader.h"
#include "base/http_headers.h"
#include "base/http_problem.h"
#include "base/http_server_address.h"
#include "base/text.h"

namespace tocsin {
namespace {

// A larger body is not copied behind the head, which costs another system call instead.
constexpr std::size_t kSmallBody = std::size_t{64} * 1024;

/// Headers that libcurl makes, or acts on.
constexpr std::array<std::string_view, 9> kLibcurlsHeaders = {
    "Accept", "Connection", "Content-Length", "Expect",           "Host",
    "TE",     "Upgrade",    "User-Agent",     "Transfer-Encoding"};

bool IsLibcurls(std::string_view name) {
  return std::any_of(kLibcurlsHeaders.begin(), kLibcurlsHeaders.end(),
                     [&](std::string_view its) { return EqualsIgnoringCase(name, its); });
}

bool AllowPlain(const HttpSettings& settings) {
  return !settings.basic_auth && !settings.proxy_url && !settings.proxy_from_environment &&
         std::none_of(settings.headers.begin(), settings.headers.end(),
                      [](const HttpHeader& header) { return IsLibcurls(header.name); });
}

}  // namespace

PlainHttp::PlainHttp(const HttpSettings& settings)
    : settings_(settings),
      is_plain_(AllowPlain(settings)),
      stop_event_(is_plain_ ? eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) : -1) {}

bool PlainHttp::CanSend(const OutgoingRequest& request) {
  if (!is_plain_ || is_misunderstood_ || !stop_event_.ok() || !HasBody(request)) return false;
  if (request.url != url_) ReadUrl(request.url);
  return is_plain_url_ && std::none_of(request.headers.begin(), request.headers.end(),
                                       [](const auto& header) { return IsLibcurls(header.first); });
}

void PlainHttp::ReadUrl(const std::string& url) {
  const std::optional<HttpServerAddress> server = ParseHttpServerAddress(url);
  const std::optional<std::string> target = HttpTarget(url);
  // What libcurl would have to encode or decode, it may.
  const bool is_ascii =
      std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c <= '~'; });
  const std::size_t host_end = url.find_first_of("/?#", std::string_view("http://").size());
  const bool is_encoded_host = url.find('%') < std::min(host_end, url.size());
  is_plain_url_ = server && target && is_ascii && !is_encoded_host && server->scheme == "http" &&
                  !server->has_user;
  url_ = url;
  if (!is_plain_url_) return;
  const std::string origin = server->Origin();
  if (origin != origin_) link_.reset();
  origin_ = origin;
  host_ = origin.substr(std::string_view("http://").size());
  target_ = *target;
}

Result<std::string> PlainHttp::Head(const OutgoingRequest& request) const {
  std::string head = request.method + " " + target_ + " HTTP/1.1\r\n";
  const auto add = [&head](std::string_view name, std::string_view value) {
    head.append(name).append(value.empty() ? ":" : ": ").append(value).append("\r\n");
  };
  add("Host", host_);
  if (!settings_.user_agent.empty()) add("User-Agent", settings_.user_agent);
  add("Accept", "*/*");
  if (Status status = AddHeaders(settings_, request, add); !status) return status.error();
  add("Content-Length", std::to_string(request.body.size()));
  return head += "\r\n";
}

Result<HttpAnswer> PlainHttp::Send(const OutgoingRequest& request, Deadline deadline,
                                   const std::stop_token& stop) {
  Result<std::string> head = Head(request);
  if (!head) return head.error().Within(origin_);
  Message message = {std::move(*head), request.body};
  if (request.body.size() <= kSmallBody) {
    message.head += request.body;
    message.body = {};
  }
  const HttpLimits limits = {deadline, stop, stop_event_.get(), settings_.timeout};
  Result<HttpAnswer> answer = [&] {
    const std::stop_callback wake(stop, [this] { eventfd_write(stop_event_.get(), 1); });
    return SendMessage(message, limits);
  }();
  if (stop.stop_requested()) ClearStopEvent();
  if (!answer) return answer.error().Within(origin_);
  return answer;
}

/// For the next request, which may have another stop.
void PlainHttp::ClearStopEvent() {
  eventfd_t count = 0;
  static_cast<void>(eventfd_read(stop_event_.get(), &count));
}

Result<HttpAnswer> PlainHttp::SendMessage(const Message& message, const HttpLimits& limits) {
  for (;;) {
    const bool is_kept = link_ != nullptr && link_->IsUsable();
    if (!is_kept) {
      link_ = std::make_unique<HttpLink>();
      if (Status opened = link_->Open(url_, limits); !opened) {
        link_.reset();
        return opened.error();
      }
    }
    HttpAnswerReader reader(settings_.max_answer_bytes);
    Result<bool> sent = Exchange(message, limits, reader);
    if (sent && *sent && reader.keeps_connection()) {
      link_->SetUsed();
    } else {
      link_.reset();
    }
    if (sent) return reader.TakeAnswer();
    const ErrorCode code = sent.error().code;
    const bool waits_in_vain = code == ErrorCode::kTimeout && reader.has_begun();
    is_misunderstood_ = is_misunderstood_ || code == ErrorCode::kCorrupt || waits_in_vain;
    const bool was_gone = is_kept && !reader.has_begun() && code == ErrorCode::kUnavailable &&
                          !limits.stop.stop_requested();
    if (!was_gone) return sent.error();
  }
}

/// Until the answer is complete. Returns whether all of the message went out before.
Result<bool> PlainHttp::Exchange(const Message& message, const HttpLimits& limits,
                                 HttpAnswerReader& reader) {
  std::array<std::string_view, 2> unsent = {message.head, message.body};
  bool can_send = true;
  HttpLink::Buffer buffer;
  while (!reader.is_complete()) {
    // Before anything goes out, too: what comes after a stop would be sent again.
    if (Status go_on = limits.Check(); !go_on) return go_on.error();
    for (std::string_view& bytes : unsent) {
      if (!can_send || bytes.empty()) continue;
      can_send = link_->SendSome(bytes);  // If not, the server may have said why.
      if (!bytes.empty()) break;
    }
    const bool is_sending = can_send && !(unsent[0].empty() && unsent[1].empty());
    const short events = is_sending ? POLLIN | POLLOUT : POLLIN;
    if (Status ready = link_->Await(events, limits); !ready) return ready.error();
    const HttpLink::Received received = link_->Receive(buffer);
    if (received.is_broken) return ExplainCurl(nullptr, CURLE_RECV_ERROR);
    Status taken = reader.Take(received.bytes);
    if (taken && received.has_ended && !reader.is_complete()) taken = reader.TakeEnd();
    if (!taken) return taken.error();
  }
  return unsent[0].empty() && unsent[1].empty();
}

}  // namespace tocsin

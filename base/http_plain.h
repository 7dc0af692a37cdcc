// HTTP requests over a plain connection, for those who send many.

#pragma once

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/file_descriptor.h"
#include "base/http_answer_reader.h"
#include "base/http_client.h"
#include "base/http_link.h"
#include "base/result.h"

namespace tocsin {

/// The requests of one HttpClient that need nothing of libcurl but its connections: no TLS, no
/// proxy, no password in the URL, no header that libcurl makes itself. The bytes are those that
/// libcurl would send, but for capitals in the host, with half of its work; what comes back is read
/// by Boost.Beast. That is stricter: after an answer that it does not understand, which is an
/// error, CanSend() stays false.
///
/// One thread at a time.
class PlainHttp {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  /// `settings` outlive this, and never change.
  explicit PlainHttp(const HttpSettings& settings);

  /// Whether this can send `request`; what it cannot, libcurl can.
  bool CanSend(const OutgoingRequest& request);
  /// As HttpClient::Send(), for what CanSend() was true for just now, but redirects are answers,
  /// too. A kept connection that breaks before any byte of an answer came has been closed
  /// meanwhile: the request is sent once more over a new one.
  Result<HttpAnswer> Send(const OutgoingRequest& request, Deadline deadline,
                          const std::stop_token& stop);

 private:
  struct Message {
    std::string head;
    std::string_view body;
  };

  void ReadUrl(const std::string& url);
  void ClearStopEvent();
  Result<std::string> Head(const OutgoingRequest& request) const;
  Result<HttpAnswer> SendMessage(const Message& message, const HttpLimits& limits);
  Result<bool> Exchange(const Message& message, const HttpLimits& limits, HttpAnswerReader& reader);

  const HttpSettings& settings_;
  const bool is_plain_;  // As far as the settings go.
  const FileDescriptor stop_event_;
  bool is_misunderstood_ = false;  // An answer was no HTTP to Beast: libcurl is more lenient.
  std::string url_;                // The last one, and what it means:
  bool is_plain_url_ = false;
  std::string origin_;
  std::string host_;
  std::string target_;
  std::unique_ptr<HttpLink> link_;
};

}  // namespace tocsin

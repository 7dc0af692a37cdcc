// A plain connection to an HTTP server.

#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <stop_token>
#include <string>
#include <string_view>

#include <curl/curl.h>

#include "base/clock.h"
#include "base/curl_handle.h"
#include "base/result.h"

namespace tocsin {

/// What ends the waiting for an answer.
struct HttpLimits {
  std::chrono::steady_clock::time_point deadline;
  const std::stop_token& stop;
  int stop_event;    ///< Readable once `stop` is requested.
  Duration timeout;  ///< That led to the deadline.

  /// Rounded up; not positive once the deadline is there.
  std::chrono::milliseconds Left() const;
  /// Fails when the waiting has to end: with kUnavailable or kTimeout.
  Status Check() const;
};

/// A connection that libcurl makes, with what it knows of names and addresses, and then only passes
/// bytes through. Errors are those of HttpClient::Send(), without the server's name. One thread at
/// a time.
class HttpLink {
 public:
  HttpLink() = default;
  ~HttpLink();
  HttpLink(const HttpLink&) = delete;
  HttpLink& operator=(const HttpLink&) = delete;

  /// To the server of `url`, which is one of http. To be called once, before all others.
  Status Open(const std::string& url, const HttpLimits& limits);
  /// Whether the server may still listen: what can be known without asking it.
  bool IsUsable() const;
  /// A request has been answered.
  void SetUsed() { used_ = std::chrono::steady_clock::now(); }

  /// Sends what goes without waiting, and takes it off `bytes`. False if nothing goes any more.
  bool SendSome(std::string_view& bytes);
  /// Waits until one of the events of poll(2) may have come. Fails at a limit.
  Status Await(short events, const HttpLimits& limits) const;

  using Buffer = std::array<char, std::size_t{16} * 1024>;
  struct Received {
    std::string_view bytes;
    bool has_ended = false;  ///< The server will send no more.
    bool is_broken = false;  ///< Whatever it has sent.
  };
  /// What has come in, put into `buffer`; does not wait.
  Received Receive(Buffer& buffer);

 private:
  void Configure(const std::string& url, const HttpLimits& limits);

  const CurlMulti multi_{curl_multi_init()};
  const CurlEasy easy_ = MakeCurlEasy();
  curl_socket_t socket_ = CURL_SOCKET_BAD;
  std::chrono::steady_clock::time_point opened_;
  std::chrono::steady_clock::time_point used_;
};

}  // namespace tocsin

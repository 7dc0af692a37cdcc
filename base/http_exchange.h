// One HTTP request and its answer through libcurl: what the clients of base/http_client.h are made
// of. Not for others.

#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>

#include <curl/curl.h>

#include "base/curl_handle.h"
#include "base/http_client.h"
#include "base/http_server_address.h"
#include "base/result.h"

namespace tocsin {

/// One request at a time, with its redirects. The object can be used again. One thread at a time.
class HttpExchange {
 public:
  /// With `only`, which outlives this, all jobs have these settings, and they never change: what
  /// follows from them is not told to libcurl again for each request.
  explicit HttpExchange(const HttpSettings* only = nullptr);

  /// Makes ready to send. `job` and what it refers to stay where they are until Take(). False if
  /// the request cannot be sent: Take() says why.
  bool Begin(const HttpJob& job);
  /// libcurl is done with easy(), this way. True if easy() has to be run again, for a redirect.
  bool Finish(CURLcode outcome);
  /// The end of it; to be called once for each Begin().
  HttpOutcome Take();

  CURL* easy() const { return easy_.get(); }
  /// That of Begin(), until Take().
  const HttpJob* job() const { return job_; }
  static HttpExchange& Of(CURL* easy);

 private:
  /// What comes in while a request runs.
  struct Incoming {
    const HttpExchange* exchange = nullptr;
    std::size_t most = 0;
    std::size_t head_bytes = 0;
    std::size_t body_bytes = 0;
    HttpAnswer answer = {};
    bool too_large = false;

    /// Whether the job's `take_body` gets the body, of which the status is known.
    bool IsForTaker() const { return answer.ok() && exchange->job_->take_body != nullptr; }
  };
  static void BeginBody(Incoming& incoming);
  static std::size_t TakeBody(char* data, std::size_t size, std::size_t count, void* to);
  static std::size_t TakeHeader(char* data, std::size_t size, std::size_t count, void* to);
  static CURLcode WatchTls(CURL* easy, void* context, void* to);

  bool FindOrigin();
  Status Prepare();
  bool GoOn(CURLcode outcome);
  int ResponseStatus() const;
  Result<CurlTexts> MakeHeaders() const;
  Status SetCredentials();
  void SetRequest();
  void SetMethod();
  void SetTakers();
  void SetConnection();
  void SetFreshness();
  std::optional<std::string> NextUrl() const;
  void TracePhases();
  void TraceConnection();
  Error Explain(CURLcode problem) const;

  template <class T>
  void Set(CURLoption option, T value) {
    curl_easy_setopt(easy_.get(), option, value);
  }

  const CurlEasy easy_;
  const HttpSettings* const only_;
  const HttpJob* job_ = nullptr;
  std::string method_;  // That easy_ is made ready for; empty if for none.
  std::string url_;     // Of the request that is made now: redirects change it.
  std::string origin_;  // Of the first, which was this:
  std::string origin_url_;
  std::chrono::steady_clock::time_point deadline_;
  std::chrono::steady_clock::time_point sent_;  // The request that is made now.
  std::optional<std::chrono::steady_clock::time_point> tls_began_;
  CurlTexts headers_;
  Incoming incoming_;
  HttpTrace trace_;
  std::optional<Error> error_;
  std::array<char, CURL_ERROR_SIZE> problem_text_{};
};

/// Connections that are kept for the next exchange with the same server. One thread at a time.
class HttpConnections {
 public:
  HttpConnections();

  using Ended = std::function<void(HttpExchange& exchange)>;
  /// Runs all of `exchanges`, which have begun, at the same time, as many as there may be
  /// connections, until each has come to its end or `stop` is requested. Calls `ended` with each,
  /// on this thread, to have it taken.
  void Run(std::span<HttpExchange* const> exchanges, const std::stop_token& stop,
           const Ended& ended);

 private:
  std::size_t FinishThoseDone(const Ended& ended);

  const CurlMulti multi_;
};

}  // namespace tocsin

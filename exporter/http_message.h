// Requests and responses as the routes see them: no sockets, no library.

#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace tocsin {

/// A body that several responses may share and nobody changes.
using SharedText = std::shared_ptr<const std::string>;

struct HttpRequest {
  std::string method;  ///< "GET"; HEAD requests arrive as GET, and the server leaves the body out.
  std::string path;    ///< Decoded, without the query.
  std::string parameter;  ///< What stands in the path for the `*` of the route's.
  std::vector<std::pair<std::string, std::string>> query;  ///< Decoded, in order, with repetitions.
  std::vector<std::pair<std::string, std::string>> headers;  ///< Names as sent.
  std::string body;
  Duration waited{0};  ///< For a thread, since the request was complete.
  /// Stops when the client has left before it was answered. Only for those with Waits.
  std::stop_token abandoned = {};

  /// The value of the first header called `name` (in any case), or "".
  std::string_view Header(std::string_view name) const;
  /// All values of a query parameter, in order.
  std::vector<std::string_view> Query(std::string_view name) const;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::vector<std::pair<std::string, std::string>> headers;
  SharedText body;  ///< Null is empty.
  /// What follows `body`, one after another: so a large answer can share what was made before.
  std::vector<SharedText> more_body;

  static HttpResponse Text(int status, std::string text);
};

/// Whether a handler answers from memory, may wait (files, locks, somewhat longer computations), or
/// may take minutes (queries). Each kind has threads of its own, so that none delays those before
/// it.
enum class Waits { kNever, kMaybe, kLong };

/// One address of the server.
struct Route {
  /// Exact, such as "/metrics"; or with one `*` for any text, "/api/v1/label/*/values".
  std::string path;
  std::vector<std::string> methods;  ///< "GET" includes HEAD. Others are answered 405 with Allow.
  Waits waits = Waits::kNever;
  std::function<HttpResponse(const HttpRequest&)> handle;
  std::size_t max_body_bytes = 0;  ///< More is answered 413; 0: as the server's settings say.
  /// Answers what the server refuses in place of `handle` (400, 405, 413, 500, 503), in the form
  /// that the route's clients expect. Called with the status and why, on any of the server's
  /// threads; must not throw. Null: plain text.
  std::function<HttpResponse(int status, std::string_view why)> refusal = nullptr;
  /// Asked before `handle`, on a thread that must not wait, if the route's handlers may: the answer
  /// if that takes some 100 microseconds at most, else nothing. Null: never.
  std::function<std::optional<HttpResponse>(const HttpRequest&)> at_once = nullptr;
};

}  // namespace tocsin

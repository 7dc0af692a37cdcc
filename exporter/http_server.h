// Sockets, limits and timeouts; knows no routes.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "exporter/http_message.h"

namespace tocsin {

/// Serves routes over HTTP/1.1 (libmicrohttpd; docs/decisions says why), on IPv4 and IPv6.
///
/// Idle and slow clients cost a file descriptor and no thread: reading a request is event-driven, and a
/// connection that makes no progress is closed after `idle_timeout`. At most `max_connections` are
/// held, and of those at most a part from one address, so that one client cannot shut out the others.
/// Safe for concurrent use.
class HttpServer {
 public:
  struct Settings {
    /// "127.0.0.1:10061", "[::1]:0", "[::]:10061" (also IPv4), ":10061" (all), "localhost:10061" (each
    /// address of the name). Port 0 picks a free one.
    std::vector<std::string> listen;
    Duration idle_timeout = std::chrono::seconds(15);
    unsigned max_connections = 512;
    std::size_t max_body_bytes = 1 << 20;
  };

  static Result<std::unique_ptr<HttpServer>> Start(Settings settings, std::vector<Route> routes,
                                                   const Log& log);
  /// Stops as Stop() does.
  virtual ~HttpServer() = default;

  /// The addresses really listened on, "127.0.0.1:10061", with picked ports filled in.
  virtual std::vector<std::string> addresses() const = 0;

  /// Accepts no more, lets requests in progress finish for at most `grace`, then closes everything.
  virtual void Stop(Duration grace) = 0;
};

}  // namespace tocsin

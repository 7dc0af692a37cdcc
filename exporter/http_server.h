// Sockets, limits and timeouts; knows no routes.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "exporter/http_message.h"
#include "exporter/listener.h"

namespace tocsin {

/// Serves routes over HTTP/1.1 (libmicrohttpd; docs/decisions/001-libmicrohttpd.md says why), on
/// IPv4 and IPv6.
///
/// Idle and slow clients cost a file descriptor and no thread. All times are limits on the whole of
/// something, not on a pause in it, so sending a byte now and then gains nothing. When
/// `max_connections` are held, a new one takes the place of the one that has waited longest for its
/// client (exporter/connections.h): nobody is refused because others are idle.
///
/// Requests that are no HTTP, or whose head is over 16 KiB, are answered 400, 414 or 431; a body
/// over `max_body_bytes` 413; a handler that throws 500; more waiting handlers than there is room
/// for 503.
///
/// A request whose handler runs on another thread is told to stop when its client has left, within
/// an eighth of `idle_timeout` or a second, whichever is less.
///
/// Threads: one that accepts and looks after connections, two that read and write and run the
/// handlers that never wait (or can answer at once), two for those that may (Waits::kMaybe),
/// `long_threads` for those that may take long. Safe for concurrent use.
class HttpServer {
 public:
  struct Settings {
    /// "127.0.0.1:10061", "[::1]:0", "[::]:10061" (also IPv4), ":10061" (all), "localhost:10061"
    /// (each address of the name). Port 0 picks a free one.
    std::vector<std::string> listen;
    /// Sockets that listen already; they come before those of `listen`.
    std::vector<Listener> sockets = {};
    /// For sending a request, and for beginning the first one. A connection that has been answered
    /// once may rest five times as long, and taking an answer may last four times as long.
    Duration idle_timeout = std::chrono::seconds(15);
    std::size_t max_connections = 512;
    std::size_t max_body_bytes = 1 << 20;
    std::size_t long_threads = 2;
    /// Called by Stop() when the grace is over, to make handlers that still run come to an end.
    std::function<void()> cancel = [] {};
  };

  /// Fails with kInvalidInput for an address that is none, else with kUnavailable. `log` outlives
  /// the server.
  static Result<std::unique_ptr<HttpServer>> Start(Settings settings, std::vector<Route> routes,
                                                   const Log& log);
  HttpServer() = default;
  /// Stops as Stop() does, with no grace.
  virtual ~HttpServer() = default;
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// The addresses really listened on, "127.0.0.1:10061", with picked ports filled in.
  virtual std::vector<std::string> addresses() const = 0;

  /// How many connections are held now.
  virtual std::size_t connection_count() const = 0;

  /// Accepts no more, lets requests in progress finish for at most `grace`, then cancels and closes
  /// everything. Handlers that are still running are waited for, those that wait for a thread are
  /// not begun. May be called once or more.
  virtual void Stop(Duration grace) = 0;
};

}  // namespace tocsin

// Who is spoken to by a URL: the parts of it before the path.

#pragma once

#include <optional>
#include <string>

namespace tocsin {

/// The server of a URL of http or https.
struct HttpServerAddress {
  std::string scheme = {};
  std::string host = {};  ///< In lower case, with brackets if it is an IPv6 address.
  std::string port = {};  ///< The scheme's own if the URL has none.
  bool has_user = false;
  bool is_default_port = false;

  /// "https://[::1]:9093", as messages name a server.
  std::string Origin() const;
  /// Whether what was meant for this server may be told to `other`, whose URL came from it: the
  /// same host and port, or from http to https on the same host.
  bool MayRedirectTo(const HttpServerAddress& other) const;
};

/// Nothing if `url` is no URL of http or https.
std::optional<HttpServerAddress> ParseHttpServerAddress(const std::string& url);

/// What a request asks the server of `url` for: "/path?query". Nothing as above.
std::optional<std::string> HttpTarget(const std::string& url);

/// Where an answer of `url` with that header Location leads; nothing unless that MayRedirectTo().
std::optional<std::string> RedirectTarget(const std::string& url, const std::string& location);

}  // namespace tocsin

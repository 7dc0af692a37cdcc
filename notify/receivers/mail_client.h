// Handing mails to a mail server: SMTP through libcurl.

#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/http_client.h"
#include "base/secret.h"
#include "notify/outcome.h"

namespace tocsin::notify {

struct MailServer {
  std::string host;
  std::string port;
  std::string hello = "localhost";  ///< How we call ourselves.
  std::string username = {};        ///< Empty: we do not say who we are.
  std::string identity = {};        ///< For whom, if not for `username`.
  SecretSource password = {};
  bool require_tls = true;    ///< Without STARTTLS nothing is sent.
  bool implicit_tls = false;  ///< TLS from the first byte, as on port 465.
  HttpTls tls = {};
  Duration timeout = std::chrono::seconds(30);  ///< For all of it.
};

struct Envelope {
  std::string from;  ///< Addresses without names and without line ends.
  std::vector<std::string> to;
};

/// Connects, sends one mail and says goodbye. `bytes` is as MailBytes() makes it.
///
/// A server's answer of 4xx is retried, one of 5xx is final; no connection, a certificate that is
/// not trusted and a server without STARTTLS are retried. If some recipients are refused the others
/// get it, it is delivered, and the message says who did not. `stop` ends it within a second.
/// Messages name no password.
Outcome SendMail(const MailServer& server, const Envelope& envelope, const std::string& bytes,
                 const std::stop_token& stop);

}  // namespace tocsin::notify

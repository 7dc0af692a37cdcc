// What a TLS server shows of itself during the handshake.

#pragma once

#include <optional>
#include <string>

#include "base/clock.h"

struct ssl_ctx_st;

namespace tocsin {

/// Known from the moment of the server's certificate on, whether it is then trusted or not.
struct TlsPeer {
  std::string version = {};  ///< "TLSv1.3".
  /// When the first of the certificates that the server sent ends.
  std::optional<TimePoint> expires = std::nullopt;
  /// When the first certificate of the chain ends that leads to a trusted one. Nothing if there is
  /// no such chain.
  std::optional<TimePoint> chain_expires = std::nullopt;
};

/// Makes `peer` tell of each handshake of connections that `context` is used for, which `peer` must
/// outlive. What is trusted stays the same.
void WatchTlsPeer(ssl_ctx_st* context, TlsPeer& peer);

}  // namespace tocsin

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "collectors/background_call.h"
#include "collectors/collector.h"

namespace tocsin::collectors {

/// Finds the addresses of one host within the time of an attempt, although getaddrinfo() knows no
/// deadline. A look-up that outlasts its attempt is waited for by the next one, so that there is
/// only ever one. One thread at a time.
class HostLookup {
 public:
  explicit HostLookup(std::string host) : host_(std::move(host)) {}

  /// The numeric addresses in the order to try them; never empty. A numeric host is its own
  /// address. An answer is not kept: every call looks up anew. Fails with kUnavailable or kTimeout.
  Result<std::vector<std::string>> Addresses(const Attempt& attempt);

 private:
  using Answer = Result<std::vector<std::string>>;

  const std::string host_;
  std::optional<BackgroundCall<Answer>> pending_;
};

}  // namespace tocsin::collectors

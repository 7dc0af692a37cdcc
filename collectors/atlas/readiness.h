// What the answer to /ready tells beside its status.

#pragma once

#include <map>
#include <string>

#include "base/http_client.h"

namespace tocsin::collectors::atlas {

struct Readiness {
  bool ready = false;
  /// Answered by whoever has put the service out of work on purpose.
  bool maintenance = false;
  /// `checks` of the body, which is read with any status.
  std::map<std::string, bool> dependencies = {};
};

/// Reads the contract's {"ready": true, "checks": {"database": true, ...}}, with status 200 or 503,
/// and its maintenance: 503 with a header Retry-After and a body that says so. A body that is no
/// JSON has no dependencies.
/// Source: Atlas' guide to production deployment.
Readiness ReadReadiness(const HttpAnswer& answer);

}  // namespace tocsin::collectors::atlas

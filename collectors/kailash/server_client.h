// Requests to a Kailash server.

#pragma once

#include <memory>

#include "base/http_client.h"
#include "base/result.h"
#include "collectors/collector.h"

namespace tocsin::collectors::kailash {

/// Sends requests to one server, one after the other. One thread at a time.
class ServerClient {
 public:
  virtual ~ServerClient() = default;

  /// As HttpClient::Send(), but fails with kTimeout at the deadline of `attempt`, too.
  virtual Result<HttpAnswer> Send(const OutgoingRequest& request, const Attempt& attempt) = 0;
};

/// A client that speaks through libcurl. `settings.timeout` is for each request.
std::unique_ptr<ServerClient> MakeServerClient(HttpSettings settings);

}  // namespace tocsin::collectors::kailash

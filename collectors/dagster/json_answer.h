// Asking an HTTP server for JSON.

#pragma once

#include <boost/json/object.hpp>

#include "base/http_client.h"
#include "base/result.h"
#include "collectors/collector.h"

namespace tocsin::collectors::dagster {

/// The JSON object that is the whole body of `answer`, whose status must be 2xx. A page of HTML is
/// none, whatever its status. Fails with kDenied for 401 and 403, kNotFound for 404, kUnavailable
/// for 5xx, else kCorrupt. Messages hold nothing of the body.
Result<boost::json::object> JsonObjectOf(const HttpAnswer& answer);

/// Sends one request, which may take what is left of the attempt. Fails as HttpClient::Send().
Result<HttpAnswer> Ask(ParallelHttpClient& client, const HttpSettings& settings,
                       const OutgoingRequest& request, const Attempt& attempt);

}  // namespace tocsin::collectors::dagster

// The headers of a request beside those that HTTP itself asks for.

#pragma once

#include <functional>
#include <string>

#include "base/http_client.h"
#include "base/result.h"

namespace tocsin {

/// Whether requests of this method have a body, if an empty one.
bool HasBody(const OutgoingRequest& request);

/// Calls `add` for each header of `request` and of `settings`, in the order in which they are sent.
/// Fails with kDenied if a secret cannot be read, and with kInvalidInput if a value holds a line
/// break.
Status AddHeaders(
    const HttpSettings& settings, const OutgoingRequest& request,
    const std::function<void(const std::string& name, const std::string& value)>& add);

}  // namespace tocsin

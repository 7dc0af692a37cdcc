// Which version of an answer a client has already: RFC 9110, section 13.1.2.

#pragma once

#include <string_view>

#include "exporter/http_message.h"

namespace tocsin {

/// Whether If-None-Match names `etag`, a strong one with its quotes, so that 304 is the answer to a
/// GET. Compares weakly: `W/"a"` names "a". `*` names whatever is there. From where a list is
/// malformed on, it names nothing.
bool HasAlready(const HttpRequest& request, std::string_view etag);

}  // namespace tocsin

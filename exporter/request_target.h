// The path and query of a request line: RFC 9112, section 3.2, and RFC 3986.

#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace tocsin {

struct RequestTarget {
  std::string path;                                        ///< Decoded.
  std::vector<std::pair<std::string, std::string>> query;  ///< Decoded, in order, with repetitions.
};

/// Decodes "/metrics?collect%5B%5D=a" or the absolute form "http://host/metrics". In the query, "+"
/// is a blank and a name without "=" has an empty value. Fails with kInvalidInput for a bad percent
/// escape and for an escaped NUL.
Result<RequestTarget> ParseRequestTarget(std::string_view target);

}  // namespace tocsin

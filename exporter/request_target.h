// The path and query of a request line: RFC 9112, section 3.2, and RFC 3986.

#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace tocsin {

using QueryParameters = std::vector<std::pair<std::string, std::string>>;

/// Decodes "a=b&c=d%20e", as it stands after the "?" of an address and in the body of a form. "+"
/// is a blank, and a name without "=" has an empty value. Fails with kInvalidInput for a bad
/// percent escape and for an escaped NUL.
Result<QueryParameters> ParseQueryParameters(std::string_view text);

struct RequestTarget {
  std::string path;       ///< Decoded.
  QueryParameters query;  ///< Decoded, in order, with repetitions.
};

/// Decodes "/metrics?collect%5B%5D=a" or the absolute form "http://host/metrics". Fails as
/// ParseQueryParameters() does.
Result<RequestTarget> ParseRequestTarget(std::string_view target);

}  // namespace tocsin
